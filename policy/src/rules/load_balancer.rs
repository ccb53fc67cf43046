//! The load balancer that a Service of type LoadBalancer asks for: which one is built, and how it listens.
//!
//! Source: kubernetes/cloud-provider-aws `pkg/providers/v1/{aws,aws_loadbalancer}.go`, AWS Load Balancer Controller
//! `pkg/service/{service_utils,model_build_listener,model_build_target_group}.go`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use foldhash::HashSet;

use super::finding::{hops_of_reach, identity_of_reach};
use super::remedy::Remedy;
use super::{Finding, RuleCode};
use crate::confidence::Confidence;
use crate::gateways::service::ServiceTrace;
use crate::identity::ObjectKey;
use crate::objects::service::{
    LOAD_BALANCER_ANNOTATION_PREFIX, LoadBalancerRequest, Service, ServicePort,
};
use crate::objects::{ANNOTATIONS, Facts, Object, escape_pointer};
use crate::wording::Wording;

/// A Service that fronts a gateway and asks for a load balancer.
#[derive(Clone, Debug)]
pub struct GatewayService<'a> {
    /// The Service as an object, or the Gateway for which istiod will make it.
    pub object: &'a Object,
    /// The Service's key.
    pub key: ObjectKey,
    /// Its facts.
    pub service: &'a Service,
    /// What it asks for.
    pub request: &'a LoadBalancerRequest,
    /// What is behind it.
    pub reach: ServiceTrace,
    /// How sure we are of the gateway.
    pub confidence: Confidence,
}

/// Which load balancer is built for a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// A Network Load Balancer.
    Network,
    /// A Classic Load Balancer.
    Classic,
    /// None that is known: another class, `external` without a target type, or a Classic Load Balancer that the cloud
    /// provider refuses to build.
    Other,
}

/// Classes whose Services become NLBs: of the AWS Load Balancer Controller and of EKS Auto Mode.
const NETWORK_CLASSES: [&str; 2] = ["service.k8s.aws/nlb", "eks.amazonaws.com/nlb"];

impl LoadBalancerRequest {
    /// Which load balancer is built. Objects are judged as they are written: what a mutating webhook would make of a
    /// Service without a class is not assumed.
    #[must_use]
    pub fn built(&self, ports: &[ServicePort]) -> Built {
        if let Some(class) = self.class.as_deref() {
            return if NETWORK_CLASSES.contains(&class) {
                Built::Network
            } else {
                Built::Other
            };
        }
        match self.annotation("type") {
            Some("nlb" | "nlb-ip") => Built::Network,
            Some("external") => match self.annotation("nlb-target-type") {
                Some("ip" | "instance") => Built::Network,
                _ => Built::Other,
            },
            _ if self.is_refused_as_classic(ports) => Built::Other,
            _ => Built::Classic,
        }
    }

    /// Whether a Classic Load Balancer gets an HTTP or HTTPS listener.
    ///
    /// With a certificate the backend protocols `http` and `https` both make an HTTPS listener; without one only `http`
    /// makes an HTTP listener, and everything else is TCP. Values are compared exactly.
    ///
    /// Source: kubernetes/cloud-provider-aws `pkg/providers/v1/aws.go` (`buildListener`).
    #[must_use]
    pub fn has_http_listener(&self, ports: &[ServicePort]) -> bool {
        let protocol = self.annotation("backend-protocol");
        let certificate = self.certificate(ports);
        ports.iter().any(|port| {
            if certificate.applies(port) {
                matches!(protocol, Some("http" | "https"))
            } else {
                port.is_tcp && protocol == Some("http")
            }
        })
    }

    /// Whether the cloud provider takes the backend protocol for an error: where a certificate applies it has to be one
    /// that it knows, in lower case. Nothing is built then, for no port.
    ///
    /// Source: kubernetes/cloud-provider-aws `pkg/providers/v1/aws.go` (`buildListener`).
    fn is_refused_as_classic(&self, ports: &[ServicePort]) -> bool {
        let protocol = self.annotation("backend-protocol").unwrap_or_default();
        if matches!(protocol, "" | "tcp" | "ssl" | "http" | "https") {
            return false;
        }
        let certificate = self.certificate(ports);
        ports.iter().any(|port| certificate.applies(port))
    }

    /// Whether it is the AWS Load Balancer Controller that builds it, and not the cloud provider.
    fn is_controllers(&self) -> bool {
        self.class.is_some() || matches!(self.annotation("type"), Some("nlb-ip" | "external"))
    }

