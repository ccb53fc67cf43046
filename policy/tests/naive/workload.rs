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

/// What is known of a workload's proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// It is a gateway's.
    Gateway(Confidence, GatewayKind),
    /// Its role hangs on something outside the object.
    Unknown(GatewayKind),
}

/// What shows that a workload is a gateway, or that it may be one.
pub(super) fn evidence(world: World<'_>, workload: &Value) -> Option<Proxy> {
    let template = template(workload)?;
    let kind = labelled_kind(template, "/metadata/labels");
    let containers: Vec<&Value> = list(template, "/spec/containers").collect();
    let natives: Vec<&Value> = list(template, "/spec/initContainers")
        .filter(|container| text(container, "/restartPolicy") == Some("Always"))
        .collect();
    let own_roles = roles(&containers);
    let native_roles = roles(&natives);
    // R1: the role is what runs; no label and no annotation outweighs it.
    if [&own_roles, &native_roles]
        .iter()
        .any(|roles| roles.contains(&Role::Router))
    {
        return Some(Proxy::Gateway(Confidence::Confirmed, kind));
    }
    let overrides = overrides(template);
    let injected = injected(world, namespace(workload), template);
    let by_overrides = (overrides == Overrides::Router)
        .then_some(injected)
        .flatten();
    if by_overrides == Some(Confidence::Confirmed) {
        return Some(Proxy::Gateway(Confidence::Confirmed, kind));
    }
    let is_overridden = overrides == Overrides::Sidecar && says_injection(template).is_some();
    let by_others = if own_roles.contains(&Role::Other) || is_overridden {
        None
    } else {
        without_role(
            world,
            namespace(workload),
            template,
            native_roles.contains(&Role::Other),
        )
    };
    let found = match (by_others, by_overrides) {
        (Some((Confidence::Likely, _)) | None, Some(Confidence::Likely)) => {
            Some((Confidence::Likely, kind))
        }
        (by_others, _) => by_others,
    };
    if let Some((confidence, kind)) = found {
        return Some(Proxy::Gateway(confidence, kind));
    }
    let is_sidecars_template = injection(template) == Injection::Sidecar;
    let is_unknown = [&own_roles, &native_roles]
        .into_iter()
        .flatten()
        .any(|role| *role == Role::Unknown || (*role == Role::OfImage && !is_sidecars_template));
    let is_unknown = is_unknown || (overrides == Overrides::Variable && injected.is_some());
    is_unknown.then_some(Proxy::Unknown(kind))
}

/// What shows a gateway where no command line does.
fn without_role(
    world: World<'_>,
    namespace: &str,
    template: &Value,
    is_native_sidecar: bool,
) -> Option<(Confidence, GatewayKind)> {
    let kind = labelled_kind(template, "/metadata/labels");
    let asked = injection(template);
    match asked {
        // R2
        Injection::Gateway => return Some((Confidence::Confirmed, kind)),
        Injection::Sidecar => return None,
        Injection::Alias | Injection::Unsaid => {}
    }
    if is_native_sidecar {
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
    if let Some((confidence, is_east_west)) = named_gateway(world, namespace, template) {
        // Only what is known from labels as ingress is told better by the class.
        let kind = if is_east_west && kind == GatewayKind::Ingress {
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

/// What the annotation with overrides makes of an injected proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overrides {
    Router,
    Sidecar,
    Variable,
    Nothing,
}

fn overrides(template: &Value) -> Overrides {
    let annotations = map(template, "/metadata/annotations");
    let Some(value) = annotations.get("proxy.istio.io/overrides") else {
        return Overrides::Nothing;
    };
    let value: Value = serde_json::from_str(value).expect("generated overrides are JSON");
    let words: Vec<&str> = list(&value, "/containers")
        .flat_map(|container| list(container, "/command").chain(list(container, "/args")))
        .filter_map(Value::as_str)
        .collect();
    match words.last() {
        Some(&"router") => Overrides::Router,
        Some(&"sidecar") => Overrides::Sidecar,
        Some(_) => Overrides::Variable,
        None => Overrides::Nothing,
    }
}

/// Whether a Pod says that it is injected, or leaves it to its Namespace; `None`: it refuses.
fn says_injection(template: &Value) -> Option<bool> {
    const INJECT: &str = "sidecar.istio.io/inject";
    if field(template, "/spec/hostNetwork") == Some(&Value::Bool(true)) {
        return None;
    }
    let said = label(template, INJECT);
    let annotation = map(template, "/metadata/annotations").get(INJECT).copied();
    match said.or(annotation) {
        Some("false") => None,
        _ => Some(said == Some("true") || label(template, "istio.io/rev").is_some()),
    }
}

/// How sure it is that a Pod is injected; `None`: it is not.
fn injected(world: World<'_>, namespace: &str, template: &Value) -> Option<Confidence> {
    let asks = says_injection(template)?;
    let Some(object) = world.get(Kind::Namespace, "", namespace) else {
        return Some(Confidence::Likely);
    };
    let has_revision = label(object, "istio.io/rev").is_some();
    match label(object, "istio-injection") {
        Some("enabled") => Some(Confidence::Confirmed),
        Some(_) => None,
        None if has_revision || asks => Some(Confidence::Confirmed),
        None => Some(Confidence::Likely),
    }
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

/// The role in which a container runs a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Router,
    Other,
    /// It hangs on a variable, a script or another program.
    Unknown,
    /// It hangs on an image of which nobody knows what it starts.
    OfImage,
}

fn roles(containers: &[&Value]) -> Vec<Role> {
    containers
        .iter()
        .filter_map(|container| role(container))
        .collect()
}

fn role(container: &Value) -> Option<Role> {
    let words = |pointer: &str| -> Vec<&str> {
        list(container, pointer).filter_map(Value::as_str).collect()
    };
    let (command, args) = (words("/command"), words("/args"));
    let base = image_base(container);
    let is_proxy = text(container, "/name") == Some("istio-proxy");
    let proxy_words = match command[..] {
        [] => &args[..],
        ["pilot-agent", ..] => &command[1..],
        _ if is_proxy || base.starts_with("proxyv2") => return Some(Role::Unknown),
        _ => return None,
    };
    match proxy_words {
        ["proxy", "router"] => Some(Role::Router),
        ["proxy", "$(ROLE)"] => variable(container),
        ["proxy", ..] => Some(Role::Other),
        _ if is_proxy && base != "auto" && !base.starts_with("proxyv2") => Some(Role::OfImage),
        _ => None,
    }
}

/// The role that stands in the variable ROLE.
fn variable(container: &Value) -> Option<Role> {
    let defined = list(container, "/env").find(|env| text(env, "/name") == Some("ROLE"));
    match defined.map(|env| text(env, "/value")) {
        Some(Some("router")) => Some(Role::Router),
        Some(Some(_)) => Some(Role::Other),
        Some(None) => Some(Role::Unknown),
        None => list(container, "/envFrom").next().map(|_| Role::Unknown),
    }
}

fn image_base(container: &Value) -> &str {
    let image = text(container, "/image").unwrap_or("auto");
    image.rsplit('/').next().unwrap_or_default()
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
    let base = image_base(container);
    text(container, "/name") == Some("istio-proxy")
        && list(container, "/command").next().is_none()
        && (base == "auto" || base.starts_with("proxyv2"))
}
