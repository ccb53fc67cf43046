//! Workloads and Pods: gateways by each kind of evidence, sidecars, waypoints, and ordinary applications.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::pools::{PODS, namespace, one_of, perhaps, pod_labels};
use super::{Metadata, some};

const NAMES: &[&str] = &["app", "istio-ingressgateway", "gw-istio"];

pub(super) fn workload(kind: Kind) -> BoxedStrategy<Value> {
    let is_pod = kind == Kind::Pod;
    let owner = match kind {
        Kind::Pod => "ReplicaSet",
        Kind::ReplicaSet => "Deployment",
        _ => "",
    };
    (
        (namespace(), one_of(if is_pod { PODS } else { NAMES })),
        pod_labels(),
        perhaps(0.25, TEMPLATES),
        containers(),
        prop::option::weighted(0.4, one_of(NAMES)),
    )
        .prop_map(move |((namespace, name), labels, templates, spec, of)| {
            let metadata = Metadata::new(Some(namespace), name);
            let mut object = if is_pod {
                let metadata = Metadata { labels, ..metadata };
                metadata
                    .annotation("inject.istio.io/templates", templates)
                    .object(kind, json!({"spec": spec}))
            } else {
                metadata.object(
                    kind,
                    json!({"spec": {"template": template(&labels, templates, &spec)}}),
                )
            };
            if let Some(name) = of.filter(|_| !owner.is_empty()) {
                object["metadata"]["ownerReferences"] = json!([
                    {"apiVersion": "apps/v1", "kind": owner, "name": name, "controller": true}
                ]);
            }
            object
        })
        .boxed()
}

fn template(labels: &Map<String, Value>, templates: Option<&str>, spec: &Value) -> Value {
    let annotations = templates.map(|value| json!({"inject.istio.io/templates": value}));
    json!({
        "metadata": {"labels": labels, "annotations": some(annotations)},
        "spec": spec,
    })
}

const TEMPLATES: &[&str] = &[
    "gateway",
    "gateway",
    "gateway",
    "gateway,spire",
    " gateway , x",
    "sidecar,gateway",
    "sidecar",
    "gateway,sidecar",
    "gateway,grpc-agent",
    "gateway,",
    "gateway,waypoint",
    "Gateway",
    "notgateway",
    "",
];

/// The containers of a Pod.
fn containers() -> BoxedStrategy<Value> {
    let app = json!({"name": "app", "image": "example.com/app:1"});
    let proxy = |role: &str| json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.30.0", "args": ["proxy", role]});
    let with_app = {
        let app = app.clone();
        move |other: Value| json!({"containers": [app, other]})
    };
    let native = |role: &str, policy: Option<&str>| {
        let mut container = proxy(role);
        container["restartPolicy"] = some(policy);
        json!({"containers": [app.clone()], "initContainers": [container]})
    };
    let edge = json!({"name": "edge", "image": "example.com/proxy:1", "args": ["proxy", "router"]});
    let lone = |image: Value| json!({"containers": [{"name": "istio-proxy", "image": image}]});
    prop::sample::select(vec![
        json!({"containers": [app.clone()]}),
        json!({"containers": [app.clone()]}),
        json!({"containers": [app.clone()]}),
        json!({"containers": [proxy("router")]}),
        json!({"containers": [proxy("router")]}),
        json!({"containers": [proxy("router")]}),
        with_app(edge),
        with_app(proxy("router")),
        with_app(proxy("sidecar")),
        with_app(proxy("sidecar")),
        json!({"containers": [proxy("sidecar")]}),
        json!({"containers": [proxy("waypoint")]}),
        json!({"containers": [proxy("ztunnel")]}),
        native("router", Some("Always")),
        native("router", None),
        native("sidecar", Some("Always")),
        lone(json!("auto")),
        lone(json!("auto")),
        lone(json!("docker.io/istio/proxyv2:1.30.0")),
        lone(json!("example.com/nginx:1")),
    ])
    .boxed()
}
