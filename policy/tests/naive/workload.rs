//! Is a workload an Istio gateway, how sure is that, and of which kind?

use l7guard_policy::confidence::Confidence;
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::Kind;
use serde_json::Value;

use super::World;
use super::gateway_class::istio_side;
use super::manifest::{field, kind, label, list, map, namespace, text};

/// Keys that controllers add to the Pods that they make: a template does not bear them.
const CONTROLLER_LABELS: [&str; 5] = [
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

/// Templates that Istio ships and that a Pod may ask for.
const SHIPPED: [&str; 3] = ["gateway", "sidecar", "grpc-agent"];
/// Templates that Istio refuses to inject on request.
const REFUSED: [&str; 3] = ["waypoint", "kube-gateway", "agentgateway"];

/// All workloads that a Service's selector selects.
pub(super) fn selected<'a>(
    world: World<'a>,
    service_namespace: &str,
    service: &Value,
) -> Vec<&'a Value> {
    let selector = map(service, "/spec/selector");
    world
        .objects
        .iter()
        .filter(|object| {
            kind(object).is_some_and(Kind::is_workload)
                && namespace(object) == service_namespace
                && template(object).is_some()
                && !is_revision_of_visible_owner(world, object)
        })
        .filter(|object| {
            let labels = template(object).map(|template| map(template, "/metadata/labels"));
            let has = |key: &str, value: &str| {
                labels.as_ref().and_then(|labels| labels.get(key).copied()) == Some(value)
            };
            let is_pod = kind(object) == Some(Kind::Pod);
            selector
                .iter()
                .all(|(key, value)| has(key, value) || (!is_pod && CONTROLLER_LABELS.contains(key)))
        })
        .collect()
}

/// The Pod template of a workload; a Pod is its own.
pub(super) fn template(workload: &Value) -> Option<&Value> {
    if kind(workload) == Some(Kind::Pod) {
        Some(workload)
    } else {
        field(workload, "/spec/template")
    }
}

fn is_revision_of_visible_owner(world: World<'_>, workload: &Value) -> bool {
    kind(workload) == Some(Kind::ReplicaSet)
        && list(workload, "/metadata/ownerReferences").any(|owner| {
            let is_controller = field(owner, "/controller") == Some(&Value::Bool(true));
            let kind = Kind::of(
                text(owner, "/apiVersion").unwrap_or_default(),
                text(owner, "/kind").unwrap_or_default(),
            );
            let name = text(owner, "/name").unwrap_or_default();
            is_controller
                && kind
                    .is_some_and(|(kind, _)| world.get(kind, namespace(workload), name).is_some())
        })
}

/// What shows that a workload is a gateway.
pub(super) fn evidence(world: World<'_>, workload: &Value) -> Option<(Confidence, GatewayKind)> {
    let template = template(workload)?;
    let kind = labelled_kind(template, "/metadata/labels");
    let own_roles = roles(list(template, "/spec/containers"));
    let native_roles = roles(
        list(template, "/spec/initContainers")
            .filter(|container| text(container, "/restartPolicy") == Some("Always")),
    );
    // R1: the role is what runs; no label and no annotation outweighs it.
    if own_roles.contains(&"router") || native_roles.contains(&"router") {
        return Some((Confidence::Confirmed, kind));
    }
    if !own_roles.is_empty() {
        return None;
    }
    let asked = injection(template);
    match asked {
        // R2
        Injection::Gateway => return Some((Confidence::Confirmed, kind)),
        Injection::Sidecar => return None,
        Injection::Alias | Injection::Unsaid => {}
    }
    if !native_roles.is_empty() {
        return None;
    }
    // R3
    let managed = label(template, "gateway.istio.io/managed");
    if managed.is_some_and(|controller| !is_waypoint(controller)) {
        return Some((Confidence::Confirmed, kind));
    }
    // R4; the other value is an egress gateway's, which the kind says.
    let component = label(template, "operator.istio.io/component");
    if ["IngressGateways", "EgressGateways"]
        .map(Some)
        .contains(&component)
    {
        return Some((Confidence::Confirmed, kind));
    }
    // R6
    if let Some((confidence, is_east_west)) = named_gateway(world, namespace(workload), template) {
        let kind = if is_east_west {
            GatewayKind::EastWest
        } else {
            kind
        };
        return Some((confidence, kind));
    }
    // R5: a name that Istio does not ship is an alias of this mesh's own.
    let confidence = if asked == Injection::Alias {
        Confidence::Confirmed
    } else {
        Confidence::Likely
    };
    is_lone_proxy(template).then_some((confidence, kind))
}

pub(super) fn is_waypoint(managed: &str) -> bool {
    [
        "istio.io-mesh-controller",
        "istio.io-agentgateway-waypoint-controller",
    ]
    .contains(&managed)
}

/// The kind of gateway that labels tell.
pub(super) fn labelled_kind(object: &Value, pointer: &str) -> GatewayKind {
    let labels = map(object, pointer);
    let get = |key: &str| labels.get(key).copied().unwrap_or_default();
    if get("operator.istio.io/component") == "EgressGateways" || get("istio").starts_with("egress")
    {
        GatewayKind::Egress
    } else if get("gateway.istio.io/managed") == "istio.io-eastwest-controller"
        || get("istio") == "eastwestgateway"
    {
        GatewayKind::EastWest
    } else {
        GatewayKind::Ingress
    }
}

/// The roles in which containers run a proxy.
fn roles<'a>(containers: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    containers
        .filter_map(|container| {
            let args: Vec<&str> = list(container, "/args").filter_map(Value::as_str).collect();
            match args[..] {
                ["proxy"] => Some("sidecar"),
                ["proxy", role] => Some(role),
                _ => None,
            }
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Injection {
    Gateway,
    Sidecar,
    Alias,
    /// Nothing that Istio ships and would inject.
    Unsaid,
}

fn injection(template: &Value) -> Injection {
    let annotations = map(template, "/metadata/annotations");
    let Some(value) = annotations.get("inject.istio.io/templates") else {
        return Injection::Unsaid;
    };
    let names: Vec<&str> = value.split(',').map(str::trim).collect();
    if names
        .iter()
        .any(|name| name.is_empty() || REFUSED.contains(name))
    {
        return Injection::Unsaid;
    }
    match names.iter().rev().find(|name| SHIPPED.contains(name)) {
        Some(&"gateway") => Injection::Gateway,
        Some(_) => Injection::Sidecar,
        None => Injection::Alias,
    }
}

/// The Gateway that a label names, if its class is Istio's.
pub(super) fn named_gateway(
    world: World<'_>,
    namespace: &str,
    template: &Value,
) -> Option<(Confidence, bool)> {
    [
        "gateway.networking.k8s.io/gateway-name",
        "istio.io/gateway-name",
    ]
    .into_iter()
    .filter_map(|key| label(template, key))
    .filter_map(|name| world.get(Kind::Gateway, namespace, name))
    .find_map(|gateway| istio_side(world, gateway))
}

fn is_lone_proxy(template: &Value) -> bool {
    let containers: Vec<&Value> = list(template, "/spec/containers").collect();
    let [container] = containers[..] else {
        return false;
    };
    let image = text(container, "/image").unwrap_or("auto");
    let base = image.rsplit('/').next().unwrap_or_default();
    text(container, "/name") == Some("istio-proxy")
        && (image == "auto" || base.starts_with("proxyv2"))
}
