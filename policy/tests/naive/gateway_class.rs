//! Whose a Gateway of the Gateway API is: an ALB's, Istio's, or nobody's that we know.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use serde_json::Value;

use super::World;
use super::files::is_unrendered;
use super::ingress_class::Provisioning;
use super::manifest::text;

/// The class of a name, unless its controller is not rendered yet.
fn class_object<'a>(world: World<'a>, class: &str) -> Option<&'a Value> {
    let object = world.get(Kind::GatewayClass, "", class)?;
    let is_known = !text(object, "/spec/controllerName").is_some_and(is_unrendered);
    is_known.then_some(object)
}

/// What a Gateway of the Gateway API makes on the AWS side, by its class.
pub(super) fn aws_side(world: World<'_>, gateway: &Value) -> Provisioning {
    let aws = &world.configuration.aws;
    let class = text(gateway, "/spec/gatewayClassName").unwrap_or_default();
    if let Some(object) = class_object(world, class) {
        let controller = text(object, "/spec/controllerName").unwrap_or_default();
        let is_albs = aws.gateway_controllers.iter().any(|c| **c == *controller);
        return if is_albs {
            Provisioning::Alb(Confidence::Confirmed)
        } else {
            Provisioning::Nothing
        };
    }
    if aws
        .well_known_gateway_class_names
        .iter()
        .any(|n| **n == *class)
    {
        return Provisioning::Alb(Confidence::Likely);
    }
    Provisioning::Unknown
}

/// What a Gateway of the Gateway API makes on Istio's side: whether its class is one of Istio's ingress classes, and
/// whether that class makes east-west gateways.
pub(super) fn istio_side(world: World<'_>, gateway: &Value) -> Option<(Confidence, bool)> {
    let controller = controller(world, gateway)?;
    let known = world.configuration.istio.gateway_controllers.iter();
    let is_istios = known.clone().any(|c| **c == *controller);
    let class = text(gateway, "/spec/gatewayClassName")?;
    let confidence = if class_object(world, class).is_some() {
        Confidence::Confirmed
    } else {
        Confidence::Likely
    };
    let is_east_west = controller == "istio.io/eastwest-controller";
    is_istios.then_some((confidence, is_east_west))
}

/// The controller of a Gateway's class. While the object is missing, that of the class which istiod makes.
pub(super) fn controller<'a>(world: World<'a>, gateway: &Value) -> Option<&'a str> {
    let class = text(gateway, "/spec/gatewayClassName")?;
    if let Some(object) = class_object(world, class) {
        return text(object, "/spec/controllerName");
    }
    (class == "istio").then_some("istio.io/gateway-controller")
}
