//! What others may have written many of, at the other end of the object under review.

use serde_json::{Value, json};

use crate::Dimension;
use crate::own::{gateway_classes, route, workload, world};
use crate::scene::Scene;

pub(crate) fn dimensions() -> Vec<Dimension> {
    let of = |name, scene| Dimension { name, scene };
    vec![
        of("Ingresses of a Service", ingresses_of_service),
        of("Ingresses of a class", ingresses_of_class),
        of("Ingresses without a class", ingresses_without_class),
        of("bindings of a Service", bindings_of_service),
        of("bindings of a group's Service", grouped_bindings),
        of("bindings of a Gateway's Service", routed_bindings),
        of(
            "bindings of an Ingress with as many Services",
            tracked_bindings,
        ),
        of("bindings of a target group", bindings_of_group),
        of("fronts of a target group", fronts_of_group),
        of("aliases of a Service", aliases),
        of("aliases one behind the other", chain),
        of("slices of a Service", slices),
        of("gateways behind a Service", |n| {
            selected(n, &json!(["proxy", "router"]))
        }),
        of("workloads behind a Service", |n| selected(n, &json!(["x"]))),
        of("Pods behind a Service", pods),
        of("gateways of another Service", candidates),
        of("routes of a Gateway", routes),
        of("ListenerSets of a Gateway", listener_sets),
        of("Gateways of a class", gateways),
        of("Istio Gateways of one label", istio_gateways),
        of("Services of one label", services),
        of("default classes", default_classes),
    ]
}

