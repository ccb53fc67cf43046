//! What counts as an Istio gateway: names on the Istio side, which a mesh may have changed.

use super::kind::GatewayKind;

/// Names on the Istio side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istio {
    /// The kinds of gateways that must not stand behind an ALB.
    pub gateway_kinds: Vec<GatewayKind>,
    /// Values of `GatewayClass.spec.controllerName` whose Gateways become Istio gateways.
    pub gateway_controllers: Vec<Box<str>>,
    /// Names of Services that stand for an ingress gateway while nothing else tells.
    pub well_known_service_names: Vec<Box<str>>,
    /// The cluster's DNS domain.
    pub cluster_domain: Box<str>,
}

impl Default for Istio {
    /// Sources: Istio `pkg/config/constants/constants.go`, `pilot/pkg/config/kube/gatewaycommon/classinfo.go`;
    /// OpenShift cluster-ingress-operator `pkg/operator/controller/names.go`.
    fn default() -> Self {
        Self {
            gateway_kinds: vec![GatewayKind::Ingress],
            gateway_controllers: [
                "istio.io/gateway-controller",
                "istio.io/unmanaged-gateway",
                "istio.io/agentgateway-controller",
                "istio.io/eastwest-controller",
                "openshift.io/gateway-controller/v1",
            ]
            .map(Box::from)
            .to_vec(),
            well_known_service_names: vec!["istio-ingressgateway".into(), "istio-ingress".into()],
            cluster_domain: "cluster.local".into(),
        }
    }
}

impl Istio {
    /// Whether Gateways of this controller become Istio gateways.
    #[must_use]
    pub fn makes_gateways(&self, controller: &str) -> bool {
        contains(&self.gateway_controllers, controller)
    }

    /// Whether gateways of this kind must not stand behind an ALB.
    #[must_use]
    pub fn asks_for(&self, kind: GatewayKind) -> bool {
        self.gateway_kinds.contains(&kind)
    }
}

fn contains(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|known| **known == *name)
}
