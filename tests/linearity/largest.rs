//! No object that the API server stores reaches the budget of a review, in the largest world that l7guard is made for: 10,000
//! Ingresses, 20,000 Services and 10,000 workloads in 1,000 namespaces.
//!
//! A request to the API server has at most 3 MiB (kubernetes/apiserver, `pkg/server/config.go`, `MaxRequestBodyBytes`), a
//! request to etcd at most 1.5 MiB (`--max-request-bytes`); annotations together have at most 256 KiB (apimachinery,
//! `pkg/api/validation/objectmeta.go`, `TotalAnnotationSizeLimitB`). An object of 3 MiB is judged, whatever etcd says to it.

use std::sync::Arc;

use l7guard_policy::budget::Budget;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::own::{gateway_classes, route, workload};
use crate::scene::Scene;

/// Bytes of an object, as JSON.
const LARGEST: usize = 3 * 1024 * 1024;
/// Bytes of all annotations together.
const ANNOTATIONS: usize = 256 * 1024;
const NAMESPACES: usize = 1000;

pub(crate) fn trial() -> Trial {
    Trial::test(
        "the largest object of each kind is within the budget",
        check,
    )
}

fn check() -> Result<(), Failed> {
    let world: Vec<Value> = (0..NAMESPACES)
        .flat_map(namespace)
        .chain(classes())
        .collect();
    let world = Scene::world(world);
    for (name, object) in objects() {
        let size = object.to_string().len();
        assert!(size <= LARGEST, "{name} is of {size} bytes");
        let scene = Scene::creation_in(&object, Arc::clone(&world));
        let Some(steps) = scene.prepared().steps() else {
            return Err(format!("{name} takes more than {} steps", Budget::REVIEW).into());
        };
        eprintln!("{name}: {size} bytes, {steps} steps of {}", Budget::REVIEW);
    }
    Ok(())
}

fn classes() -> impl Iterator<Item = Value> {
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
        "spec": {"controller": "ingress.k8s.aws/alb"}});
    gateway_classes().into_iter().chain([class])
}

/// 10 Ingresses, 20 Services and 10 workloads, one of them a gateway. Applications share labels, as charts write them; every
/// Ingress leads to the first Service, and there is a Gateway beside.
fn namespace(number: usize) -> Vec<Value> {
    let name = if number == 0 {
        "shop".to_owned()
    } else {
        format!("team-{number}")
    };
    let labels =
        |app: usize| json!({"app": format!("web-{app}"), "app.kubernetes.io/part-of": "shop"});
    let workloads = (0..10).map(|app| {
        let args = if app == 0 {
            json!(["proxy", "router"])
        } else {
            json!(["serve"])
        };
        workload(&format!("web-{app}"), &labels(app), &json!({"args": args}))
    });
    let services = (0..20).map(|at| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("web-{at}")},
            "spec": {"selector": labels(at % 10)}})
    });
    let ingresses = (0..10).map(|at| {
        let paths: Vec<Value> = (0..3)
            .map(|path| service_path(&format!("web-{}", at * path)))
            .collect();
        let mut ingress = ingress(&json!({}), &paths.into());
        ingress["metadata"]["name"] = json!(format!("front-{at}"));
        ingress
    });
    let class = ["aws", "istio"][number % 2];
    let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "gateway"}, "spec": {"gatewayClassName": class}});
    let objects = workloads.chain(services).chain(ingresses);
    let mut objects: Vec<Value> = objects.chain([gateway]).collect();
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(name);
    }
    objects
}

fn ingress(annotations: &Value, paths: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "largest", "annotations": annotations},
        "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": paths}}]}})
}

fn service_path(service: &str) -> Value {
    json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}})
}

/// As many elements as have room.
fn fill(room: usize, element: impl Fn(usize) -> Value) -> Value {
    let (mut list, mut length) = (Vec::new(), 1024);
    loop {
        let next = element(list.len());
        length += next.to_string().len() + 1;
        if length > room {
            return list.into();
        }
        list.push(next);
    }
}

/// As many entries as have room.
fn fill_map(room: usize, entry: impl Fn(usize) -> (String, Value)) -> Value {
    let pairs = fill(room, |at| {
        let (key, value) = entry(at);
        json!([key, value])
    });
    let pairs = pairs.as_array().into_iter().flatten();
    let entries = pairs.map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()));
    Value::Object(entries.collect())
}

fn objects() -> Vec<(&'static str, Value)> {
    let service = |spec: &Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web-0"}, "spec": spec});
    let gateway_api = |kind: &str, spec: &Value| json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "largest"}, "spec": spec});
    let groups = |at: usize| json!({"targetGroupARN": format!("arn:{at}"), "weight": 1});
    let action =
        json!({"type": "forward", "forwardConfig": {"targetGroups": fill(ANNOTATIONS, groups)}});
    let use_annotation = json!([{"path": "/", "backend": {"service": {"name": "all", "port": {"name": "use-annotation"}}}}]);
    let binding_labels = fill_map(LARGEST, |at| (format!("ingress.k8s.aws/l{at}"), json!("x")));
    vec![
        (
            "an Ingress of paths to missing Services",
            ingress(
                &json!({}),
                &fill(LARGEST, |at| service_path(&format!("s{at}"))),
            ),
        ),
        (
            "an Ingress of paths to Services that exist",
            ingress(
                &json!({}),
                &fill(LARGEST, |at| service_path(&format!("web-{}", at % 20))),
            ),
        ),
        (
            "an Ingress of actions",
            ingress(
                &json!({"alb.ingress.kubernetes.io/actions.all": action.to_string()}),
                &use_annotation,
            ),
        ),
        (
            "a Service of selectors",
            service(&json!({"selector": fill_map(LARGEST, |at| (format!("l{at}"), json!("x")))})),
        ),
        (
            "a Service of ports",
            service(
                &json!({"type": "LoadBalancer", "selector": {"app": "web-0"},
            "ports": fill(LARGEST, |at| json!({"name": format!("p{at}"), "port": at % 65535 + 1}))}),
            ),
        ),
        (
            "a class of all Ingresses",
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
            "spec": {"controller": "eks.amazonaws.com/alb"}}),
        ),
        (
            "a class of Gateways",
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "istio"},
            "spec": {"controllerName": "istio.io/gateway-controller"}}),
        ),
        (
            "a Gateway of addresses",
            gateway_api(
                "Gateway",
                &json!({"gatewayClassName": "istio",
            "addresses": fill(LARGEST, |at| json!({"type": "Hostname", "value": format!("web-{at}")}))}),
            ),
        ),
        (
            "a ListenerSet",
            gateway_api(
                "ListenerSet",
                &json!({"parentRef": {"name": "gateway"},
            "listeners": fill(LARGEST, |at| json!({"name": format!("l{at}"), "port": 80}))}),
            ),
        ),
        (
            "a route of backends",
            route(
                "largest",
                &json!([{"name": "gateway"}]),
                &fill(
                    LARGEST,
                    |at| json!({"name": format!("s{at}"), "namespace": format!("team-{}", at % NAMESPACES)}),
                ),
            ),
        ),
        (
            "a route of parents",
            route(
                "largest",
                &fill(LARGEST, |at| json!({"name": format!("g{at}")})),
                &json!([{"name": "web-0"}]),
            ),
        ),
        (
            "a binding of labels",
            json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
            "metadata": {"name": "largest", "labels": binding_labels},
            "spec": {"serviceRef": {"name": "web-0"}, "targetGroupName": "group"}}),
        ),
    ]
}
