//! Service: what it selects, and what it asks of a cloud load balancer.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::Metadata;
use super::reading::{DecodeError, List, elements};
use crate::labels::Labels;

/// What every annotation begins with by which a Service asks AWS for a load balancer.
pub const LOAD_BALANCER_ANNOTATION_PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// The one of them that says which load balancer.
const LOAD_BALANCER_TYPE_ANNOTATION: &str = "service.beta.kubernetes.io/aws-load-balancer-type";

/// The status port of Istio's proxy, which every gateway may expose.
pub(crate) const STATUS_PORT: u16 = 15021;

/// Labels and annotations of a Service that hint at an Istio gateway while no workload is in sight.
const HINTS: &[&str] = &[
    "istio",
    "operator.istio.io/component",
    "gateway.istio.io/managed",
    "app.kubernetes.io/name",
    "topology.istio.io/network",
    "maistra.io/gateway",
    "gateway-name",
    "gateway-type",
    "gateway.networking.k8s.io/gateway-name",
    "experimental.istio.io/disable-gateway-port-translation",
];

/// What the rules read of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// `spec.externalName`, where `spec.type` is `ExternalName`.
    pub external_name: Option<Box<str>>,
    /// `spec.selector`; empty: none, its endpoints are made by hand.
    pub selector: Labels,
    /// Those of its own labels that hint at an Istio gateway.
    pub hints: Labels,
    /// `spec.ports`.
    pub ports: Box<[ServicePort]>,
    /// What it asks of a cloud load balancer; `None`: nothing.
    pub load_balancer: Option<Box<LoadBalancerRequest>>,
}

/// One port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePort {
    /// `name`, empty if there is none.
    pub name: Box<str>,
    /// `port`.
    pub port: u16,
    /// `targetPort`; the port itself where there is none.
    pub target: TargetPort,
    /// `nodePort`, where it is known.
    pub node_port: Option<u16>,
    /// Whether `protocol` is TCP (the default).
    pub is_tcp: bool,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// By number.
    Number(u16),
    /// By the container port's name.
    Name(Box<str>),
}

impl Default for TargetPort {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// What a Service asks of a cloud load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancerRequest {
    /// `spec.loadBalancerClass`.
    pub class: Option<Box<str>>,
    /// Annotations below [`LOAD_BALANCER_ANNOTATION_PREFIX`], by the rest of their keys.
    pub annotations: Labels,
    /// Whether `spec.externalTrafficPolicy` is `Local`.
    pub is_local: bool,
    /// `spec.healthCheckNodePort`, where it is known: with policy `Local` each node answers there for its own Pods.
    pub health_check_node_port: Option<u16>,
}

impl LoadBalancerRequest {
    /// The annotation with this name after the common prefix.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpecView {
    r#type: Option<String>,
    external_name: Option<Box<str>>,
    selector: Option<Labels>,
    load_balancer_class: Option<Box<str>>,
    external_traffic_policy: Option<String>,
    health_check_node_port: Option<u16>,
    ports: List<PortView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PortView {
    name: Option<Box<str>>,
    port: Option<u16>,
    target_port: Option<NumberOrName>,
    node_port: Option<u16>,
    protocol: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a port number or a port name")]
enum NumberOrName {
    Number(u16),
    Name(Box<str>),
}

impl PortView {
    fn to_port(&self) -> ServicePort {
        let port = self.port.unwrap_or_default();
        ServicePort {
            name: self.name.clone().unwrap_or_default(),
            port,
            target: match &self.target_port {
                None | Some(NumberOrName::Number(0)) => TargetPort::Number(port),
                Some(NumberOrName::Number(number)) => TargetPort::Number(*number),
                Some(NumberOrName::Name(name)) => TargetPort::Name(name.clone()),
            },
            node_port: self.node_port.filter(|number| *number != 0),
            is_tcp: self.protocol.as_deref().is_none_or(|p| p == "TCP"),
        }
    }
}

/// Reads a Service.
pub(crate) fn read(metadata: &Metadata, spec: SpecView) -> Result<Service, DecodeError> {
    let mut hints = Vec::new();
    for key in HINTS {
        if let Some(value) = metadata.label(key)? {
            hints.push((Arc::from(*key), Arc::from(value)));
        }
    }
    let hints: Labels = Labels::new::<Arc<str>, Arc<str>>(hints);
    let kind = spec.r#type.as_deref();
    // The AWS Load Balancer Controller takes Services of these annotations whatever their type is.
    let is_annotated = matches!(
        metadata.annotation(LOAD_BALANCER_TYPE_ANNOTATION)?,
        Some("nlb-ip" | "external")
    );
    let asks = match kind {
        Some("LoadBalancer") => true,
        Some("ExternalName") => false,
        _ => is_annotated || spec.load_balancer_class.is_some(),
    };
    let load_balancer = if asks {
        Some(Box::new(LoadBalancerRequest {
            class: spec.load_balancer_class,
            annotations: load_balancer_annotations(
                &metadata.annotations_with_prefixes(&[LOAD_BALANCER_ANNOTATION_PREFIX])?,
            ),
            is_local: spec.external_traffic_policy.as_deref() == Some("Local"),
            health_check_node_port: spec.health_check_node_port.filter(|port| *port != 0),
        }))
    } else {
        None
    };
    let ports = elements(&spec.ports).map(|(_, port)| port.to_port());
    let is_external = kind == Some("ExternalName");
    Ok(Service {
        external_name: spec.external_name.filter(|_| is_external),
        selector: spec.selector.unwrap_or_default(),
        hints,
        ports: ports.collect(),
        load_balancer,
    })
}

/// Annotations below the prefix, by the rest of their keys.
pub(super) fn load_balancer_annotations(found: &[(&str, &str)]) -> Labels {
    Labels::new(
        found
            .iter()
            .map(|(key, value)| (&key[LOAD_BALANCER_ANNOTATION_PREFIX.len()..], *value)),
    )
}
