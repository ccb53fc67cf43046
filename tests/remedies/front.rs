//! What an ALB front opens, and what it listens on, read from JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::load_balancer::{Exposure, words};
use crate::manifests::{Identity, Manifests, annotation, elements, text};

/// A port of a front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listener {
    pub(crate) port: u64,
    pub(crate) is_tls: bool,
}

/// An ALB, as far as objects say it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Front {
    pub(crate) exposure: Exposure,
    pub(crate) listeners: BTreeSet<Listener>,
    /// ARNs of certificates.
    pub(crate) certificates: BTreeSet<String>,
    /// EKS Auto Mode builds it.
    pub(crate) is_auto_mode: bool,
}

impl Front {
    /// Of the object of a finding; a binding says nothing of its ALB, which is then taken for internal.
    pub(crate) fn of(object: &Value, world: &Manifests) -> Self {
        match text(&object["kind"]) {
            "Ingress" => of_ingress(object, world),
            "HTTPRoute" | "GRPCRoute" => of_route(object, world),
            _ => Self::default(),
        }
    }
}

/// An Ingress shares the ALB of its group: what one member says holds for all, unless they disagree.
fn of_ingress(ingress: &Value, world: &Manifests) -> Front {
    let own = Stated::of(ingress, world);
    let is_shared = |other: &Stated<'_>| {
        own.group.is_some()
            && other.group == own.group
            && other.alb_of.is_some()
            && other.alb_of == own.alb_of
            // Parameters that are not in sight may name another group.
            && other.is_whole
    };
    let members: Vec<Stated<'_>> = world
        .of_kind("Ingress")
        .map(|other| Stated::of(other, world))
        .filter(is_shared)
        .collect();
    let agreed = |list: fn(&Stated<'_>) -> BTreeSet<String>| {
        let mut stated = [&own].into_iter().chain(&members).map(list);
        stated.find(|list| !list.is_empty()).unwrap_or_default()
    };
    // Members that disagree get no ALB; what an Ingress says itself is then what is meant.
    let schemes: BTreeSet<&str> = match own.scheme {
        Some(scheme) => BTreeSet::from([scheme]),
        None => members.iter().filter_map(|member| member.scheme).collect(),
    };
    let ranges: BTreeSet<String> = members
        .iter()
        .chain([&own])
        .flat_map(|member| member.ranges.clone())
        .collect();
    let class_subnets = agreed(|stated| stated.class_subnets.clone());
    Front {
        exposure: Exposure {
            is_internet_facing: own.is_whole && schemes == BTreeSet::from(["internet-facing"]),
            ranges: (!own.ranges.is_empty()).then_some(ranges),
            security_groups: agreed(|stated| stated.security_groups.clone()),
            prefix_lists: agreed(|stated| stated.prefix_lists.clone()),
            subnets: if class_subnets.is_empty() {
                agreed(|stated| stated.subnets.clone())
            } else {
                class_subnets
            },
        },
        listeners: listeners(own.ports, !own.certificates.is_empty()),
        certificates: own.certificates,
        is_auto_mode: own.controller == Some("eks.amazonaws.com/alb"),
    }
}

/// What an Ingress and the parameters of its class say of the ALB.
struct Stated<'a> {
    /// The controller that makes an ALB of it, as far as can be told.
    alb_of: Option<&'a str>,
    group: Option<&'a str>,
    controller: Option<&'a str>,
    scheme: Option<&'a str>,
    ports: Option<&'a str>,
    ranges: BTreeSet<String>,
    security_groups: BTreeSet<String>,
    prefix_lists: BTreeSet<String>,
    /// Those of the class's parameters, which beat the annotations of the whole group.
    class_subnets: BTreeSet<String>,
    subnets: BTreeSet<String>,
    /// The parameters that the class names are in sight.
    is_whole: bool,
    certificates: BTreeSet<String>,
}