    /// Whether targets are Pods (else nodes). The cloud provider knows nodes only.
    #[must_use]
    pub fn is_ip_mode(&self) -> bool {
        let is_ip_type = self.class.is_none() && self.annotation("type") == Some("nlb-ip");
        is_ip_type || (self.is_controllers() && self.annotation("nlb-target-type") == Some("ip"))
    }

    /// The ports of the Service to which the certificate applies. Port names and numbers are separated by commas; nothing
    /// means every port.
    ///
    /// The cloud provider also takes `*` for every port, and compares names with the port's in lower case. The
    /// controller fails at an entry (`*` among them) that is no port, so that nothing is built.
    #[must_use]
    pub fn certificate(&self, ports: &[ServicePort]) -> Certificate<'_> {
        let meant = self.annotation("ssl-ports").unwrap_or_default();
        if self.annotation("ssl-cert").is_none_or(str::is_empty) {
            Certificate::Nowhere
        } else if meant.is_empty() {
            Certificate::Everywhere
        } else if self.is_controllers() {
            let entries: HashSet<&str> = meant.split(',').map(str::trim).collect();
            let names = ports.iter().map(|port| Cow::Borrowed(&*port.name));
            let numbers = ports.iter().map(|port| Cow::Owned(port.port.to_string()));
            let known: HashSet<Cow<'_, str>> = names.chain(numbers).collect();
            if entries.iter().all(|entry| known.contains(*entry)) {
                Certificate::Entries(entries)
            } else {
                Certificate::Nowhere
            }
        } else if meant == "*" {
            Certificate::Everywhere
        } else {
            let entries = meant.split(',');
            let numbers = entries.clone().filter_map(|entry| entry.parse().ok());
            Certificate::Listeners {
                numbers: numbers.collect(),
                names: entries.collect(),
            }
        }
    }
}

/// To which ports of a Service a certificate applies. Made once for all of them: neither ports nor entries are few.
#[derive(Clone, Debug)]
pub enum Certificate<'a> {
    /// To none.
    Nowhere,
    /// To all that are TCP.
    Everywhere,
    /// To those that one of these entries names or numbers, as the controller reads them.
    Entries(HashSet<&'a str>),
    /// To those with one of these numbers or lower-case names, as the cloud provider reads them.
    Listeners {
        /// What is an entry and a number.
        numbers: HashSet<u16>,
        /// Every entry.
        names: HashSet<&'a str>,
    },
}

impl Certificate<'_> {
    /// Whether it applies to one of the ports.
    #[must_use]
    pub fn applies(&self, port: &ServicePort) -> bool {
        port.is_tcp
            && match self {
                Self::Nowhere => false,
                Self::Everywhere => true,
                Self::Entries(entries) => {
                    entries.contains(&*port.name) || entries.contains(&*port.port.to_string())
                }
                Self::Listeners { numbers, names } => {
                    numbers.contains(&port.port) || names.contains(&*port.name.to_lowercase())
                }
            }
    }
}

impl GatewayService<'_> {
    /// The pointer of an annotation by the rest of its key.
    fn annotation_field(&self, name: &str) -> String {
        let key = format!("{LOAD_BALANCER_ANNOTATION_PREFIX}{name}");
        let annotations = match &self.object.facts {
            Facts::Gateway(gateway) => gateway.copied_annotations(),
            _ => ANNOTATIONS,
        };
        format!("{annotations}/{}", escape_pointer(&key))
    }

    /// A finding about the Service itself, by the rest of an annotation's key. Its path is the same before istiod makes
    /// the Service as afterwards.
    pub(super) fn finding(
        &self,
        rule: RuleCode,
        annotation: &str,
        message: impl Into<Wording>,
        remedy: Remedy,
    ) -> Finding {
        let object = &self.object.key;
        let mut participants: BTreeSet<ObjectKey> = self.reach.participants();
        participants.extend([object.clone(), self.key.clone()]);
        Finding {
            rule,
            confidence: self.confidence,
            object: object.clone(),
            is_of_unknown_role: false,
            api_version: self.object.api_version,
            field: self.annotation_field(annotation),
            path: hops_of_reach(&self.reach),
            message: message.into(),
            remedy,
            identity: identity_of_reach(rule, &self.key, &self.reach),
            participants,
        }
    }
}
