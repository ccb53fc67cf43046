//! Ingress, egress or east-west: what kind of gateway a router is.
//!
//! No machine enforces the difference; labels tell it. A router that bears none of them is an ingress gateway.

use crate::labels::Labels;
pub(crate) use crate::objects::service::STATUS_PORT;
use crate::objects::service::Service;

/// The kind of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GatewayKind {
    /// Traffic from outside into the mesh; also a router of unknown kind.
    Ingress,
    /// Traffic from the mesh to outside.
    Egress,
    /// Traffic between clusters of a mesh.
    EastWest,
}

impl GatewayKind {
    /// As written in the configuration and in evidence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
            Self::EastWest => "eastWest",
        }
    }

    /// This kind, or the other one where this says no more than what is said of everything.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::Ingress { other } else { self }
    }
}

/// The kind that the labels of a Pod, a Service or a selector tell.
///
/// Source: Istio `manifests/charts/gateways/istio-egress`, `samples/multicluster/gen-eastwest-gateway.sh` (which bears
/// the component label of ingress gateways, so that label tells nothing), `pilot/pkg/config/kube/gatewaycommon`
/// (`istio.io-eastwest-controller`).
#[must_use]
pub fn of_labels(labels: &Labels) -> GatewayKind {
    let istio = labels.get("istio").unwrap_or_default();
    if istio == "eastwestgateway"
        || labels.get("gateway.istio.io/managed") == Some("istio.io-eastwest-controller")
    {
        GatewayKind::EastWest
    } else if istio.starts_with("egress")
        || labels.get("operator.istio.io/component") == Some("EgressGateways")
    {
        GatewayKind::Egress
    } else {
        GatewayKind::Ingress
    }
}

/// The kind that the controller of a GatewayClass makes.
///
/// Source: Istio `pkg/config/constants/constants.go` (`ManagedGatewayEastWestController`).
pub(super) fn of_controller(controller: &str) -> GatewayKind {
    if controller == "istio.io/eastwest-controller" {
        GatewayKind::EastWest
    } else {
        GatewayKind::Ingress
    }
}

/// Ports of an east-west gateway beside the status port: SNI passthrough, istiod, istiod's webhooks.
const EAST_WEST_PORTS: &[u16] = &[15443, 15012, 15017];

/// Whether a Service is an east-west gateway's by its ports: it bears the network label, and exposes nothing but ports
/// through which no HTTP load balancer could ever speak.
///
/// Source: Istio `manifests/charts/gateway` (`networkGateway`).
#[must_use]
pub fn is_east_west_by_ports(service: &Service) -> bool {
    service.hints.get("topology.istio.io/network").is_some()
        && service
            .ports
            .iter()
            .any(|port| EAST_WEST_PORTS.contains(&port.port))
        && service
            .ports
            .iter()
            .all(|port| port.port == STATUS_PORT || EAST_WEST_PORTS.contains(&port.port))
}
