//! What is known is not what is there: whether the answers to the queries lead to the verdict on what is there.

use serde_json::{Value, json};

use super::tests::{binding, deployment, gateway_class, ingress, named, object, route, service};
use super::{LiveQuery, Review, Step};
use crate::budget::Budget;
use crate::configuration::{Configuration, Date};
use crate::inventory::{Inventory, Scope, World};
use crate::objects::{Facts, Object};
use crate::verdict::Change;

/// Whether the creation of an object is refused, while `known` is known and `there` is there.
fn is_refused(known: &[Value], there: &[Value], new: &Value) -> bool {
    let inventory_of = |manifests: &[Value]| {
        let mut inventory = Inventory::new();
        for manifest in manifests {
            inventory.apply(object(manifest));
        }
        inventory
    };
    let (known, there) = (inventory_of(known), inventory_of(there));
    let configuration = Configuration::default();
    let change = Change {
        old: None,
        new: object(new),
    };
    let mut review = Review::new(&configuration, &change, Date::MIN);
    let mut answers = Vec::new();
    loop {
        match review.next(&Budget::unlimited(), &known, answers).unwrap() {
            Step::Done(verdict) => return verdict.is_denied(),
            Step::Read(open) => {
                let answered = open.into_iter().map(|query| {
                    let found = found(&there, &query);
                    (query, found.into())
                });
                answers = answered.collect();
            }
        }
    }
}

fn found(there: &Inventory, query: &LiveQuery) -> Vec<Object> {
    let answers = |object: &&Object| match query {
        LiveQuery::Object(key) => object.key == *key,
        LiveQuery::Objects(kind, Scope::Cluster) => object.key.kind == *kind,
        LiveQuery::Objects(kind, Scope::Namespace(namespace)) => {
            object.key.kind == *kind && object.key.namespace == *namespace
        }
        LiveQuery::Aliases => {
            matches!(&object.facts, Facts::Service(service) if service.external_name.is_some())
        }
        LiveQuery::Pods(_) | LiveQuery::PodMetadata(_) | LiveQuery::Revision(_) => false,
    };
    World::new(there)
        .objects()
        .filter(answers)
        .cloned()
        .collect()
}

fn alb() -> Value {
    let controller = json!({"controller": "ingress.k8s.aws/alb"});
    named("networking.k8s.io/v1", "IngressClass", "alb", &controller)
}

fn gateway(name: &str, class: &str) -> Value {
    let spec = json!({"gatewayClassName": class});
    named("gateway.networking.k8s.io/v1", "Gateway", name, &spec)
}

