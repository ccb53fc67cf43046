//! Is a workload an Istio gateway? A workload is one if its proxy runs as a router; here is what shows it.

use std::sync::Arc;

use super::istio::Istio;
use super::kind::{self, GatewayKind};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::Facts;
use crate::objects::workload::{
    COMPONENT_LABEL, GATEWAY_NAME_LABELS, MANAGED_LABEL, TEMPLATES_ANNOTATION, Workload,
};
use crate::proxy::injection_templates::InjectionTemplate;
use crate::wording::Wording;

/// Values of [`MANAGED_LABEL`] on waypoints.
///
/// Source: Istio `pkg/config/constants/constants.go`.
pub(crate) const WAYPOINT_CONTROLLERS: [&str; 2] = [
    "istio.io-mesh-controller",
    "istio.io-agentgateway-waypoint-controller",
];
/// GatewayClasses that istiod makes by itself without further switches, so that they count without the object.
///
/// Source: Istio `pilot/pkg/config/kube/gatewaycommon/classinfo.go`.
pub(crate) const BUILT_IN_CLASSES: [&str; 2] = ["istio", "istio-remote"];

/// What shows that a workload is a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How sure it makes us.
    pub confidence: Confidence,
    /// What it is, in words, about the workload.
    pub text: Wording,
    /// The kind of gateway that it is.
    pub kind: GatewayKind,
    /// Objects beside the workload that it rests on.
    pub rests_on: Vec<ObjectKey>,
}

impl Evidence {
    fn confirmed(text: impl Into<Wording>) -> Self {
        Self {
            confidence: Confidence::Confirmed,
            text: text.into(),
            kind: GatewayKind::Ingress,
            rests_on: Vec::new(),
        }
    }
}

/// The kind of gateway that a workload is, if it is one.
#[must_use]
pub fn kind_of(workload: &Workload) -> GatewayKind {
    kind::of_labels(&workload.labels)
}

/// What shows that the workload is a gateway; `None`: nothing does.
///
/// A role that is visible on a command line decides: labels say what somebody meant, the role is what runs. Without
/// one, the injection template, then the labels of Istio's installers and controllers count, and last the shape of a
/// Pod that waits for injection.
#[must_use]
pub fn of_workload(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    workload: &Workload,
) -> Option<Evidence> {
    let mut evidence = find(world, istio, namespace, workload)?;
    evidence.kind = kind::of_labels(&workload.labels).or(evidence.kind);
    Some(evidence)
}

fn find(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    workload: &Workload,
) -> Option<Evidence> {
    if !workload.may_be_gateway() {
        return None;
    }
    let proxy = workload.proxy.as_deref();
    if let Some(container) = proxy.and_then(|proxy| proxy.router.as_deref()) {
        let text = Wording::ours("container ")
            .said(format_args!("\"{container}\""))
            .then(" runs `proxy router`");
        return Some(Evidence::confirmed(text));
    }
    if proxy.is_some_and(|proxy| proxy.own_role.is_some()) {
        return None;
    }
    let template = proxy.and_then(|proxy| proxy.template);
    match template {
        Some(InjectionTemplate::Gateway) => {
            let text = Wording::ours("annotation ")
                .then(TEMPLATES_ANNOTATION)
                .then(" asks for the template \"gateway\"");
            return Some(Evidence::confirmed(text));
        }
        Some(InjectionTemplate::Sidecar) => return None,
        Some(InjectionTemplate::Custom | InjectionTemplate::Refused) | None => {}
    }
    if proxy.is_some_and(|proxy| proxy.native_sidecar_role.is_some()) {
        return None;
    }
    by_label(workload)
        .or_else(|| by_gateway_class(world, istio, namespace, workload))
        .or_else(|| by_shape(workload, template))
}

fn by_label(workload: &Workload) -> Option<Evidence> {
    if let Some(managed) = workload.labels.get(MANAGED_LABEL)
        && !WAYPOINT_CONTROLLERS.contains(&managed)
    {
        let text = Wording::ours("label ").said(format_args!("{MANAGED_LABEL}={managed}"));
        return Some(Evidence::confirmed(text));
    }
    match workload.labels.get(COMPONENT_LABEL) {
        Some(component @ ("IngressGateways" | "EgressGateways")) => {
            let text = Wording::ours("label ").said(format_args!("{COMPONENT_LABEL}={component}"));
            Some(Evidence::confirmed(text))
        }
        _ => None,
    }
}

/// The label that names a Gateway is generic: every implementation of the Gateway API sets it, so the Gateway's class
/// has to be Istio's.
fn by_gateway_class(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    workload: &Workload,
) -> Option<Evidence> {
    GATEWAY_NAME_LABELS.iter().find_map(|key| {
        let name = workload.labels.get(key)?;
        let gateway = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), name);
        let class = class_of_gateway(world, istio, &gateway)?;
        Some(Evidence {
            text: Wording::ours("label ")
                .said(format_args!("{key}={name}"))
                .then(", ")
                .and_of(&gateway, &class.text),
            ..class
        })
    })
}

/// What shows that a Gateway is Istio's and makes routers, if anything does: a text about the Gateway.
pub(crate) fn class_of_gateway(
    world: &World<'_>,
    istio: &Istio,
    key: &ObjectKey,
) -> Option<Evidence> {
    let Some(Facts::Gateway(gateway)) = world.facts(key) else {
        return None;
    };
    let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
    match world.facts(&class) {
        Some(Facts::GatewayClass(facts)) if !world.is_unrendered(&facts.controller) => {
            istio.makes_gateways(&facts.controller).then(|| Evidence {
                confidence: Confidence::Confirmed,
                text: Wording::of(key)
                    .then(" of ")
                    .name(&class)
                    .then(" (controller ")
                    .said_by(&class, &facts.controller)
                    .then(")"),
                kind: kind::of_controller(&facts.controller),
                rests_on: vec![key.clone(), class.clone()],
            })
        }
        _ => BUILT_IN_CLASSES.contains(&&*class.name).then(|| Evidence {
            confidence: Confidence::Likely,
            text: Wording::of(key)
                .then(" of Istio's built-in GatewayClass ")
                .said(&class.name),
            kind: GatewayKind::Ingress,
            rests_on: vec![key.clone()],
        }),
    }
}

/// A lone container `istio-proxy` waits for injection. Without an annotation Istio injects a sidecar, but an alias or
/// the mesh's default template may make it a router.
fn by_shape(workload: &Workload, template: Option<InjectionTemplate>) -> Option<Evidence> {
    workload
        .proxy
        .as_ref()
        .filter(|proxy| proxy.is_lone_proxy)?;
    let (confidence, text) = if template == Some(InjectionTemplate::Custom) {
        (
            Confidence::Confirmed,
            "its only container is \"istio-proxy\", injected by a template of this mesh's own",
        )
    } else {
        (Confidence::Likely, "its only container is \"istio-proxy\"")
    };
    Some(Evidence {
        confidence,
        text: text.into(),
        kind: GatewayKind::Ingress,
        rests_on: Vec::new(),
    })
}
