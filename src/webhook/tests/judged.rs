//! Reviews as the policy's judge answers them.

use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, Naming, Source};

use super::failures::Log;
use super::*;
use crate::admission::ReviewError;
use crate::judge::metrics::ReviewMetrics;
use crate::judge::{Outcome, PolicyJudge, conclude, span};
use crate::live::Live;
use tracing::Instrument;

pub(super) fn object(manifest: &Value) -> objects::Object {
    let naming = Naming {
        api_version: manifest["apiVersion"].as_str().unwrap(),
        kind: manifest["kind"].as_str().unwrap(),
        default_namespace: "shop",
        default_name: "",
    };
    objects::read(naming, Source::Value(manifest))
        .unwrap()
        .unwrap()
}

/// A class of ALBs, a gateway behind Service `edge`, an application behind Service `web`.
pub(super) fn inventory() -> Inventory {
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
        "spec": {"controller": "ingress.k8s.aws/alb"}});
    let workload = |app: &str, args: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app}, "spec": {"template": {
            "metadata": {"labels": {"app": app}},
            "spec": {"containers": [{"name": "main", "args": args}]},
        }}})
    };
    let service = |app: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": app}, "spec": {"selector": {"app": app}}});
    let mut inventory = Inventory::new();
    for manifest in [
        class,
        workload("edge", json!(["proxy", "router"])),
        workload("web", json!([])),
        service("edge"),
        service("web"),
    ] {
        inventory.apply(object(&manifest));
    }
    inventory
}

pub(super) fn ingress(service: &str) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "front", "namespace": "shop"},
        "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": service}}}})
}

/// An Ingress to the gateway that cannot be read.
fn unreadable() -> Value {
    let mut unreadable = ingress("edge");
    unreadable["spec"]["rules"] = json!("s3cret");
    unreadable
}

/// A review of an Ingress with these members of its own.
pub(super) fn request(operation: &str, members: &Value) -> String {
    let mut review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": operation, "namespace": "shop", "name": "front",
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
        },
    });
    for (member, value) in members.as_object().unwrap() {
        review["request"][member] = value.clone();
    }
    review.to_string()
}

/// What comes of a review, and of the metrics.
async fn judged(operation: &str, members: &Value) -> (Result<Answer, JudgeError>, String) {
    let metrics = ReviewMetrics::new();
    let world = Live::new(inventory());
    let judge = PolicyJudge::new(world, Live::new(Configuration::default()));
    let review = request(operation, members);
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = concluded(&judge, &mut review, &metrics).await;
    (answer, metrics.encode().unwrap())
}

/// The answer to a review, which is counted and logged in its span as the router does it.
pub(super) async fn concluded<J: Judge>(
    judge: &J,
    review: &mut Review<'_>,
    metrics: &ReviewMetrics,
) -> Result<Answer, JudgeError> {
    let span = span::begin(None);
    span::describe(&span, review);
    let outcome = judge.judge(review, Instant::now());
    let outcome = outcome.instrument(span.clone()).await;
    span.in_scope(|| conclude(Some(review), &outcome, metrics, Duration::ZERO));
    outcome.into_answer()
}

async fn answer(operation: &str, members: &Value) -> Answer {
    judged(operation, members).await.0.unwrap()
}

#[tokio::test]
async fn what_is_no_write_of_the_object_itself_is_allowed_whatever_the_object_is() {
    let violation = ingress("edge");
    let write = answer("CREATE", &json!({"object": violation})).await;
    assert!(!write.allowed);
    for (operation, members) in [
        ("DELETE", json!({"oldObject": violation})),
        ("DELETE", json!({"oldObject": violation, "object": null})),
        ("DELETE", json!({"oldObject": unreadable()})),
        (
            "CONNECT",
            json!({"object": violation, "subResource": "proxy"}),
        ),
        ("CONNECT", json!({"object": violation})),
        (
            "UPDATE",
            json!({"object": violation, "oldObject": ingress("web"), "subResource": "status"}),
        ),
        (
            "UPDATE",
            json!({"object": unreadable(), "oldObject": unreadable(), "subResource": "status"}),
        ),
        (
            "CREATE",
            json!({"object": violation, "subResource": "scale"}),
        ),
        ("CREATE", json!({"subResource": "scale"})),
    ] {
        let answer = answer(operation, &members).await;
        assert!(answer.allowed, "{operation} {members}");
        assert_eq!(answer.audit_annotations["decision"], "allow");
    }
}

#[tokio::test]
async fn an_update_that_repairs_what_could_not_be_read_is_judged_without_ratchet() {
    let repaired = json!({"object": ingress("web"), "oldObject": unreadable()});
    let (answer, metrics) = judged("UPDATE", &repaired).await;
    assert!(answer.unwrap().allowed);
    assert!(
        metrics.contains("l7guard_unreadable_objects_total{kind=\"Ingress\"} 1\n"),
        "{metrics}"
    );
    let to_the_gateway = json!({"object": ingress("edge"), "oldObject": unreadable()});
    let (answer, _) = judged("UPDATE", &to_the_gateway).await;
    assert!(!answer.unwrap().allowed);
}

