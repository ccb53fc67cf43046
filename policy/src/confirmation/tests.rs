//! What a review costs: which queries are asked first for which change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{LiveQuery, LiveRead, PodSelection, Review, Step};
use crate::budget::Budget;
use crate::configuration::{Configuration, Date};
use crate::identity::Kind;
use crate::inventory::{Inventory, Scope};
use crate::objects::{Naming, Object, Source, read};
use crate::verdict::Change;

pub(super) fn object(manifest: &Value) -> Object {
    let naming = Naming {
        api_version: manifest["apiVersion"].as_str().unwrap_or_default(),
        kind: manifest["kind"].as_str().unwrap_or_default(),
        default_namespace: "shop",
        default_name: "",
    };
    read(naming, Source::Value(manifest)).unwrap().unwrap()
}

pub(super) fn named(version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

pub(super) fn ingress(class: &str, service: &str) -> Value {
    let spec = json!({"ingressClassName": class, "defaultBackend": {"service": {"name": service}}});
    named("networking.k8s.io/v1", "Ingress", "front", &spec)
}

pub(super) fn service(name: &str, app: &str) -> Value {
    named("v1", "Service", name, &json!({"selector": {"app": app}}))
}

pub(super) fn deployment(app: &str, args: &[&str]) -> Value {
    let template = json!({
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": "main", "args": args}]},
    });
    named("apps/v1", "Deployment", app, &json!({"template": template}))
}

pub(super) fn route(gateway: &str, service: &str) -> Value {
    let spec =
        json!({"parentRefs": [{"name": gateway}], "rules": [{"backendRefs": [{"name": service}]}]});
    named("gateway.networking.k8s.io/v1", "HTTPRoute", "front", &spec)
}

pub(super) fn binding(protocol: &str, service: &str) -> Value {
    let spec = json!({"targetGroupARN": "arn:aws:x:targetgroup/web/1", "targetGroupProtocol": protocol, "serviceRef": {"name": service}});
    named(
        "elbv2.k8s.aws/v1beta1",
        "TargetGroupBinding",
        "front",
        &spec,
    )
}

pub(super) fn gateway_class(name: &str, controller: &str) -> Value {
    let version = "gateway.networking.k8s.io/v1";
    named(
        version,
        "GatewayClass",
        name,
        &json!({"controllerName": controller}),
    )
}

fn classes() -> [Value; 7] {
    let class = |name, controller| {
        named(
            "networking.k8s.io/v1",
            "IngressClass",
            name,
            &json!({"controller": controller}),
        )
    };
    let version = "gateway.networking.k8s.io/v1";
    let gateway = |name| named(version, "Gateway", name, &json!({"gatewayClassName": name}));
    [
        class("alb", "ingress.k8s.aws/alb"),
        class("nginx", "k8s.io/ingress-nginx"),
        gateway_class("aws", "gateway.k8s.aws/alb"),
        gateway_class("mesh", "istio.io/gateway-controller"),
        gateway("aws"),
        gateway("mesh"),
        gateway_class("other", "example.com/gateway"),
    ]
}

/// An application whose injected proxy an annotation makes a router.
fn overridden(app: &str) -> Value {
    let mut deployment = deployment(app, &["--port=80"]);
    deployment["spec"]["template"]["metadata"]["annotations"] = json!({
        "proxy.istio.io/overrides": r#"{"containers":[{"name":"istio-proxy","args":["proxy","router"]}]}"#,
    });
    deployment
}

/// A cluster with classes of every kind, an Istio gateway `edge`, an application `web`, and one whose proxy is
/// overridden, `till`, each behind a Service.
fn cluster() -> Inventory {
    let behind = [
        overridden("till"),
        service("till", "till"),
        deployment("edge", &["proxy", "router"]),
        deployment("web", &["--port=80"]),
        service("edge", "edge"),
        service("web", "web"),
    ];
    let mut inventory = Inventory::new();
    for manifest in behind.iter().chain(&classes()) {
        inventory.apply(object(manifest));
    }
    inventory
}

/// The queries of the first round, in words.
fn asked(old: Option<&Value>, new: &Value) -> Vec<String> {
    asked_after(Vec::new(), old, new)
}

/// The queries that are left after some reads.
fn asked_after(answers: Vec<LiveRead>, old: Option<&Value>, new: &Value) -> Vec<String> {
    let change = Change {
        old: old.map(object),
        new: object(new),
    };
    let configuration = Configuration::default();
    let mut review = Review::new(&configuration, &change, Date::MIN);
    let asked = match review.next(&Budget::unlimited(), &cluster(), answers) {
        Ok(Step::Read(open)) => open,
        Ok(Step::Done(_)) => BTreeSet::new(),
        Err(error) => panic!("{error}"),
    };
    let asked = asked.iter().map(|query| match query {
        LiveQuery::Object(key) => key.to_string(),
        LiveQuery::Objects(kind, scope) => format!("all {kind} of {scope:?}"),
        LiveQuery::Pods(pods) => format!("Pods {}", in_words(pods)),
        LiveQuery::PodMetadata(pods) => format!("metadata of Pods {}", in_words(pods)),
        LiveQuery::Revision(key) => format!("revision {key}"),
        LiveQuery::Aliases => "aliases".to_owned(),
    });
    asked.collect()
}

fn in_words(pods: &PodSelection) -> String {
    let labels = pods.labels.to_selector_string();
    format!("{labels} of {}", pods.namespace)
}

const NOTHING: [&str; 0] = [];

#[test]
fn with_neither_end_in_sight_nothing_is_asked() {
    let created = [
        (
            "another controller's Ingress to an application",
            ingress("nginx", "web"),
        ),
        ("a route of a mesh to an application", route("mesh", "web")),
        (
            "a binding of a Network Load Balancer to an application",
            binding("TCP", "web"),
        ),
        (
            "a binding of a Network Load Balancer to a gateway",
            binding("TCP", "edge"),
        ),
        ("another controller's class", classes()[1].clone()),
        ("a class that makes no load balancer", classes()[6].clone()),
    ];
    for (what, new) in created {
        assert_eq!(asked(None, &new), NOTHING, "{what}");
    }
}

#[test]
fn a_namespace_is_asked_for_only_where_an_annotation_overrides_an_injected_proxy() {
    let asks =
        |service| asked(None, &ingress("alb", service)).contains(&"Namespace shop".to_owned());
    assert!(asks("till"));
    assert!(!asks("edge"));
    assert!(!asks("web"));
}

#[test]
fn an_update_of_what_no_rule_reads_asks_nothing() {
    for old in [
        ingress("alb", "edge"),
        service("edge", "edge"),
        route("aws", "edge"),
        binding("HTTP", "edge"),
    ] {
        let mut new = old.clone();
        new["metadata"]["labels"] = json!({"team": "shop"});
        assert_eq!(asked(Some(&old), &new), NOTHING, "{old}");
    }
}

#[test]
fn a_service_that_selects_an_application_since_this_change_asks_for_it_by_name_and_for_its_pods() {
    let behind = ["Deployment shop/web", "metadata of Pods app=web of shop"];
    assert_eq!(asked(None, &service("new", "web")), behind);
    let change = (service("web", "edge"), service("web", "web"));
    assert_eq!(asked(Some(&change.0), &change.1), behind);
    let mut ports = change.1.clone();
    ports["spec"]["ports"] = json!([{"port": 80}]);
    assert_eq!(asked(Some(&change.1), &ports), NOTHING);
}

#[test]
fn a_class_of_istio_asks_for_its_gateways_and_then_for_what_may_be_made_for_them() {
    let class = &classes()[3];
    let asked = asked(None, class);
    assert!(
        asked.contains(&"all Gateway of Cluster".to_owned()),
        "{asked:?}"
    );
    assert!(
        !asked.iter().any(|asked| asked.contains("Deployment")),
        "{asked:?}"
    );
    let of_class = |count: usize| {
        let gateways = (0..count).map(|number| {
            let mut gateway = classes()[5].clone();
            gateway["metadata"] = json!({"name": "mesh", "namespace": format!("team-{number}")});
            object(&gateway)
        });
        let all = LiveQuery::Objects(Kind::Gateway, Scope::Cluster);
        asked_after(
            vec![(all, gateways.collect::<Vec<_>>().into())],
            None,
            class,
        )
    };
    let asked = of_class(1);
    for query in [
        "all Service of Namespace(\"team-0\")",
        "all Deployment of Namespace(\"team-0\")",
        "Pods gateway.networking.k8s.io/gateway-name=mesh of team-0",
    ] {
        assert!(
            asked.iter().any(|asked| asked == query),
            "{query}: {asked:?}"
        );
    }
    let is_of_pods = |query: &String| query.starts_with("Pods");
    assert_eq!(asked.into_iter().filter(is_of_pods).count(), 2);
    assert_eq!(of_class(16).into_iter().filter(is_of_pods).count(), 32);
    assert_eq!(of_class(17).into_iter().filter(is_of_pods).count(), 0);
}

#[test]
fn a_gateway_and_a_listener_set_of_another_class_ask_for_it_by_name_and_nothing_else() {
    let mut gateway = classes()[4].clone();
    gateway["spec"]["gatewayClassName"] = json!("other");
    assert_eq!(asked(None, &gateway), ["GatewayClass other"]);
    let set = named(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        "more",
        &json!({"parentRef": {"name": "aws"}}),
    );
    assert_eq!(asked(None, &set), ["Gateway shop/aws"]);
}

#[test]
fn of_gateways_that_istio_makes_alone_workloads_are_asked_for() {
    let [_, _, aws, mesh, aws_gateway, mesh_gateway, _] = classes();
    for (class, gateway, is_istios) in [(aws, aws_gateway, false), (mesh, mesh_gateway, true)] {
        let class = object(&class);
        let answer = (LiveQuery::Object(class.key.clone()), vec![class].into());
        let asked = asked_after(vec![answer], None, &gateway);
        let asks = |what: &str| asked.iter().any(|query| query.starts_with(what));
        assert!(asks("all HTTPRoute of Cluster"), "{asked:?}");
        assert_eq!(asks("all Deployment"), is_istios, "{asked:?}");
        assert_eq!(asks("Pods"), is_istios, "{asked:?}");
        assert_eq!(asks("aliases"), is_istios, "{asked:?}");
    }
}

#[test]
fn an_alb_before_an_application_asks_for_what_is_known_by_name_and_for_its_pods() {
    let behind = [
        "Service shop/web",
        "Deployment shop/web",
        "metadata of Pods app=web of shop",
    ];
    for new in [
        ingress("alb", "web"),
        route("aws", "web"),
        binding("HTTP", "web"),
    ] {
        let mut asked = asked(None, &new);
        asked.sort_by_key(|query| !query.starts_with("Service"));
        assert_eq!(asked, behind, "{new}");
    }
}

#[test]
fn another_load_balancer_before_a_gateway_asks_for_its_class_by_name() {
    assert_eq!(
        asked(None, &ingress("nginx", "edge")),
        ["IngressClass nginx"]
    );
    assert_eq!(
        asked(None, &route("mesh", "edge")),
        ["GatewayClass mesh", "Gateway shop/mesh"]
    );
}

#[test]
fn a_service_without_workload_asks_for_nothing_in_other_namespaces_but_gateways() {
    let asked = asked(None, &service("new", "new"));
    let of_cluster: Vec<&String> = asked
        .iter()
        .filter(|query| query.contains("Cluster"))
        .collect();
    assert_eq!(
        of_cluster,
        ["all Gateway of Cluster", "all Gateway of Cluster"],
        "{asked:?}"
    );
    assert!(
        !asked.iter().any(|query| query.contains("Route")),
        "{asked:?}"
    );
}

#[test]
fn a_service_that_asks_for_a_load_balancer_asks_for_its_workload() {
    let mut new = service("new", "web");
    new["spec"]["type"] = json!("LoadBalancer");
    let behind = ["Deployment shop/web", "metadata of Pods app=web of shop"];
    assert_eq!(asked(None, &new), behind);
}
