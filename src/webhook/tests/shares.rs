//! Reviews that take long keep nobody else out.

use std::collections::BTreeSet;
use std::net::IpAddr;

use futures_util::FutureExt;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::confirmation::{LiveQuery, LiveRead};
use l7guard_policy::inventory::Inventory;
use tokio::time::timeout;

use super::judged::{ingress, inventory};
use super::*;
use crate::judge::PolicyJudge;
use crate::judge::metrics::ReviewMetrics;
use crate::judge::{ClusterView, ReadFailure};
use crate::live::Live;
use crate::operations::Readiness;
use crate::shares::ReadAllowance;

fn review_in(namespace: &str, name: &str) -> String {
    let mut review: Value = serde_json::from_str(&review(name)).unwrap();
    review["request"]["namespace"] = json!(namespace);
    review.to_string()
}

#[tokio::test]
async fn the_judge_is_told_who_sent_a_review() {
    let webhook = Webhook::start().await;
    webhook.answers().await;
    let sender = Sender {
        address: Some(IpAddr::from([127, 0, 0, 1])),
        is_verified: false,
    };
    assert_eq!(*webhook.judge.senders.lock().unwrap(), [sender]);
}

#[tokio::test]
async fn reviews_of_one_namespace_that_are_not_ready_leave_room_for_others() {
    let gate = AdmissionLimiter::new(Readiness::new(), ReviewMetrics::new(), 16);
    let webhook = Webhook::behind(gate).await;
    let mut held = Vec::new();
    let mut shed = 0;
    while shed == 0 {
        let mut connection = webhook.connect().await;
        let review = review_in("shop", "held");
        let mut asked = tokio::spawn(async move { connection.post("/validate", review).await });
        tokio::select! {
            () = webhook.judge.held.notified() => held.push(asked),
            answer = &mut asked => {
                assert_eq!(answer.unwrap().unwrap().status(), 503);
                shed += 1;
            }
        }
    }
    assert_eq!(held.len(), 9, "three quarters of three quarters of 16");
    for namespace in ["blog", "news"] {
        let request = json_request("/validate", review_in(namespace, "fine"));
        let answer = webhook.client.ask(webhook.address, request).await;
        assert_eq!(answer.status(), 200);
    }
    for _ in &held {
        webhook.judge.release.notify_one();
    }
    for asked in held {
        assert_eq!(asked.await.unwrap().unwrap().status(), 200);
    }
}

/// A copy of a cluster that answers no query about the namespace `shop`, ever.
struct Slow(Inventory);

impl ClusterView for Slow {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.0)
    }

    fn age(&self) -> Option<Duration> {
        Some(Duration::from_secs(7))
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        _allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        let is_slow = |query: &LiveQuery| matches!(query, LiveQuery::Object(key) if &*key.namespace == "shop");
        if queries.iter().any(is_slow) {
            return std::future::pending().await;
        }
        let answers = queries.into_iter().map(|query| {
            let objects: Vec<_> = match &query {
                LiveQuery::Object(key) => self.0.get(key).cloned().into_iter().collect(),
                _ => Vec::new(),
            };
            (query, objects.into())
        });
        Ok(answers.collect())
    }
}

/// A review of an Ingress of an ALB's class that routes to so many Services.
fn routes_to(namespace: &str, services: usize) -> String {
    let mut object = ingress("web");
    object["metadata"]["namespace"] = json!(namespace);
    let paths: Vec<Value> = (0..services)
        .map(|number| {
            let service = json!({"name": format!("web-{number}"), "port": {"number": 80}});
            json!({"path": format!("/{number}"), "pathType": "Prefix", "backend": {"service": service}})
        })
        .collect();
    object["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "namespace": namespace, "name": "web",
        "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
        "object": object,
    }})
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn ten_huge_reviews_that_wait_for_reads_do_not_delay_small_nor_large_ones_of_others() {
    let judge = PolicyJudge::new(Slow(inventory()), Live::new(Configuration::default()));
    let judged = async |body: &str| {
        let mut review = Review::decode(body.as_bytes()).unwrap();
        let deadline = Instant::now() + Duration::from_mins(5);
        judge.judge(&mut review, deadline).await.into_answer()
    };
    let huge = routes_to("shop", 5_000);
    let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(judged(&huge))).collect();
    for review in &mut waiting {
        assert!(review.as_mut().now_or_never().is_none());
    }
    for services in [1, 1_000] {
        for namespace in ["blog", "news"] {
            let body = routes_to(namespace, services);
            let answer = timeout(Duration::from_mins(1), judged(&body)).await;
            answer.expect("it is not delayed").unwrap();
        }
    }
    for review in &mut waiting {
        assert!(review.as_mut().now_or_never().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_review_whose_reads_do_not_end_in_time_says_what_was_awaited() {
    const AWAITED: &str = "(awaited: Deployment, IngressClass, Pod, Service)";
    let judge = PolicyJudge::new(Slow(inventory()), Live::new(Configuration::default()));
    let body = routes_to("shop", 1);
    let mut review = Review::decode(body.as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(9);
    let judged = timeout(Duration::from_secs(9), judge.judge(&mut review, deadline)).await;
    let outcome = judged.expect("before the end");
    let failure = outcome.answer().unwrap_err();
    assert!(failure.error().to_string().contains(AWAITED), "{failure}");
    assert!(failure.to_string().contains(AWAITED), "{failure}");
}