impl<'a> Stated<'a> {
    fn of(ingress: &'a Value, world: &'a Manifests) -> Self {
        let class = class(ingress, world);
        let parameters = class.and_then(|class| parameters(class, world));
        let spec = parameters.map_or(&Value::Null, |parameters| &parameters["spec"]);
        let own = |name: &str| annotation(ingress, &format!("alb.ingress.kubernetes.io/{name}"));
        let list = |of_class: &Value, name: &str| {
            let stated = texts(of_class);
            if stated.is_empty() {
                own(name).map(words).unwrap_or_default()
            } else {
                stated
            }
        };
        let controller = class.map(|class| text(&class["spec"]["controller"]));
        let named = annotation(ingress, "kubernetes.io/ingress.class")
            .or(ingress["spec"]["ingressClassName"].as_str());
        // By a missing class called `alb`, and by the annotation, it is the AWS Load Balancer Controller's.
        let alb_of = controller.or((named == Some("alb")).then_some("ingress.k8s.aws/alb"));
        let alb_of =
            alb_of.filter(|name| ["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"].contains(name));
        Self {
            alb_of,
            // Auto Mode takes groups from the class alone.
            group: spec["group"]["name"]
                .as_str()
                .or(own("group.name").filter(|_| alb_of != Some("eks.amazonaws.com/alb"))),
            controller,
            scheme: spec["scheme"].as_str().or(own("scheme")),
            ports: own("listen-ports"),
            ranges: list(&spec["inboundCIDRs"], "inbound-cidrs"),
            security_groups: list(&Value::Null, "security-groups"),
            prefix_lists: list(&spec["prefixListsIDs"], "security-group-prefix-lists"),
            class_subnets: texts(&spec["subnets"]["ids"]),
            subnets: list(&Value::Null, "subnets"),
            is_whole: !is_undecided(ingress, world)
                && (parameters.is_some()
                    || class.is_none_or(|class| class["spec"]["parameters"].is_null())),
            certificates: list(&spec["certificateArn"], "certificate-arn"),
        }
    }
}

/// The IngressClass that an Ingress names, or the default one.
fn class<'a>(ingress: &Value, world: &'a Manifests) -> Option<&'a Value> {
    if annotation(ingress, "kubernetes.io/ingress.class").is_some() {
        // The annotation is no reference: the class object and its parameters are not read.
        return None;
    }
    match ingress["spec"]["ingressClassName"].as_str() {
        Some(name) => world.get(&Identity::new(
            "networking.k8s.io/v1",
            "IngressClass",
            "",
            name,
        )),
        None => defaults(world)
            .next()
            .filter(|_| defaults(world).count() == 1),
    }
}

/// The default classes. Of several one is in force, and files do not say which.
fn defaults(world: &Manifests) -> impl Iterator<Item = &Value> {
    let classes = world.of_kind("IngressClass");
    classes.filter(|class| {
        annotation(class, "ingressclass.kubernetes.io/is-default-class") == Some("true")
    })
}

/// Whether the Ingress gets one of several default classes, and with it perhaps its parameters.
fn is_undecided(ingress: &Value, world: &Manifests) -> bool {
    annotation(ingress, "kubernetes.io/ingress.class").is_none()
        && ingress["spec"]["ingressClassName"].is_null()
        && defaults(world).count() > 1
        && defaults(world).any(|class| !class["spec"]["parameters"].is_null())
}

fn parameters<'a>(class: &Value, world: &'a Manifests) -> Option<&'a Value> {
    let reference = &class["spec"]["parameters"];
    let group = text(&reference["apiGroup"]);
    let version = format!("{group}/v1");
    world.get(&Identity::new(
        &version,
        text(&reference["kind"]),
        "",
        text(&reference["name"]),
    ))
}