fn named(api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn service(name: &str, app: &str) -> Value {
    named("v1", "Service", name, &json!({"selector": {"app": app}}))
}

fn edge() -> Value {
    service("edge", "edge")
}

fn ingress(name: &str, class: Option<&str>, service: &str) -> Value {
    named(
        "networking.k8s.io/v1",
        "Ingress",
        name,
        &json!({"ingressClassName": class, "defaultBackend": {"service": {"name": service}}}),
    )
}

fn class(name: &str, is_default: bool) -> Value {
    let mut class = named(
        "networking.k8s.io/v1",
        "IngressClass",
        name,
        &json!({"controller": "ingress.k8s.aws/alb"}),
    );
    class["metadata"]["annotations"] =
        json!({"ingressclass.kubernetes.io/is-default-class": is_default.to_string()});
    class
}

fn binding(at: usize, service: &str, group: &str, labels: &Value) -> Value {
    let mut binding = named(
        "elbv2.k8s.aws/v1beta1",
        "TargetGroupBinding",
        &format!("binding-{at}"),
        &json!({"serviceRef": {"name": service}, "targetGroupName": group}),
    );
    binding["metadata"]["labels"] = labels.clone();
    binding
}

fn many(count: usize, one: impl Fn(usize) -> Value) -> impl Iterator<Item = Value> {
    (0..count).map(one)
}

/// The creation of `object`, with `others` in the world.
fn scene(object: &Value, others: impl Iterator<Item = Value>) -> Scene {
    Scene::creation(object, world().into_iter().chain(others))
}

fn ingresses_of_service(count: usize) -> Scene {
    scene(
        &edge(),
        many(count, |at| {
            ingress(&format!("front-{at}"), Some("alb"), "edge")
        }),
    )
}

fn ingresses_of_class(count: usize) -> Scene {
    let ingresses = many(count, |at| {
        ingress(&format!("front-{at}"), Some("alb"), "edge")
    });
    Scene::update(
        &class("alb", false),
        &class("alb", true),
        world().into_iter().chain(ingresses),
    )
}

fn ingresses_without_class(count: usize) -> Scene {
    scene(
        &class("alb", true),
        many(count, |at| ingress(&format!("front-{at}"), None, "edge")),
    )
}

fn bindings_of_service(count: usize) -> Scene {
    let labels =
        json!({"ingress.k8s.aws/stack-namespace": "shop", "ingress.k8s.aws/stack-name": "front"});
    let bindings = many(count, move |at| {
        binding(at, "edge", &format!("group-{at}"), &labels)
    });
    scene(
        &edge(),
        bindings.chain([ingress("front", Some("alb"), "edge")]),
    )
}

fn grouped_bindings(count: usize) -> Scene {
    let labels = json!({"ingress.k8s.aws/stack": "team"});
    let bindings = many(count, move |at| {
        binding(at, "edge", &format!("group-{at}"), &labels)
    });
    let mut front = ingress("front", Some("alb"), "edge");
    front["metadata"]["annotations"] = json!({"alb.ingress.kubernetes.io/group.name": "other"});
    scene(&edge(), bindings.chain([front]))
}

fn routed_bindings(count: usize) -> Scene {
    let labels = json!({"gateway.k8s.aws.alb/stack-namespace": "shop", "gateway.k8s.aws.alb/stack-name": "gateway"});
    let bindings = many(count, move |at| {
        binding(at, "edge", &format!("group-{at}"), &labels)
    });
    let route = route(
        "route",
        &json!([{"name": "other"}]),
        &json!([{"name": "edge"}]),
    );
    scene(&edge(), bindings.chain([route]))
}

/// As the controller makes them: one for each Service of an Ingress, all of which an alias joins to the one under review.
fn tracked_bindings(count: usize) -> Scene {
    let labels =
        json!({"ingress.k8s.aws/stack-namespace": "shop", "ingress.k8s.aws/stack-name": "front"});
    let name = |at| format!("alias-{at}");
    let bindings = many(count, move |at| {
        binding(at, &name(at), &format!("group-{at}"), &labels)
    });
    let aliases = many(count, move |at| alias(&name(at), "edge"));
    let paths: Vec<Value> = many(
        count,
        |at| json!({"backend": {"service": {"name": name(at)}}}),
    )
    .collect();
    let front = named(
        "networking.k8s.io/v1",
        "Ingress",
        "front",
        &json!({"ingressClassName": "alb", "rules": [{"http": {"paths": paths}}]}),
    );
    scene(&edge(), bindings.chain(aliases).chain([front]))
}

fn bindings_of_group(count: usize) -> Scene {
    let bindings = many(count, |at| binding(at, "edge", "group", &json!({})));
    let mut front = ingress("front", Some("alb"), "action");
    front["metadata"]["annotations"] = json!({"alb.ingress.kubernetes.io/actions.action": r#"{"type":"forward","targetGroupName":"group"}"#});
    front["spec"]["defaultBackend"]["service"]["port"] = json!({"name": "use-annotation"});
    scene(&front, bindings)
}

fn fronts_of_group(count: usize) -> Scene {
    let backends = json!([{"kind": "TargetGroupName", "name": "group"}]);
    let routes = many(count, move |at| {
        route(
            &format!("route-{at}"),
            &json!([{"name": "gateway"}]),
            &backends,
        )
    });
    let others = routes
        .chain(gateway_classes())
        .chain([gateway("gateway", "aws")]);
    scene(&binding(0, "edge", "group", &json!({})), others)
}

fn alias(name: &str, to: &str) -> Value {
    let spec =
        json!({"type": "ExternalName", "externalName": format!("{to}.shop.svc.cluster.local")});
    named("v1", "Service", name, &spec)
}

fn aliases(count: usize) -> Scene {
    let aliases = many(count, |at| alias(&format!("alias-{at}"), "edge"));
    scene(
        &edge(),
        aliases.chain([ingress("front", Some("alb"), "alias-7")]),
    )
}

fn chain(count: usize) -> Scene {
    let aliases = many(count, |at| match at {
        0 => alias("alias-0", "edge"),
        _ => alias(&format!("alias-{at}"), &format!("alias-{}", at - 1)),
    });
    scene(
        &edge(),
        aliases.chain([ingress("front", Some("alb"), "alias-2")]),
    )
}

fn slices(count: usize) -> Scene {
    let slices = many(count, |at| {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": format!("slice-{at}"), "labels": {"kubernetes.io/service-name": "edge"}},
            "endpoints": [{"targetRef": {"kind": "Pod", "name": format!("pod-{at}")}}]})
    });
    scene(&ingress("front", Some("alb"), "edge"), slices)
}

fn selected(count: usize, args: &Value) -> Scene {
    let container = json!({"args": args});
    let workloads = many(count, move |at| {
        workload(&format!("web-{at}"), &json!({"app": "web"}), &container)
    });
    let others = workloads.chain([service("web", "web")]);
    scene(&ingress("front", Some("alb"), "web"), others)
}

fn pods(count: usize) -> Scene {
    let pods = many(count, |at| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{at}"), "labels": {"app": "web"}},
            "spec": {"containers": [{"args": ["proxy", "router"]}]}})
    });
    scene(
        &ingress("front", Some("alb"), "web"),
        pods.chain([service("web", "web")]),
    )
}

