use l7guard_policy::identity::Kind;

use super::stand_in::{StandIn, service};
use super::until;
use crate::cluster::Changed;

#[tokio::test(start_paused = true)]
async fn a_subscriber_is_told_of_everything_first_and_then_of_what_watches_bring() {
    let cluster = StandIn::serving(&[]);
    let l7guard = cluster.watched();
    let changes = l7guard.world.changes();
    until("ready", || l7guard.readiness.is_ready()).await;
    until("watched", || cluster.requests("/services?&watch=true") == 1).await;
    assert_eq!(changes.changed().await, Changed::Everything);
    let told = async || {
        let Changed::Objects(objects) = changes.changed().await else {
            panic!("everything");
        };
        let objects = objects.iter();
        let known = objects.map(|(key, before)| (key.name.to_string(), before.is_some()));
        known.collect::<Vec<_>>()
    };
    cluster.tell("services", "ADDED", &service("web"));
    assert_eq!(told().await, [("web".to_owned(), false)]);
    cluster.tell("services", "DELETED", &service("web"));
    assert_eq!(told().await, [("web".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_served_no_more_takes_its_objects_with_it() {
    let cluster = StandIn::serving(&[Kind::TargetGroupBinding]);
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    until("watched", || {
        cluster.requests("/targetgroupbindings?&watch=true") == 1
    })
    .await;
    let changes = l7guard.world.changes();
    assert_eq!(changes.take(), Changed::Everything);
    let binding = serde_json::json!({
        "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "2"},
        "spec": {"serviceRef": {"name": "web", "port": 80}, "targetGroupARN": "arn:a"},
    });
    cluster.tell("targetgroupbindings", "ADDED", &binding);
    assert!(matches!(changes.changed().await, Changed::Objects(_)));
    cluster.serve_no_more(Kind::TargetGroupBinding);
    let Changed::Objects(objects) = changes.changed().await else {
        panic!("everything");
    };
    let told: Vec<_> = objects.iter().collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.is_some());
}
