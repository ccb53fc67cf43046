//! A cluster that is listed once, and answers as no API server should.

use std::sync::Mutex;

use l7guard_policy::identity::Kind;
use serde_json::json;

use super::stand_in::{Reply, StandIn, page, refusal, service};
use crate::cluster::{ClusterWorld, Listed};
use crate::metrics::Registry;
use crate::operations::Readiness;

fn world(cluster: &StandIn) -> ClusterWorld {
    ClusterWorld::new(cluster.client(), &Registry::default(), &Readiness::new())
}

#[tokio::test(start_paused = true)]
async fn a_list_that_begins_again_and_again_is_ended() {
    let cluster = StandIn::serving(&[]).answering(|asked| {
        let items = [service("web")];
        (asked.contains("/services?")).then(|| Reply::Json(200, page(&items, "next")))
    });
    let errors = world(&cluster).list_once(&|_| {}).await.unwrap();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("list of services has no end"),
        "{errors:?}"
    );
    assert_eq!(cluster.requests("/services?"), 2);
}

/// JSON readers end at a depth, which those that pass over a field do not have.
#[tokio::test(start_paused = true)]
async fn an_object_that_is_too_deep_to_be_held_is_said_to_be_left_out() {
    let cluster = StandIn::serving(&[Kind::Rollout]).answering(|asked| {
        if asked.contains("gateway.k8s.aws") {
            return Some(refusal(404, "NotFound"));
        }
        let mut deep = json!({});
        for _ in 0..130 {
            deep = json!([deep]);
        }
        let rollout = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "edge", "namespace": "mesh"},
            "spec": {"template": {"metadata": {"labels": {"app": "edge"}}, "spec": {"containers": []}}, "x": deep},
        });
        (asked.contains("/rollouts?")).then(|| Reply::Json(200, page(&[rollout], "")))
    });
    let seen = Mutex::new(Vec::new());
    let visit = |listed: Listed<'_>| {
        seen.lock()
            .unwrap()
            .push(matches!(listed, Listed::Unreadable));
    };
    let errors = world(&cluster).list_whole(&visit, &|_| {}).await.unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(*seen.lock().unwrap(), [true]);
}