fn candidates(count: usize) -> Scene {
    let container = json!({"args": ["proxy", "router"]});
    let workloads = many(count, move |at| {
        workload(&format!("gw-{at}"), &json!({"app": "gw"}), &container)
    });
    scene(&ingress("front", Some("alb"), "edge"), workloads)
}

fn gateway(name: &str, class: &str) -> Value {
    named(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        name,
        &json!({"gatewayClassName": class}),
    )
}

fn routes(count: usize) -> Scene {
    let parents = json!([{"name": "gateway"}]);
    let routes = many(count, move |at| {
        route(&format!("route-{at}"), &parents, &json!([{"name": "edge"}]))
    });
    scene(&gateway("gateway", "aws"), routes.chain(gateway_classes()))
}

fn listener_sets(count: usize) -> Scene {
    let sets = many(count, |at| {
        named(
            "gateway.networking.k8s.io/v1",
            "ListenerSet",
            &format!("set-{at}"),
            &json!({"parentRef": {"name": "gateway"}}),
        )
    });
    let routes = many(count, |at| {
        let parent = json!([{"kind": "ListenerSet", "name": format!("set-{at}")}]);
        route(&format!("route-{at}"), &parent, &json!([{"name": "edge"}]))
    });
    scene(
        &gateway("gateway", "aws"),
        sets.chain(routes).chain(gateway_classes()),
    )
}

/// Gateways of Istio's class, each with the Service and the workload that istiod makes for it.
fn gateways(count: usize) -> Scene {
    let name = |at| format!("gateway-{at}");
    let labels = |at| json!({"gateway.networking.k8s.io/gateway-name": format!("gateway-{at}"), "part-of": "mesh"});
    let gateways = many(count, move |at| gateway(&name(at), "istio"));
    let services = many(count, move |at| {
        named(
            "v1",
            "Service",
            &format!("gateway-{at}-istio"),
            &json!({"selector": labels(at)}),
        )
    });
    let workloads = many(count, move |at| {
        workload(
            &name(at),
            &labels(at),
            &json!({"args": ["proxy", "router"]}),
        )
    });
    let [_, class] = gateway_classes();
    scene(&class, gateways.chain(services).chain(workloads))
}

fn istio_gateways(count: usize) -> Scene {
    let gateways = many(count, |at| {
        named(
            "networking.istio.io/v1",
            "Gateway",
            &format!("gateway-{at}"),
            &json!({"selector": {"app": "web"}}),
        )
    });
    scene(
        &service("web", "web"),
        gateways.chain([ingress("front", Some("alb"), "web")]),
    )
}

fn services(count: usize) -> Scene {
    let services = many(count, |at| service(&format!("web-{at}"), "web"));
    let labels = json!({"app": "web"});
    scene(
        &workload("web", &labels, &json!({"args": ["proxy", "router"]})),
        services,
    )
}

fn default_classes(count: usize) -> Scene {
    let classes = many(count, |at| class(&format!("class-{at}"), true));
    scene(&ingress("front", None, "edge"), classes)
}
