//! The policy's configuration: who counts as an ALB controller, what counts as a gateway, and what a finding does.

mod exemption;
mod modes;

pub use exemption::{Exemption, Matcher, NamePattern, PatternError};
pub use modes::{Modes, NamespaceModes};
pub use time::Date;

use crate::gateways::kind::GatewayKind;

/// Everything that a verdict takes from configuration. The defaults fit a cluster where nothing was renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The AWS side.
    pub aws: Aws,
    /// The Istio side.
    pub istio: Istio,
    /// What findings do, by rule and namespace.
    pub modes: Modes,
    /// What a finding does that is only likely, where its rule denies.
    pub likely: Likely,
    /// Whether an update is refused only for the paths that it adds.
    pub ratchet: Ratchet,
    /// Findings that are tolerated for a time.
    pub exemptions: Vec<Exemption>,
}

/// Whether an update is refused only for the paths that it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratchet {
    /// It is: what was there before becomes a warning.
    #[default]
    On,
    /// It is, up to and including this day (UTC).
    Until(Date),
    /// It is refused for every path that it keeps.
    Off,
}

impl Ratchet {
    /// Whether paths that were there before are tolerated on this day.
    #[must_use]
    pub fn holds(self, today: Date) -> bool {
        match self {
            Self::On => true,
            Self::Until(last) => today <= last,
            Self::Off => false,
        }
    }
}

/// What a likely finding of a denying rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Likely {
    /// It denies like a confirmed one: most manifests in the wild hold nothing but the Ingress.
    #[default]
    Deny,
    /// It warns.
    Warn,
}

/// Names on the AWS side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aws {
    /// Values of the class annotation that the controller matches: its `--ingress-class`.
    pub ingress_class_annotations: Vec<Box<str>>,
    /// Values of `IngressClass.spec.controller` whose Ingresses become ALBs.
    pub ingress_controllers: Vec<Box<str>>,
    /// Whether Ingresses without any class are the controller's: it runs with an empty `--ingress-class`.
    pub manages_classless_ingresses: bool,
    /// Names of IngressClasses that stand for an ALB while the IngressClass is missing.
    pub well_known_class_names: Vec<Box<str>>,
    /// Values of `GatewayClass.spec.controllerName` whose Gateways become ALBs.
    pub gateway_controllers: Vec<Box<str>>,
    /// Names of GatewayClasses that stand for an ALB while the GatewayClass is missing.
    pub well_known_gateway_class_names: Vec<Box<str>>,
}

impl Default for Aws {
    /// Sources: AWS Load Balancer Controller `pkg/config/ingress_config.go`, `pkg/ingress/class_loader.go`,
    /// `pkg/gateway/constants/controller_constants.go`; EKS user guide, "automode/auto-configure-alb".
    fn default() -> Self {
        Self {
            ingress_class_annotations: vec!["alb".into()],
            ingress_controllers: vec!["ingress.k8s.aws/alb".into(), AUTO_MODE_CONTROLLER.into()],
            manages_classless_ingresses: false,
            well_known_class_names: vec!["alb".into()],
            gateway_controllers: vec!["gateway.k8s.aws/alb".into()],
            well_known_gateway_class_names: Vec::new(),
        }
    }
}

/// The controller of EKS Auto Mode's IngressClasses. It reads neither the class annotation nor the group annotation.
pub const AUTO_MODE_CONTROLLER: &str = "eks.amazonaws.com/alb";

impl Aws {
    /// Whether IngressClasses of this controller make ALBs.
    #[must_use]
    pub fn is_ingress_controller(&self, controller: &str) -> bool {
        contains(&self.ingress_controllers, controller)
    }

    /// Whether GatewayClasses of this controller make ALBs.
    #[must_use]
    pub fn is_gateway_controller(&self, controller: &str) -> bool {
        contains(&self.gateway_controllers, controller)
    }
}

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
