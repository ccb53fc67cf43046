//! The Pods of a Service as they are asked for on the wire, and how their list is read.

use std::collections::BTreeSet;
use std::io;

use bytes::Bytes;
use l7guard_policy::confirmation::{LiveQuery, LiveRead, LiveResult, PodSelection, SelectedPods};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::labels::Labels;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::stand_in::{Reply, StandIn, Watching, page, refusal};
use super::until;
use crate::cluster::request_timeout::LIMIT;
use crate::judge::{ClusterView, ReadFailure};
use crate::shares::{ReadAllowance, Sender};

async fn ready(cluster: &StandIn) -> Watching {
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    l7guard
}

async fn ask(l7guard: &Watching, query: LiveQuery) -> Result<LiveRead, ReadFailure> {
    let allowance = ReadAllowance::new(Sender::default().flow());
    let answers = l7guard
        .world
        .read(BTreeSet::from([query]), &allowance)
        .await;
    answers.map(|answers| answers.into_iter().next().expect("an answer"))
}

fn selection(labels: &[(&str, &str)]) -> PodSelection {
    PodSelection {
        namespace: "shop".into(),
        labels: Labels::new(labels.iter().copied()),
    }
}

fn metadata() -> LiveQuery {
    LiveQuery::PodMetadata(selection(&[("app", "web"), ("tier", "front")]))
}

fn pod(number: usize) -> Value {
    json!({"metadata": {
        "name": format!("web-{number}"), "namespace": "shop", "labels": {"app": "web", "pod": number.to_string()},
        "ownerReferences": [{
            "kind": "ReplicaSet", "name": "web", "uid": "00000000-0000-4000-8000-000000000001", "controller": true,
        }],
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:metadata": {}}}],
    }})
}

fn shapes(answer: &LiveRead) -> usize {
    match &answer.1 {
        LiveResult::Pods(pods) => SelectedPods::shape_count(pods),
        LiveResult::Objects(_) => panic!("no Pods: {answer:?}"),
    }
}

/// Answers lists of Pods by this text in pieces of this size.
fn answers(
    text: &str,
    size: usize,
    broken: Option<io::ErrorKind>,
) -> impl FnMut(&str) -> Option<Reply> + Send + 'static {
    let pieces: Vec<Bytes> = text
        .as_bytes()
        .chunks(size)
        .map(Bytes::copy_from_slice)
        .collect();
    move |asked| {
        let is_meant = asked.contains("/pods?");
        is_meant.then(|| Reply::Pieces(pieces.clone(), broken))
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_asked_for_at_once_from_the_cache() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    ask(&l7guard, metadata()).await.unwrap();
    let asked = cluster.asked("/pods");
    let [(request, accepted)] = asked.as_slice() else {
        panic!("one request, not {asked:?}");
    };
    let (path, query) = request.split_once('?').unwrap();
    assert_eq!(path, "/api/v1/namespaces/shop/pods");
    let query: BTreeSet<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let expected = BTreeSet::from([
        "labelSelector=app%3Dweb%2Ctier%3Dfront",
        "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
        "resourceVersion=0",
    ]);
    assert_eq!(query, expected, "no limit above all");
    assert_eq!(
        accepted,
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    );
}

#[tokio::test(start_paused = true)]
async fn whole_pods_are_asked_for_page_by_page_and_a_revision_by_name() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    ask(&l7guard, LiveQuery::Pods(selection(&[("app", "web")])))
        .await
        .unwrap();
    let listed = cluster.asked("/pods?");
    assert_eq!(listed.len(), 1);
    assert!(listed[0].0.contains("limit=250"), "{listed:?}");
    assert!(
        listed[0].0.contains("labelSelector=app%3Dweb"),
        "{listed:?}"
    );
    assert!(!listed[0].0.contains("resourceVersion"), "{listed:?}");
    cluster.answers(|asked| {
        let set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": "web-1", "namespace": "shop", "uid": "00000000-0000-4000-8000-000000000002",
                "ownerReferences": [{"kind": "Deployment", "name": "web", "controller": true}],
            },
            "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}},
        });
        asked.ends_with("/replicasets/web-1").then(|| Reply::Json(200, set))
    });
    let key = ObjectKey::new(Kind::ReplicaSet, "shop", "web-1");
    let revision = ask(&l7guard, LiveQuery::Revision(key)).await.unwrap();
    assert_eq!(
        revision.1.objects().len(),
        1,
        "although a Deployment made it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_is_read_in_whatever_pieces_it_comes() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let text = page(&[pod(1), pod(2), json!({"metadata": {"name": "bare"}})], "").to_string();
    for size in [1, 7, 1000, text.len()] {
        cluster.answers(answers(&text, size, None));
        let answer = ask(&l7guard, metadata()).await.unwrap();
        assert_eq!(shapes(&answer), 2, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_very_many_pods_of_one_template_one_shape_is_kept() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let pods: Vec<Value> = (0..20_000).map(pod).collect();
    cluster.answers(answers(&page(&pods, "").to_string(), 1 << 16, None));
    assert_eq!(shapes(&ask(&l7guard, metadata()).await.unwrap()), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_ends_early_or_is_refused_is_no_answer() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let text = page(&[pod(1), pod(2)], "").to_string();
    let half = &text[..text.len() / 2];
    let reset = io::ErrorKind::ConnectionReset;
    cluster.answers(answers(half, 64, Some(reset)));
    let broken = ask(&l7guard, metadata()).await.unwrap_err().to_string();
    assert!(broken.contains("the Pods of namespace shop"), "{broken}");
    cluster.answers(answers(half, 64, None));
    let ended = ask(&l7guard, metadata()).await.unwrap_err().to_string();
    assert!(ended.contains("ends half way"), "{ended}");
    cluster.answers(|asked| asked.contains("/pods?").then(|| refusal(403, "Forbidden")));
    let refused = ask(&l7guard, metadata()).await.unwrap_err().to_string();
    assert!(refused.contains("Forbidden"), "{refused}");
    cluster.answers(|asked| asked.contains("/pods?").then(|| refusal(404, "NotFound")));
    assert!(ask(&l7guard, metadata()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_begin_is_given_up() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(|asked| asked.contains("/pods?").then_some(Reply::Silence));
    let began = Instant::now();
    let late = ask(&l7guard, metadata()).await.unwrap_err().to_string();
    assert!(late.contains("30 seconds"), "{late}");
    assert!(began.elapsed() < 2 * LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_selector_that_no_pod_can_match_is_not_asked() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    for labels in [("app in (a),b", "web"), ("app", "web,tier=front")] {
        let answer = ask(&l7guard, LiveQuery::PodMetadata(selection(&[labels]))).await;
        assert_eq!(shapes(&answer.unwrap()), 0);
        let answer = ask(&l7guard, LiveQuery::Pods(selection(&[labels]))).await;
        assert!(answer.unwrap().1.objects().is_empty());
    }
    assert_eq!(cluster.requests("/pods"), 0);
}
