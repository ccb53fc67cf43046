//! Host names that name a Service of a cluster.

use std::sync::Arc;

use crate::identity::ServiceKey;

/// A host name that names a Service of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHost {
    /// The Service.
    pub service: ServiceKey,
    /// The cluster's domain, where the name has one.
    pub domain: Option<Box<str>>,
}

impl ServiceHost {
    /// Reads `NAME.NAMESPACE`, `NAME.NAMESPACE.svc` and `NAME.NAMESPACE.svc.DOMAIN`, in any case, with or without a
    /// trailing dot.
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut parts = host.splitn(4, '.');
        let name = parts.next().filter(|part| !part.is_empty())?;
        let namespace = parts.next().filter(|part| !part.is_empty())?;
        if parts.next().is_some_and(|part| part != "svc") {
            return None;
        }
        Some(Self {
            service: (Arc::from(namespace), Arc::from(name)),
            domain: parts.next().map(Box::from),
        })
    }

    /// Whether it is of the cluster with this domain.
    #[must_use]
    pub fn is_in_cluster(&self, cluster_domain: &str) -> bool {
        self.domain
            .as_deref()
            .is_none_or(|domain| domain.eq_ignore_ascii_case(cluster_domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(host: &str) -> Option<(String, String, Option<String>)> {
        ServiceHost::parse(host).map(|host| {
            let (namespace, name) = host.service;
            (
                namespace.to_string(),
                name.to_string(),
                host.domain.map(String::from),
            )
        })
    }

    #[test]
    fn host_names_of_services_are_read_in_every_spelling() {
        let service = |domain: Option<&str>| {
            Some(("ns".to_owned(), "gw".to_owned(), domain.map(str::to_owned)))
        };
        assert_eq!(parsed("gw.ns"), service(None));
        assert_eq!(parsed("GW.ns.SVC."), service(None));
        assert_eq!(
            parsed("gw.ns.svc.cluster.local"),
            service(Some("cluster.local"))
        );
        assert_eq!(
            parsed("gw.ns.svc.corp.example."),
            service(Some("corp.example"))
        );
    }

    #[test]
    fn other_host_names_name_no_service() {
        for host in ["", ".", "gw", "gw.", "www.example.com", "gw..svc"] {
            assert_eq!(parsed(host), None, "{host}");
        }
    }
}