#[tokio::test]
async fn what_cannot_be_read_may_be_deleted_and_written_as_it_was() {
    let old = unreadable();
    let mut without_finalizer = old.clone();
    without_finalizer["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
    without_finalizer["metadata"]["resourceVersion"] = json!("2");
    without_finalizer["status"] = json!({"loadBalancer": {}});
    let mut with_finalizer = old.clone();
    with_finalizer["metadata"]["finalizers"] = json!(["a/b"]);
    let mut terminating = with_finalizer.clone();
    terminating["metadata"]["deletionTimestamp"] = json!("2026-06-01T00:00:00Z");
    let mut ended = terminating.clone();
    ended["metadata"]["finalizers"] = json!([]);
    for (old, new) in [
        (&old, &old),
        (&with_finalizer, &without_finalizer),
        (&with_finalizer, &terminating),
        (&terminating, &ended),
    ] {
        let answer = answer("UPDATE", &json!({"object": new, "oldObject": old})).await;
        assert!(answer.allowed, "{new}");
        assert_eq!(answer.audit_annotations["decision"], "allow");
    }
}

#[tokio::test]
async fn what_cannot_be_read_and_is_new_or_changed_gets_no_verdict() {
    let old = unreadable();
    let mut labelled = old.clone();
    labelled["metadata"]["labels"] = json!({"a": "b"});
    let mut changed = old.clone();
    changed["spec"]["rules"] = json!("another");
    let mut terminating = old.clone();
    terminating["metadata"]["deletionTimestamp"] = json!("2026-06-01T00:00:00Z");
    terminating["spec"]["rules"] = json!("another");
    for (operation, members) in [
        ("UPDATE", json!({"object": terminating, "oldObject": old})),
        ("UPDATE", json!({"object": labelled, "oldObject": old})),
        ("UPDATE", json!({"object": changed, "oldObject": old})),
        (
            "UPDATE",
            json!({"object": old, "oldObject": ingress("edge")}),
        ),
        ("UPDATE", json!({"object": old})),
        ("CREATE", json!({"object": old})),
        ("CREATE", json!({"object": terminating})),
    ] {
        match judged(operation, &members).await.0 {
            Err(JudgeError::Field { field, .. }) => assert_eq!(field, "/spec/rules"),
            other => panic!("{operation} {members}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_stands_neither_in_the_answer_nor_in_the_log() {
    let log = Log::of_process();
    let judge = PolicyJudge::new(Live::new(inventory()), Live::new(Configuration::default()));
    let broken = request("CREATE", &json!({"object": unreadable()}));
    let mut review = Review::decode(broken.as_bytes()).unwrap();
    let error = judge
        .judge(&mut review, Instant::now())
        .await
        .into_answer()
        .unwrap_err();
    let reason = Outcome::failed(error).answer().unwrap_err().to_string();
    assert!(
        reason.contains("/spec/rules: invalid type: string, expected a sequence"),
        "{reason}"
    );
    let members = json!({"object": ingress("web"), "oldObject": unreadable()});
    let repaired = request("UPDATE", &members);
    let mut review = Review::decode(repaired.as_bytes()).unwrap();
    let answer = concluded(&judge, &mut review, &ReviewMetrics::new()).await;
    let answer = format!("{:?}", answer.unwrap());
    let log = log.text();
    assert!(log.contains("the object as it was cannot be read"), "{log}");
    for text in [&reason, &answer, &log] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn a_write_without_object_is_400_and_an_ingress_without_spec_is_allowed() {
    let webhook = Webhook::start().await;
    for (operation, object) in [
        ("CREATE", json!({})),
        ("CREATE", json!({"object": null})),
        (
            "UPDATE",
            json!({"object": null, "oldObject": ingress("web")}),
        ),
    ] {
        let request = json_request("/validate", request(operation, &object));
        let (_, reason) = webhook.refuses(request, 400).await;
        assert!(reason.contains("request.object"), "{reason}");
    }
    let mut empty = ingress("web");
    empty.as_object_mut().unwrap().remove("spec");
    assert!(answer("CREATE", &json!({"object": empty})).await.allowed);
}

#[tokio::test]
async fn whatever_is_broken_in_a_body_both_ways_of_reading_it_come_to_the_same() {
    let told = async |judge: &PolicyJudge<_>, review: Result<Review<'_>, ReviewError>| match review
    {
        Err(error) => format!("no review: {error}"),
        Ok(mut review) => {
            let answer = judge.judge(&mut review, Instant::now()).await.into_answer();
            format!("{} {:?} {answer:?}", review.uid, review.operation)
        }
    };
    let members = json!({"object": ingress("edge"), "oldObject": ingress("web"), "subResource": "", "dryRun": false});
    let body = request("UPDATE", &members);
    for at in 0..body.len() {
        // Each says all that it can: one judge would not to a flood of refusals.
        let judge = PolicyJudge::new(Live::new(inventory()), Live::new(Configuration::default()));
        for sign in [
            "", "x", "\"", ",", "{", "}", "[", "]", "1", "null", "\\", "\u{1}", " ",
        ] {
            let broken = format!("{}{sign}{}", &body[..at], &body[at + 1..]);
            let at_once = told(&judge, Review::decode(broken.as_bytes())).await;
            let afterwards = told(&judge, Review::decode_envelope(broken.as_bytes())).await;
            assert_eq!(at_once, afterwards, "{broken}");
        }
    }
}
