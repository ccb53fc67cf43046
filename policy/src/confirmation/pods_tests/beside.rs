//! What may stand beside an application.

use serde_json::{Value, json};

use super::manifests::{APPLICATION, owned_by, pod, pod_of_set, replica_set, set};

pub(super) type Scene = (&'static str, fn(&[&str]) -> Vec<Value>);

/// What stands beside the application, made with the arguments of a gateway or of an application.
pub(super) const BESIDE: &[Scene] = &[
    ("a bare Pod", |args| vec![pod("bare", args)]),
    ("a Pod of a Job", |args| {
        vec![owned_by(pod("job-a", args), "Job", "job", 9)]
    }),
    ("a Pod of a ReplicationController", |args| {
        vec![owned_by(
            pod("rc-a", args),
            "ReplicationController",
            "rc",
            9,
        )]
    }),
    ("a Pod of a kind that nobody knows", |args| {
        vec![owned_by(pod("clone-a", args), "CloneSet", "clone", 9)]
    }),
    ("a Pod of an older ReplicaSet of the Deployment", |args| {
        vec![
            replica_set("web-0", 3, args),
            owned_by(pod("web-0-a", args), "ReplicaSet", "web-0", 3),
        ]
    }),
    ("a Pod of a ReplicaSet that is gone", |args| {
        vec![owned_by(pod("web-9-a", args), "ReplicaSet", "web-9", 9)]
    }),
    (
        "a Pod of a ReplicaSet that was made again under its name",
        |args| vec![owned_by(pod("web-1-b", args), "ReplicaSet", "web-1", 9)],
    ),
    (
        "a Pod of a ReplicaSet whose Deployment was made again under its name",
        |args| {
            let orphan = owned_by(replica_set("web-0", 3, APPLICATION), "Deployment", "web", 9);
            vec![
                orphan,
                owned_by(pod("web-0-a", args), "ReplicaSet", "web-0", 3),
            ]
        },
    ),
    (
        "a Pod of a ReplicaSet that stands by itself and was changed",
        |args| {
            let mut alone = replica_set("alone", 3, APPLICATION);
            alone["metadata"]["ownerReferences"] = json!([]);
            vec![
                alone,
                owned_by(pod("alone-a", args), "ReplicaSet", "alone", 3),
            ]
        },
    ),
    ("a Pod of a StatefulSet that replaces on deletion", |args| {
        let mut set = set("StatefulSet", 20);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        vec![set, pod_of_set("StatefulSet", "new", args)]
    }),
    ("a Pod of a StatefulSet with a partition", |args| {
        let mut set = set("StatefulSet", 20);
        set["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 1}});
        vec![set, pod_of_set("StatefulSet", "new", args)]
    }),
    (
        "a Pod of an older revision of a StatefulSet whose roll-out is stuck",
        |args| {
            vec![
                set("StatefulSet", 20),
                pod_of_set("StatefulSet", "old", args),
            ]
        },
    ),
    (
        "a Pod of a StatefulSet whose change its controller has not seen",
        |args| {
            let mut set = set("StatefulSet", 20);
            set["metadata"]["generation"] = json!(3);
            vec![set, pod_of_set("StatefulSet", "new", args)]
        },
    ),
    (
        "a Pod of a StatefulSet that was made again under its name",
        |args| {
            vec![
                set("StatefulSet", 21),
                pod_of_set("StatefulSet", "new", args),
            ]
        },
    ),
    ("a Pod of a DaemonSet that replaces on deletion", |args| {
        let mut set = set("DaemonSet", 20);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        vec![set, pod_of_set("DaemonSet", "old", args)]
    }),
    ("a Pod of a DaemonSet whose roll-out is stuck", |args| {
        let mut set = set("DaemonSet", 20);
        set["status"]["updatedNumberScheduled"] = json!(0);
        vec![set, pod_of_set("DaemonSet", "old", args)]
    }),
];
