//! What a workload may hold many of: of its command lines, and of what its Pods bear.

use serde_json::{Value, json};

use crate::Dimension;
use crate::own::{entries, ingress, list, workload, world};
use crate::scene::Scene;

pub(crate) fn dimensions() -> Vec<Dimension> {
    let of = |name, scene| Dimension { name, scene };
    vec![
        of("args", |n| container(&json!({"args": words(n)}))),
        of("args of the proxy", |n| {
            let args = [vec!["proxy".to_owned()], words(n)].concat();
            container(&json!({"name": "istio-proxy", "args": args}))
        }),
        of("words of a script", script),
        of("flags of one letter", |n| {
            container(&json!({"args": ["proxy", format!("-{}", "x".repeat(n))]}))
        }),
        of("env", env),
        of("references in args", references),
        of("env that doubles", doubling),
        of("containers", containers),
        of("labels of a Pod", pod_labels),
        of("containers of an override", overrides),
        of("injection templates", templates),
        of("owners", owners),
    ]
}

fn words(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("--flag-{at}=x")).collect()
}

/// A workload of one container behind the Service `edge`, to which an Ingress routes.
fn container(container: &Value) -> Scene {
    let workload = workload("edge-2", &json!({"app": "edge"}), container);
    let front = ingress(&json!({}), &json!([]));
    Scene::creation(&workload, world().into_iter().chain([front]))
}

fn script(count: usize) -> Scene {
    let script = format!("exec pilot-agent proxy {} router", "--x=y ".repeat(count));
    container(&json!({"command": ["sh", "-c", script]}))
}

fn env(count: usize) -> Scene {
    let env = list(
        count,
        |at| json!({"name": format!("NAME_{at}"), "value": format!("$(NAME_{})-x", at / 2)}),
    );
    container(&json!({"args": ["proxy", "$(NAME_7)"], "env": env}))
}

fn references(count: usize) -> Scene {
    let args = list(count, |_| json!("$(LONG)"));
    let env = json!([{"name": "LONG", "value": "x".repeat(4096)}]);
    container(&json!({"args": args, "env": env}))
}

/// Each variable is the one before it, twice.
fn doubling(count: usize) -> Scene {
    let count = count / 50;
    let env = list(count, |at| match at {
        0 => json!({"name": "NAME_0", "value": "x"}),
        _ => {
            json!({"name": format!("NAME_{at}"), "value": format!("$(NAME_{0})$(NAME_{0})", at - 1)})
        }
    });
    container(&json!({"args": ["proxy", format!("$(NAME_{})", count - 1)], "env": env}))
}

fn containers(count: usize) -> Scene {
    let mut workload = workload("edge-2", &json!({"app": "edge"}), &json!({}));
    workload["spec"]["template"]["spec"]["containers"] = list(
        count,
        |at| json!({"name": format!("c-{at}"), "args": ["proxy", "sidecar"]}),
    );
    Scene::creation(&workload, world())
}

fn pod_labels(count: usize) -> Scene {
    let mut labels = entries(count, |at| (format!("label-{at}"), json!("x")));
    labels["app"] = json!("edge");
    let workload = workload("edge-2", &labels, &json!({}));
    labels["app"] = json!("other");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": labels}});
    Scene::creation(&workload, world().into_iter().chain([service]))
}

fn with_pod_annotation(key: &str, value: &str) -> Scene {
    let mut workload = workload(
        "edge-2",
        &json!({"app": "edge"}),
        &json!({"name": "istio-proxy", "image": "auto"}),
    );
    workload["spec"]["template"]["metadata"]["annotations"] = json!({key: value});
    Scene::creation(&workload, world())
}

fn overrides(count: usize) -> Scene {
    let containers = list(
        count,
        |at| json!({"name": format!("c-{at}"), "args": ["proxy", "sidecar"]}),
    );
    with_pod_annotation(
        "proxy.istio.io/overrides",
        &json!({"containers": containers}).to_string(),
    )
}

fn templates(count: usize) -> Scene {
    with_pod_annotation(
        "inject.istio.io/templates",
        &vec!["gateway"; count].join(","),
    )
}

fn owners(count: usize) -> Scene {
    let mut workload = workload("edge-2", &json!({"app": "edge"}), &json!({}));
    workload["metadata"]["ownerReferences"] = list(
        count,
        |at| json!({"kind": "Deployment", "name": format!("owner-{at}")}),
    );
    Scene::creation(&workload, world())
}
