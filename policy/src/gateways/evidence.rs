//! Is a workload an Istio gateway? A workload is one if its proxy runs as a router; here is what shows it.

use std::sync::Arc;

use super::gateway_class::class_of_gateway;
use super::injection::{self, Injection};
use super::istio::Istio;
use super::kind::{self, GatewayKind};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::workload::{
    COMPONENT_LABEL, GATEWAY_NAME_LABELS, MANAGED_LABEL, OVERRIDES_ANNOTATION, ProxyFacts,
    TEMPLATES_ANNOTATION, Workload,
};
use crate::proxy::injection_overrides::OverriddenRoles;
use crate::proxy::injection_templates::InjectionTemplate;
use crate::proxy::role::UnknownRole;
use crate::wording::Wording;

/// Values of [`MANAGED_LABEL`] on waypoints.
///
/// Source: Istio `pkg/config/constants/constants.go`.
pub(crate) const WAYPOINT_CONTROLLERS: [&str; 2] = [
    "istio.io-mesh-controller",
    "istio.io-agentgateway-waypoint-controller",
];
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
    /// Whether all that is known is a proxy whose role cannot be told: the text says why.
    pub is_of_unknown_role: bool,
}

impl Evidence {
    fn confirmed(text: impl Into<Wording>) -> Self {
        Self {
            confidence: Confidence::Confirmed,
            text: text.into(),
            kind: GatewayKind::Ingress,
            rests_on: Vec::new(),
            is_of_unknown_role: false,
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
/// one, the injection template, then the labels of Istio's installers and controllers count, then the shape of a
/// Pod that waits for injection. Last comes a proxy whose role cannot be told.
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
    let nothing = ProxyFacts::default();
    let proxy = workload.proxy.as_deref().unwrap_or(&nothing);
    if let Some(container) = &proxy.router {
        let text = Wording::ours("container ")
            .said(format_args!("\"{container}\""))
            .then(" runs `proxy router`");
        return Some(Evidence::confirmed(text));
    }
    let overridden = Overridden::of(world, namespace, proxy);
    let certain = |found: &Option<Evidence>| {
        found
            .as_ref()
            .is_some_and(|evidence| evidence.confidence == Confidence::Confirmed)
    };
    let by_overrides = overridden.router();
    if certain(&by_overrides) {
        return by_overrides;
    }
    // Where the Pod is not injected, a gateway's template brings no proxy either.
    let own_role = proxy
        .overrides
        .and_then(|overrides| overrides.roles.own_role);
    let own_role = own_role.or(proxy.own_role);
    let by_others = match own_role {
        Some(_) => None,
        None => without_role(world, istio, namespace, workload, proxy),
    };
    if certain(&by_others) {
        return by_others;
    }
    by_overrides
        .or(by_others)
        .or_else(|| of_unknown_role(proxy, &overridden))
}

/// What shows a gateway where no command line tells a role of the proxy.
fn without_role(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    workload: &Workload,
    proxy: &ProxyFacts,
) -> Option<Evidence> {
    match proxy.template {
        Some(InjectionTemplate::Gateway) => {
            let text = Wording::ours("annotation ")
                .then(TEMPLATES_ANNOTATION)
                .then(" asks for the template \"gateway\"");
            return Some(Evidence::confirmed(text));
        }
        Some(InjectionTemplate::Sidecar) => return None,
        Some(InjectionTemplate::Custom | InjectionTemplate::Refused) | None => {}
    }
    if proxy.native_sidecar_role.is_some() {
        return None;
    }
    by_label(workload)
        .or_else(|| by_gateway_class(world, istio, namespace, workload))
        .or_else(|| by_shape(proxy))
}

/// What the annotation `proxy.istio.io/overrides` makes of a Pod's proxy, as far as the Pod is injected.
struct Overridden {
    roles: OverriddenRoles,
    injection: Injection,
}

impl Overridden {
    fn of(world: &World<'_>, namespace: &Arc<str>, proxy: &ProxyFacts) -> Self {
        let injection = match &proxy.overrides {
            None => Injection::Excluded,
            Some(overrides) => injection::of_pod(world, namespace, overrides.request),
        };
        let roles = proxy.overrides.map(|overrides| overrides.roles);
        Self {
            roles: roles
                .filter(|_| injection != Injection::Excluded)
                .unwrap_or_default(),
            injection,
        }
    }

    fn router(&self) -> Option<Evidence> {
        if !self.roles.has_router {
            return None;
        }
        let text = Wording::ours("annotation ")
            .then(OVERRIDES_ANNOTATION)
            .then(" makes the injected proxy run `proxy router`");
        let evidence = Evidence::confirmed(text);
        Some(match &self.injection {
            Injection::Certain(namespace) => Evidence {
                rests_on: vec![namespace.clone()],
                ..evidence
            },
            Injection::Possible | Injection::Excluded => Evidence {
                confidence: Confidence::Likely,
                text: evidence
                    .text
                    .then(" (if the Pod is injected, which is not visible)"),
                ..Evidence::confirmed("")
            },
        })
    }
}

/// A proxy whose role hangs on something outside the object. An image under another name does not matter where the
/// template of a sidecar brings the command line.
fn of_unknown_role(proxy: &ProxyFacts, overridden: &Overridden) -> Option<Evidence> {
    let own = proxy.unknown.as_ref().filter(|(_, why)| {
        *why != UnknownRole::Image || proxy.template != Some(InjectionTemplate::Sidecar)
    });
    let text = match (own, overridden.roles.unknown) {
        (Some((container, why)), _) => Wording::ours("the role of container ")
            .said(format_args!("\"{container}\""))
            .then(" hangs on ")
            .then(why.as_str()),
        (None, Some(why)) => Wording::ours("the role that annotation ")
            .then(OVERRIDES_ANNOTATION)
            .then(" gives the injected proxy hangs on ")
            .then(why.as_str()),
        (None, None) => return None,
    };
    Some(Evidence {
        confidence: Confidence::Likely,
        is_of_unknown_role: true,
        ..Evidence::confirmed(text)
    })
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
        let class = class_of_gateway(world, istio, &gateway)?.evidence;
        Some(Evidence {
            text: Wording::ours("label ")
                .said(format_args!("{key}={name}"))
                .then(", ")
                .and_of(&gateway, &class.text),
            ..class
        })
    })
}

/// A lone container `istio-proxy` waits for injection. Without an annotation Istio injects a sidecar, but an alias or
/// the mesh's default template may make it a router.
fn by_shape(proxy: &ProxyFacts) -> Option<Evidence> {
    if !proxy.is_lone_proxy {
        return None;
    }
    let (confidence, text) = if proxy.template == Some(InjectionTemplate::Custom) {
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
        is_of_unknown_role: false,
    })
}
