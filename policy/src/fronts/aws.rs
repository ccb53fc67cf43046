//! Whose classes make ALBs: names on the AWS side, which a cluster may have changed.

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

/// The controller of GatewayClasses whose Gateways become Network Load Balancers.
///
/// Source: AWS Load Balancer Controller `pkg/gateway/constants/controller_constants.go`.
pub const NETWORK_GATEWAY_CONTROLLER: &str = "gateway.k8s.aws/nlb";

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

fn contains(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|known| **known == *name)
}