/// A workload that is a gateway's only by the Gateway that its label names.
fn made_for(gateway: &str) -> Value {
    let mut made = deployment("edge", &["serve"]);
    made["spec"]["template"]["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] =
        json!(gateway);
    made
}

const GATEWAY: &[&str] = &["proxy", "router"];
const APPLICATION: &[&str] = &["--port=80"];

#[test]
fn a_service_of_an_application_that_made_way_for_a_gateway_is_refused_whichever_comes_last() {
    let known = [alb(), deployment("edge", APPLICATION)];
    let there = [alb(), deployment("edge", GATEWAY)];
    let (front, ingress) = (service("front", "edge"), ingress("alb", "front"));
    for (written, last) in [(&ingress, &front), (&front, &ingress)] {
        let there = [there.as_slice(), std::slice::from_ref(written)].concat();
        assert!(is_refused(&known, &there, last), "{last}");
    }
}

#[test]
fn a_service_of_a_gateway_that_made_way_for_an_application_is_accepted_whichever_comes_last() {
    let known = [alb(), deployment("edge", GATEWAY)];
    let there = [alb(), deployment("edge", APPLICATION)];
    let (front, ingress) = (service("front", "edge"), ingress("alb", "front"));
    for (written, last) in [(&ingress, &front), (&front, &ingress)] {
        let there = [there.as_slice(), std::slice::from_ref(written)].concat();
        assert!(!is_refused(&known, &there, last), "{last}");
    }
}

#[test]
fn a_class_that_makes_a_workload_a_gateway_is_refused_before_an_alb_that_is_not_known() {
    let label = json!({"gateway.networking.k8s.io/gateway-name": "public"});
    let by_label = named("v1", "Service", "front", &json!({"selector": label}));
    let istio = gateway_class("mesh", "istio.io/gateway-controller");
    let known = [alb(), made_for("public"), gateway("public", "mesh")];
    for front in [by_label, service("front", "edge")] {
        let unseen = [front, ingress("alb", "front")];
        let there = [known.as_slice(), &unseen].concat();
        assert!(is_refused(&known, &there, &istio), "{there:?}");
        assert!(!is_refused(
            &known,
            &there,
            &gateway_class("mesh", "example.com/gateway")
        ));
        // Nothing but the Ingress's class is known.
        assert!(is_refused(&known[..1], &there, &istio), "{there:?}");
    }
}

#[test]
fn a_gateway_that_makes_a_workload_a_gateway_is_refused_before_an_alb_that_is_not_known() {
    let there = [
        alb(),
        made_for("public"),
        service("front", "edge"),
        ingress("alb", "front"),
    ];
    assert!(is_refused(&there[..1], &there, &gateway("public", "istio")));
}

#[test]
fn what_makes_a_service_a_gateways_is_refused_behind_an_alias_that_is_not_known() {
    let elsewhere = |mut manifest: Value| {
        manifest["metadata"]["namespace"] = json!("elsewhere");
        manifest
    };
    let label = json!({"gateway.networking.k8s.io/gateway-name": "public"});
    let alias = json!({"type": "ExternalName", "externalName": "edge.shop.svc.cluster.local"});
    let fronts = [
        ingress("alb", "front"),
        binding("HTTP", "front"),
        route("aws", "front"),
    ];
    let known = [
        alb(),
        named("v1", "Service", "edge", &json!({"selector": label})),
    ];
    let (istio, mesh) = ("istio.io/gateway-controller", gateway("public", "mesh"));
    let aws = [
        gateway_class("aws", "gateway.k8s.aws/alb"),
        elsewhere(gateway("aws", "aws")),
    ];
    for front in fronts.map(elsewhere) {
        let unseen = [elsewhere(named("v1", "Service", "front", &alias)), front];
        let there = [&known[..], &aws, &unseen].concat();
        let gateway = gateway("public", "istio");
        assert!(is_refused(&known, &there, &gateway), "{unseen:?}");
        let there = [&there[..], std::slice::from_ref(&mesh)].concat();
        let class = |controller| gateway_class("mesh", controller);
        assert!(is_refused(&known, &there, &class(istio)), "{unseen:?}");
        let other = class("example.com/gateway");
        assert!(!is_refused(&known, &there, &other), "{unseen:?}");
    }
}

#[test]
fn a_gateway_whose_class_is_an_albs_since_a_moment_is_refused_before_a_route_that_is_not_known() {
    let known = [
        deployment("edge", GATEWAY),
        service("front", "edge"),
        gateway_class("aws", "example.com/gateway"),
    ];
    let mut there = known.to_vec();
    there[2] = gateway_class("aws", "gateway.k8s.aws/alb");
    there.push(route("public", "front"));
    assert!(is_refused(&known, &there, &gateway("public", "aws")));
    there[2] = gateway_class("aws", "example.com/other");
    assert!(!is_refused(&known, &there, &gateway("public", "aws")));
}

#[test]
fn an_alias_is_refused_for_endpoints_by_hand_that_are_not_known() {
    let mut pod = named("v1", "Pod", "edge", &json!({}));
    pod["spec"] = json!({"containers": [{"name": "main", "args": GATEWAY}]});
    let slice = |service: &str| {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "edge", "labels": {"kubernetes.io/service-name": service}},
            "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "edge"}}],
        })
    };
    for target in ["missing.shop.svc.cluster.local", "example.com"] {
        let known = [alb(), ingress("alb", "front")];
        let spec = json!({"type": "ExternalName", "externalName": target});
        let front = named("v1", "Service", "front", &spec);
        let there = |service| [&known[..], &[pod.clone(), slice(service)]].concat();
        assert!(is_refused(&known, &there("front"), &front), "{target}");
        assert!(!is_refused(&known, &there("other"), &front), "{target}");
    }
}
