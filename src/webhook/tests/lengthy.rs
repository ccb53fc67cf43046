//! What takes longer than a moment is done off the workers, within a budget.

use l7guard_policy::budget::Budget;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::Inventory;

use super::judged::{ingress, inventory, object, request};
use super::*;
use crate::judge::PolicyJudge;
use crate::live::Live;
use crate::shares::off_workers;

/// An Ingress with so many paths.
fn with_paths(count: usize) -> Value {
    let paths: Vec<Value> = (0..count)
        .map(|at| json!({"backend": {"service": {"name": format!("web-{at}")}}}))
        .collect();
    let mut ingress = ingress("edge");
    ingress["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
    ingress
}

/// So many Ingresses and bindings of the gateway's Service; for each binding all of the Ingresses are looked at.
fn crowded(count: usize) -> Inventory {
    let mut inventory = inventory();
    for at in 0..count {
        let mut ingress = ingress("edge");
        ingress["metadata"]["name"] = json!(format!("front-{at}"));
        inventory.apply(object(&ingress));
        inventory.apply(object(&json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
            "metadata": {"name": format!("binding-{at}"), "labels": {"ingress.k8s.aws/stack": "team"}},
            "spec": {"serviceRef": {"name": "edge"}, "targetGroupARN": format!("arn:{at}")}})));
    }
    inventory
}

async fn answered(inventory: Inventory, object: &Value) -> Result<Answer, JudgeError> {
    let judge = PolicyJudge::new(Live::new(inventory), Live::new(Configuration::default()));
    let review = request("CREATE", &json!({"object": object}));
    let mut review = Review::decode(review.as_bytes()).unwrap();
    judge.judge(&mut review, Instant::now()).await.into_answer()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_verdict_is_the_same_as_a_short_one() {
    for paths in [1, 5000] {
        let answer = answered(inventory(), &with_paths(paths)).await.unwrap();
        assert!(!answer.allowed, "{paths}");
        assert_eq!(answer.status.unwrap().details.causes.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_takes_more_than_the_budget_is_500_with_the_reason() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"selector": {"app": "edge"}}});
    let mut review: Value =
        serde_json::from_str(&request("CREATE", &json!({"object": service}))).unwrap();
    review["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "Service"});
    let judge = PolicyJudge::new(
        Live::new(crowded(3000)),
        Live::new(Configuration::default()),
    );
    let (client, address, _handle) = served(Arc::new(judge), AdmissionLimiter::default()).await;
    let asked = json_request("/validate?timeout=30s", review.to_string());
    let answer = client.ask(address, asked).await;
    let reason = String::from_utf8(answer.body().to_vec()).unwrap();
    assert_eq!(answer.status(), 500, "{reason}");
    let told = format!("judging it takes more than {} steps", Budget::REVIEW);
    assert!(reason.contains(&told), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn other_tasks_go_on_while_long_work_is_done_on_the_only_worker() {
    let (sent, received) = std::sync::mpsc::channel();
    // Ends only when another task has run meanwhile.
    let wait = move || received.recv_timeout(Duration::from_secs(30));
    let work = tokio::spawn(async move { off_workers(wait) });
    let other = tokio::spawn(async move { sent.send("meanwhile") });
    other.await.unwrap().unwrap();
    assert_eq!(work.await.unwrap(), Ok("meanwhile"));
}

/// Panics while it looks for long.
struct Panicking;

impl crate::judge::ClusterView for Panicking {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&inventory())
    }

    fn with_inventory_at_length<T>(&self, _: impl FnOnce(&Inventory) -> T) -> T {
        panic!("on purpose")
    }

    fn age(&self) -> Option<Duration> {
        None
    }

    async fn read(
        &self,
        _: std::collections::BTreeSet<l7guard_policy::confirmation::LiveQuery>,
        _: &crate::shares::ReadAllowance,
    ) -> Result<Vec<l7guard_policy::confirmation::LiveRead>, crate::judge::ReadFailure> {
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_panic_off_the_workers_is_500_and_gives_its_turn_back() {
    let judge = PolicyJudge::new(Panicking, Live::new(Configuration::default()));
    let (client, address, _handle) = served(Arc::new(judge), AdmissionLimiter::default()).await;
    let review = request("CREATE", &json!({"object": with_paths(20_000)}));
    for _ in 0..4 {
        let answer = client
            .ask(address, json_request("/validate", review.clone()))
            .await;
        assert_eq!(answer.status(), 500);
    }
}
