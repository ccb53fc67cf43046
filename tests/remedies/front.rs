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

fn of_ingress(ingress: &Value, world: &Manifests) -> Front {
    let class = class(ingress, world);
    let parameters = class.and_then(|class| parameters(class, world));
    let own = |name: &str| annotation(ingress, &format!("alb.ingress.kubernetes.io/{name}"));
    let list = |field: &str, name: &str| {
        let stated: BTreeSet<String> = parameters
            .map(|parameters| texts(&parameters["spec"][field]))
            .unwrap_or_default();
        if stated.is_empty() {
            own(name).map(words).unwrap_or_default()
        } else {
            stated
        }
    };
    let scheme = parameters
        .and_then(|parameters| parameters["spec"]["scheme"].as_str())
        .or(own("scheme"));
    let ranges = list("inboundCIDRs", "inbound-cidrs");
    let certificates = list("certificateArn", "certificate-arn");
    let subnets = parameters
        .map(|parameters| texts(&parameters["spec"]["subnets"]["ids"]))
        .filter(|subnets| !subnets.is_empty());
    let exposure = Exposure {
        is_internet_facing: scheme == Some("internet-facing"),
        ranges: (!ranges.is_empty()).then_some(ranges),
        security_groups: own("security-groups").map(words).unwrap_or_default(),
        prefix_lists: list("prefixListsIDs", "security-group-prefix-lists"),
        subnets: subnets.unwrap_or_else(|| own("subnets").map(words).unwrap_or_default()),
    };
    let controller = class.map(|class| text(&class["spec"]["controller"]));
    Front {
        exposure,
        listeners: listeners(own("listen-ports"), !certificates.is_empty()),
        certificates,
        is_auto_mode: controller == Some("eks.amazonaws.com/alb"),
    }
}

/// The IngressClass that an Ingress names, or the default one.
fn class<'a>(ingress: &Value, world: &'a Manifests) -> Option<&'a Value> {
    let is_default = |class: &&Value| {
        annotation(class, "ingressclass.kubernetes.io/is-default-class") == Some("true")
    };
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
        None => world.of_kind("IngressClass").find(is_default),
    }
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
