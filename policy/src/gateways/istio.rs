//! What counts as an Istio gateway: names on the Istio side, which a mesh may have changed.

use super::kind::GatewayKind;
use crate::configuration::NamePattern;
use crate::identity::ServiceKey;

/// Names on the Istio side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istio {
    /// The kinds of gateways that must not stand behind an ALB.
    pub gateway_kinds: Vec<GatewayKind>,
    /// Values of `GatewayClass.spec.controllerName` whose Gateways become Istio gateways.
    pub gateway_controllers: Vec<Box<str>>,
    /// Names of Services that stand for an ingress gateway while nothing else tells.
    pub well_known_service_names: Vec<Box<str>>,
    /// Services that front an ingress gateway whatever their workloads show.
    pub gateway_services: Vec<ServicePattern>,
    /// What a proxy is taken for whose role cannot be told.
    pub unknown_router: UnknownRouter,
    /// The cluster's DNS domain.
    pub cluster_domain: Box<str>,
}

/// What a proxy is taken for whose role cannot be told from objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownRouter {
    /// A likely gateway.
    Deny,
    /// A likely gateway, of which a finding warns at most.
    Warn,
    /// Nothing: it is said that it cannot be told.
    #[default]
    Unresolved,
}

/// Services by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePattern {
    /// The namespace.
    pub namespace: NamePattern,
    /// The name.
    pub name: NamePattern,
}

impl ServicePattern {
    /// Whether it is a Service of this pattern.
    #[must_use]
    pub fn matches(&self, service: &ServiceKey) -> bool {
        self.namespace.matches(&service.0) && self.name.matches(&service.1)
    }
}

impl Default for Istio {
    /// Sources: Istio `pkg/config/constants/constants.go`, `pilot/pkg/config/kube/gatewaycommon/classinfo.go`;
    /// OpenShift cluster-ingress-operator `pkg/operator/controller/names.go`.
    fn default() -> Self {
        Self {
            gateway_kinds: vec![GatewayKind::Ingress],
            gateway_controllers: [
                "istio.io/gateway-controller",
                "istio.io/agentgateway-controller",
                "istio.io/eastwest-controller",
                "openshift.io/gateway-controller/v1",
            ]
            .map(Box::from)
            .to_vec(),
            well_known_service_names: vec!["istio-ingressgateway".into(), "istio-ingress".into()],
            gateway_services: Vec::new(),
            unknown_router: UnknownRouter::default(),
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

    /// Whether a Service is stated to front an ingress gateway, and these are asked for.
    #[must_use]
    pub fn is_gateway_service(&self, service: &ServiceKey) -> bool {
        self.asks_for(GatewayKind::Ingress)
            && self
                .gateway_services
                .iter()
                .any(|pattern| pattern.matches(service))
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
