//! Whose a Gateway of the Gateway API is: an ALB's, Istio's, or nobody's that we know.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use serde_json::Value;

use super::World;
use super::files::is_unrendered;
use super::ingress_class::Making;
use super::manifest::text;

/// The class of a name, unless its controller is not rendered yet.
fn class_object<'a>(world: World<'a>, class: &str) -> Option<&'a Value> {
    let object = world.get(Kind::GatewayClass, "", class)?;
    let is_known = !text(object, "/spec/controllerName").is_some_and(is_unrendered);
    is_known.then_some(object)
}

/// What a Gateway of the Gateway API makes on the AWS side, by its class.
pub(super) fn aws_side(world: World<'_>, gateway: &Value) -> Making {
    let aws = &world.configuration.aws;
    let class = text(gateway, "/spec/gatewayClassName").unwrap_or_default();
    if let Some(object) = class_object(world, class) {
        let controller = text(object, "/spec/controllerName").unwrap_or_default();
        let is_albs = aws.gateway_controllers.iter().any(|c| **c == *controller);
        return if is_albs {
            Making::Alb(Confidence::Confirmed)
        } else {
            Making::Nothing
        };
    }
    if aws
        .well_known_gateway_class_names
        .iter()
        .any(|n| **n == *class)
    {
        return Making::Alb(Confidence::Likely);
    }
    Making::Unknown
}

/// What a Gateway of the Gateway API makes on Istio's side: whether its class is one of Istio's ingress classes, and
/// whether that class makes east-west gateways.
pub(super) fn istio_side(world: World<'_>, gateway: &Value) -> Option<(Confidence, bool)> {
    let class = text(gateway, "/spec/gatewayClassName")?;
    if let Some(object) = class_object(world, class) {
        let controller = text(object, "/spec/controllerName")?;
        let istio = &world.configuration.istio;
        let is_istios = istio.gateway_controllers.iter().any(|c| **c == *controller);
        let is_east_west = controller == "istio.io/eastwest-controller";
        return is_istios.then_some((Confidence::Confirmed, is_east_west));
    }
    let is_built_in = ["istio", "istio-remote"].contains(&class);
    is_built_in.then_some((Confidence::Likely, false))
}
