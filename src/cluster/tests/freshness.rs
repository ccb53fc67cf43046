use std::time::Duration;

use l7guard_policy::configuration::Configuration;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::stand_in::{StandIn, Watching, refusal};
use super::until;
use crate::admission::Review;
use crate::judge::ClusterView;
use crate::judge::{Judge, PolicyJudge};
use crate::live::Live;

async fn ready(cluster: &StandIn) -> Watching {
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    let watches = || cluster.requests("watch=true") == crate::cluster::kinds::BUILT_IN.len();
    until("all are watched", watches).await;
    l7guard
}

fn age(l7guard: &Watching) -> u64 {
    l7guard.world.age().unwrap().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_says_nothing_grows_old_and_every_bookmark_makes_it_young() {
    const PLURALS: [&str; 8] = [
        "ingresses",
        "ingressclasses",
        "services",
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "endpointslices",
    ];
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    sleep(Duration::from_mins(1)).await;
    assert!(age(&l7guard) >= 60);
    for plural in &PLURALS[1..] {
        cluster.bookmark(plural);
    }
    sleep(Duration::from_secs(1)).await;
    assert!(age(&l7guard) >= 61, "one kind is behind");
    cluster.bookmark(PLURALS[0]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(age(&l7guard), 2);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_broke_once_is_young_again_as_soon_as_it_goes_on() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let watches = cluster.requests("/ingressclasses?&watch=true");
    cluster.cut("ingressclasses");
    until("resumed", || {
        cluster.requests("/ingressclasses?&watch=true") > watches
    })
    .await;
    assert!(
        l7guard.says("l7guard_watch_restarts_total{kind=\"IngressClass\",reason=\"broken\"} 1")
    );
    assert!(age(&l7guard) < 60);
    // Nothing changes, for an hour.
    for _ in 0..60 {
        sleep(Duration::from_mins(1)).await;
        assert!(
            age(&l7guard) < 130,
            "each watch is begun anew every two minutes"
        );
    }
    assert_eq!(
        cluster.requests("/ingressclasses?&limit"),
        1,
        "not listed again"
    );
}

#[tokio::test(start_paused = true)]
async fn while_no_watch_can_be_begun_the_world_grows_old_and_stays_ready() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(|asked| {
        asked
            .contains("watch=true")
            .then(|| refusal(503, "ServiceUnavailable"))
    });
    sleep(Duration::from_mins(10)).await;
    assert!(age(&l7guard) > 400);
    assert!(l7guard.readiness.is_ready());
    cluster.answers(|_| None);
    until("young again", || age(&l7guard) < 125).await;
}

#[tokio::test(start_paused = true)]
async fn every_answer_says_how_old_the_world_is_that_it_rests_on() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let configuration = Live::new(Configuration::default());
    let judge = PolicyJudge::new(l7guard.world.clone(), configuration);
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "operation": "CREATE", "namespace": "shop", "name": "web", "userInfo": {},
        "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
        "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"},
        "object": {
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {},
            "metadata": {"name": "web", "namespace": "shop", "annotations": {"kubernetes.io/ingress.class": "nginx"}},
        },
    }})
    .to_string();
    for minute in 0..3 {
        let expected = age(&l7guard);
        assert!(expected >= 30 * minute);
        let mut decoded = Review::decode(review.as_bytes()).unwrap();
        let answer = judge
            .judge(&mut decoded, Instant::now())
            .await
            .into_answer()
            .unwrap();
        let said = &answer.audit_annotations["inventory-age-seconds"];
        assert_eq!(*said, expected.to_string());
        sleep(Duration::from_secs(30)).await;
    }
}
