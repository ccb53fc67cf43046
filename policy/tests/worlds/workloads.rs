//! Workloads and Pods: gateways by each kind of evidence, sidecars, waypoints, and ordinary applications.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

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
        (perhaps(0.25, TEMPLATES), injection()),
        containers(),
        prop::option::weighted(0.4, one_of(NAMES)),
    )
        .prop_map(
            move |((namespace, name), mut labels, (templates, injection), mut spec, of)| {
                if let Some(label) = injection.label {
                    labels.insert("sidecar.istio.io/inject".to_owned(), label.into());
                }
                if let Some(revision) = injection.revision {
                    labels.insert("istio.io/rev".to_owned(), revision.into());
                }
                if injection.is_on_host_network {
                    spec["hostNetwork"] = true.into();
                }
                let annotations = json!({
                    "inject.istio.io/templates": some(templates),
                    "proxy.istio.io/overrides": some(injection.overrides),
                    "sidecar.istio.io/inject": some(injection.annotation),
                });
                let metadata = Metadata::new(Some(namespace), name);
                let mut object = if is_pod {
                    let metadata = Metadata { labels, ..metadata };
                    let mut pod = metadata.object(kind, json!({"spec": spec}));
                    pod["metadata"]["annotations"] = annotations;
                    pod
                } else {
                    metadata.object(
                        kind,
                        json!({"spec": {"template": {
                            "metadata": {"labels": labels, "annotations": annotations},
                            "spec": spec,
                        }}}),
                    )
                };
                if let Some(name) = of.filter(|_| !owner.is_empty()) {
                    object["metadata"]["ownerReferences"] = json!([
                        {"apiVersion": "apps/v1", "kind": owner, "name": name, "controller": true}
                    ]);
                }
                object
            },
        )
        .boxed()
}

/// What a Pod says of its injection.
#[derive(Clone, Debug)]
struct InjectionMarks {
    overrides: Option<&'static str>,
    label: Option<&'static str>,
    annotation: Option<&'static str>,
    revision: Option<&'static str>,
    is_on_host_network: bool,
}

fn injection() -> impl Strategy<Value = InjectionMarks> {
    (
        perhaps(0.2, OVERRIDES),
        perhaps(0.2, &["true", "true", "false", ""]),
        perhaps(0.1, &["true", "false"]),
        perhaps(0.1, &["canary"]),
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(overrides, label, annotation, revision, is_on_host_network)| InjectionMarks {
                overrides,
                label,
                annotation,
                revision,
                is_on_host_network,
            },
        )
}

/// Their last word says the role.
const OVERRIDES: &[&str] = &[
    r#"{"containers":[{"name":"istio-proxy","args":["proxy","router"]}]}"#,
    r#"{"containers":[{"name":"istio-proxy","args":["proxy","router"]}]}"#,
    r#"{"containers":[{"name":"istio-proxy","args":["proxy","sidecar"]}]}"#,
    r#"{"containers":[{"name":"istio-proxy","command":["pilot-agent","proxy","sidecar"]}]}"#,
    r#"{"containers":[{"name":"istio-proxy","args":["proxy","$(ROLE)"]}]}"#,
    r#"{"containers":[{"name":"istio-proxy","image":"example.com/proxy:1"}]}"#,
];

/// A Namespace, which may switch injection on or off.
pub(super) fn namespace_object() -> BoxedStrategy<Value> {
    (
        namespace(),
        perhaps(0.6, &["enabled", "disabled", "disabled", "odd"]),
        perhaps(0.2, &["canary"]),
    )
        .prop_map(|(name, injection, revision)| {
            Metadata::new(None, name)
                .label("istio-injection", injection)
                .label("istio.io/rev", revision)
                .object(Kind::Namespace, json!({}))
        })
        .boxed()
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
    let by_command =
        |command: &[&str]| json!({"name": "istio-proxy", "image": "auto", "command": command});
    let variable = |rest: Value| {
        let mut container = json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.30.0", "args": ["proxy", "$(ROLE)"]});
        for (key, value) in rest.as_object().into_iter().flatten() {
            container[key] = value.clone();
        }
        container
    };
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
        with_app(json!({"name": "istio-proxy", "image": "example.com/edge:1"})),
        with_app(by_command(&["pilot-agent", "proxy", "sidecar"])),
        with_app(by_command(&["envoy", "-c", "/etc/edge.yaml"])),
        with_app(by_command(&["sh", "-c", "exec \"$@\""])),
        with_app(json!({"name": "edge", "image": "docker.io/istio/proxyv2:1.30.0", "command": ["/start.sh"]})),
        with_app(json!({"name": "edge", "image": "example.com/edge:1", "command": ["/start.sh"]})),
        with_app(variable(json!({"env": [{"name": "ROLE", "value": "router"}]}))),
        with_app(variable(json!({"env": [{"name": "ROLE", "value": "sidecar"}]}))),
        with_app(variable(json!({"env": [{"name": "ROLE", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}))),
        with_app(variable(json!({"envFrom": [{"configMapRef": {"name": "c"}}]}))),
        with_app(variable(json!({}))),
    ])
    .boxed()
}