/// `[{"HTTP": 80}, {"HTTPS": 443}]`; without it 443 where a certificate is stated, else 80.
fn listeners(stated: Option<&str>, has_certificate: bool) -> BTreeSet<Listener> {
    let entries: Vec<serde_json::Map<String, Value>> = stated
        .and_then(|stated| serde_json::from_str(stated).ok())
        .unwrap_or_default();
    let listed: BTreeSet<Listener> = entries
        .iter()
        .flatten()
        .filter_map(|(protocol, port)| {
            let is_tls = protocol == "HTTPS";
            port.as_u64().map(|port| Listener { port, is_tls })
        })
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let port = if has_certificate { 443 } else { 80 };
    BTreeSet::from([Listener {
        port,
        is_tls: has_certificate,
    }])
}

fn of_route(route: &Value, world: &Manifests) -> Front {
    let mut front = Front::default();
    let own = text(&route["metadata"]["namespace"]);
    for parent in elements(&route["spec"]["parentRefs"]) {
        let namespace = parent["namespace"].as_str().unwrap_or(own);
        let name = text(&parent["name"]);
        let identity = Identity::new("gateway.networking.k8s.io/v1", "Gateway", namespace, name);
        let Some(gateway) = world.get(&identity) else {
            continue;
        };
        let class_name = text(&gateway["spec"]["gatewayClassName"]);
        let class = world.get(&Identity::new(
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            "",
            class_name,
        ));
        if class.is_some_and(|class| class["spec"]["controllerName"] != "gateway.k8s.aws/alb") {
            continue;
        }
        front.exposure = of_gateway(gateway, class, world);
        for listener in elements(&gateway["spec"]["listeners"]) {
            let is_other = |field: &str, of_listener: &Value| {
                parent
                    .get(field)
                    .is_some_and(|wanted| wanted != of_listener)
            };
            if is_other("sectionName", &listener["name"]) || is_other("port", &listener["port"]) {
                continue;
            }
            let port = listener["port"].as_u64().unwrap_or_default();
            let is_tls = matches!(text(&listener["protocol"]), "HTTPS" | "TLS");
            front.listeners.insert(Listener { port, is_tls });
        }
    }
    front
}

/// The controller's configuration of a Gateway and of its class; the class wins unless its own says otherwise.
fn of_gateway(gateway: &Value, class: Option<&Value>, world: &Manifests) -> Exposure {
    let namespace = text(&gateway["metadata"]["namespace"]);
    let own = configuration(
        &gateway["spec"]["infrastructure"]["parametersRef"],
        namespace,
        world,
    );
    let of_class = class.and_then(|class| {
        let reference = &class["spec"]["parametersRef"];
        configuration(reference, text(&reference["namespace"]), world)
    });
    let prefers_gateway =
        of_class.is_some_and(|class| class["spec"]["mergingMode"] == "prefer-gateway");
    let ordered = if prefers_gateway {
        [own, of_class]
    } else {
        [of_class, own]
    };
    let field = |name: &str| {
        let mut configurations = ordered.iter().flatten();
        configurations.find_map(|configuration| configuration["spec"].get(name))
    };
    let list = |name: &str| field(name).map(texts).unwrap_or_default();
    let ranges = list("sourceRanges");
    let subnets = field("loadBalancerSubnets")
        .map(elements)
        .unwrap_or_default();
    Exposure {
        is_internet_facing: field("scheme").is_some_and(|scheme| scheme == "internet-facing"),
        ranges: (!ranges.is_empty()).then_some(ranges),
        security_groups: list("securityGroups"),
        prefix_lists: list("securityGroupPrefixes"),
        subnets: subnets
            .iter()
            .map(|subnet| text(&subnet["identifier"]).to_owned())
            .collect(),
    }
}

fn configuration<'a>(
    reference: &Value,
    namespace: &str,
    world: &'a Manifests,
) -> Option<&'a Value> {
    let name = reference["name"].as_str()?;
    let (version, kind) = ("gateway.k8s.aws/v1", "LoadBalancerConfiguration");
    world.get(&Identity::new(version, kind, namespace, name))
}

fn texts(value: &Value) -> BTreeSet<String> {
    let texts = elements(value).iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
