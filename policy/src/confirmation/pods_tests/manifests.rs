//! Pods, and what owns them.

use serde_json::{Value, json};

use super::super::tests::{deployment, named};

pub(super) const GATEWAY: &[&str] = &["proxy", "router"];
pub(super) const APPLICATION: &[&str] = &["--port=80"];

/// A UID.
pub(super) fn uid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

pub(super) fn with_uid(mut object: Value, number: usize) -> Value {
    object["metadata"]["uid"] = json!(uid(number));
    object
}

pub(super) fn owned_by(mut object: Value, kind: &str, name: &str, number: usize) -> Value {
    object["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(number), "controller": true},
    ]);
    object
}

pub(super) fn pod(name: &str, args: &[&str]) -> Value {
    let spec = json!({"containers": [{"name": "main", "image": "main", "args": args}]});
    let mut pod = named("v1", "Pod", name, &spec);
    pod["metadata"]["labels"] = json!({"app": "web", "pod-template-hash": name});
    pod
}

pub(super) fn replica_set(name: &str, number: usize, args: &[&str]) -> Value {
    let mut set = deployment("web", args);
    set["kind"] = json!("ReplicaSet");
    set["metadata"]["name"] = json!(name);
    owned_by(with_uid(set, number), "Deployment", "web", 1)
}

/// A StatefulSet or DaemonSet of the application that has rolled out its template.
pub(super) fn set(kind: &str, number: usize) -> Value {
    let mut set = with_uid(deployment("set", APPLICATION), number);
    set["kind"] = json!(kind);
    set["metadata"]["generation"] = json!(2);
    set["spec"]["template"]["metadata"]["labels"] = json!({"app": "web"});
    set["status"] = json!({
        "observedGeneration": 2, "updateRevision": "new",
        "currentNumberScheduled": 1, "updatedNumberScheduled": 1, "numberMisscheduled": 0,
    });
    set
}

pub(super) fn pod_of_set(kind: &str, revision: &str, args: &[&str]) -> Value {
    let mut pod = owned_by(pod("set-0", args), kind, "set", 20);
    pod["metadata"]["labels"]["controller-revision-hash"] = json!(revision);
    pod
}
