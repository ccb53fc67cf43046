//! Whose a Gateway of the Gateway API is on Istio's side: the class decides by its controller, and the class that istiod
//! makes by itself counts without the object.

use std::sync::Arc;

use super::evidence::Evidence;
use super::istio::Istio;
use super::kind::{self, GatewayKind};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::Facts;
use crate::objects::gateway_api::Gateway;
use crate::wording::Wording;

/// The GatewayClass that istiod makes by itself without further switches, and the controller that it names.
///
/// `istio-remote`, which istiod makes as well, is of the unmanaged controller: nothing is deployed for its Gateways.
///
/// Source: Istio `pilot/pkg/config/kube/gatewaycommon/classinfo.go`.
const BUILT_IN_CLASS: (&str, &str) = ("istio", "istio.io/gateway-controller");

/// A Gateway whose class is one of Istio's that make gateways.
pub(crate) struct IstioGatewayClass<'a> {
    /// The Gateway's facts.
    pub(crate) gateway: &'a Gateway,
    /// The class's controller.
    pub(crate) controller: &'a str,
    /// What shows it.
    pub(crate) evidence: Evidence,
}

impl Istio {
    /// Whether a GatewayClass of this name counts while the object is missing.
    pub(crate) fn has_built_in_class(&self, class: &str) -> bool {
        class == BUILT_IN_CLASS.0 && self.makes_gateways(BUILT_IN_CLASS.1)
    }
}

/// What shows that a Gateway is Istio's and makes gateways, if anything does: a text about the Gateway.
pub(crate) fn class_of_gateway<'a>(
    world: &World<'a>,
    istio: &Istio,
    key: &ObjectKey,
) -> Option<IstioGatewayClass<'a>> {
    let Some(Facts::Gateway(gateway)) = world.facts(key) else {
        return None;
    };
    let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
    let (controller, evidence) = match world.facts(&class) {
        Some(Facts::GatewayClass(facts)) if !world.is_unrendered(&facts.controller) => {
            if !istio.makes_gateways(&facts.controller) {
                return None;
            }
            let evidence = Evidence {
                confidence: Confidence::Confirmed,
                text: Wording::of(key)
                    .then(" of ")
                    .name(&class)
                    .then(" (controller ")
                    .said_by(&class, &facts.controller)
                    .then(")"),
                kind: kind::of_controller(&facts.controller),
                rests_on: vec![key.clone(), class],
                is_of_unknown_role: false,
            };
            (&*facts.controller, evidence)
        }
        _ if istio.has_built_in_class(&class.name) => {
            let evidence = Evidence {
                confidence: Confidence::Likely,
                text: Wording::of(key)
                    .then(" of Istio's built-in GatewayClass ")
                    .said(&class.name),
                kind: GatewayKind::Ingress,
                rests_on: vec![key.clone()],
                is_of_unknown_role: false,
            };
            (BUILT_IN_CLASS.1, evidence)
        }
        _ => return None,
    };
    Some(IstioGatewayClass {
        gateway,
        controller,
        evidence,
    })
}
