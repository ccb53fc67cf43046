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

    /// Reads what [`parse`](Self::parse) reads, and the host name of a Pod behind a Service: `HOST.NAME.NAMESPACE.svc` with
    /// or without a domain. HOST is the Pod's `hostname`, or its address with dashes.
    ///
    /// Source: Kubernetes "DNS for Services and Pods"; `CoreDNS` `plugin/kubernetes` answers for endpoints of any Service.
    #[must_use]
    pub fn parse_alias(host: &str) -> Option<Self> {
        let of_pod = host.split_once('.').filter(|(pod, service)| {
            !pod.is_empty() && is_spelled_out(service) && !is_spelled_out(host)
        });
        Self::parse(of_pod.map_or(host, |(_, service)| service))
    }

    /// Whether it is of the cluster with this domain.
    #[must_use]
    pub fn is_in_cluster(&self, cluster_domain: &str) -> bool {
        self.domain
            .as_deref()
            .is_none_or(|domain| domain.eq_ignore_ascii_case(cluster_domain))
    }
}

/// Whether the third label of a host name is `svc`.
fn is_spelled_out(host: &str) -> bool {
    let third = host.split('.').nth(2);
    third.is_some_and(|label| label.eq_ignore_ascii_case("svc"))
}

/// Whether a host name is that of a Pod by its address: `ADDRESS.NAMESPACE.pod`, with or without this cluster's domain.
#[must_use]
pub fn is_pod_address(host: &str, cluster_domain: &str) -> bool {
    let mut labels = host.trim_end_matches('.').splitn(4, '.');
    let [address, namespace, pod] =
        [labels.next(), labels.next(), labels.next()].map(Option::unwrap_or_default);
    !address.is_empty()
        && !namespace.is_empty()
        && pod.eq_ignore_ascii_case("pod")
        && labels
            .next()
            .is_none_or(|domain| domain.eq_ignore_ascii_case(cluster_domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_of_pods_lead_to_their_service() {
        let alias = |host: &str| {
            let (namespace, name) = ServiceHost::parse_alias(host)?.service;
            Some(format!("{namespace}/{name}"))
        };
        for host in [
            "gw.ns",
            "gw.ns.svc",
            "web-0.gw.ns.svc",
            "10-0-0-1.gw.ns.svc.cluster.local",
            "WEB-0.GW.NS.SVC.cluster.local.",
        ] {
            assert_eq!(alias(host).as_deref(), Some("ns/gw"), "{host}");
        }
        for host in ["web-0.gw.ns", ".gw.ns.svc", "a.web-0.gw.ns.svc", "x.pod"] {
            assert_ne!(alias(host).as_deref(), Some("ns/gw"), "{host}");
        }
        assert_eq!(ServiceHost::parse("web-0.gw.ns.svc"), None);
    }

    #[test]
    fn addresses_of_pods_are_known_by_their_third_label() {
        for (host, wanted) in [
            ("10-0-0-1.ns.pod.cluster.local", true),
            ("10-0-0-1.ns.POD.", true),
            ("10-0-0-1.ns.pod.example.org", false),
            ("10-0-0-1.ns.svc.cluster.local", false),
            ("ns.pod", false),
            ("..pod", false),
        ] {
            assert_eq!(is_pod_address(host, "cluster.local"), wanted, "{host}");
        }
    }

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
