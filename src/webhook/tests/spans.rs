//! Every line of the log says which review it is about.

use super::failures::Log;
use super::*;

/// A request with a review of this name, that is part of a trace.
fn traced(name: &str, trace_parents: &[String]) -> Request {
    let mut request = json_request("/validate", review(name));
    for parent in trace_parents {
        let headers = request.headers_mut();
        headers.append("traceparent", parent.parse().unwrap());
    }
    request
}

fn parent(trace: u128) -> String {
    format!("00-{trace:032x}-{:016x}-01", 7)
}

/// The lines in which `mark` stands.
fn lines_with(log: &Log, mark: &str) -> Vec<String> {
    let log = log.text();
    let lines = log.lines().filter(|line| line.contains(mark));
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_reviews_at_the_same_time_do_not_mix_on_any_thread() {
    let log = Log::of_process();
    let webhook = Arc::new(Webhook::start().await);
    let names = ["logs-one", "logs-two", "logs-three"];
    let mut asked = Vec::new();
    for (name, trace) in names.into_iter().zip(0xabc_u128..) {
        let (asking, request) = (Arc::clone(&webhook), traced(name, &[parent(trace)]));
        let ask = async move { asking.client.ask(asking.address, request).await };
        asked.push(tokio::spawn(ask));
        webhook.judge.held.notified().await;
    }
    for ask in asked {
        while !ask.is_finished() {
            webhook.judge.release.notify_waiters();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(ask.await.unwrap().status(), 200);
    }
    for (name, trace) in names.into_iter().zip(0xabc_u128..) {
        let lines = lines_with(&log, &format!("name=\"{name}\""));
        for (line, step) in lines.iter().zip(["one", "two", "three"]) {
            assert!(line.contains(&format!(" step {step} ")), "{line}");
            for field in [
                format!("trace_id={trace:032x}"),
                format!("uid=\"u-{name}\""),
                "operation=\"CREATE\"".to_owned(),
                "kind=\"Ingress\"".to_owned(),
            ] {
                assert_eq!(line.matches(&field).count(), 1, "{field}: {line}");
            }
        }
        assert_eq!(lines.len(), 3, "{lines:?}");
    }
}

#[tokio::test]
async fn only_one_sound_trace_parent_names_a_trace() {
    let log = Log::of_process();
    let webhook = Webhook::start().await;
    for (parents, is_named) in [
        (vec![parent(0xdef)], true),
        (vec![], false),
        (vec![parent(0)], false),
        (vec![parent(0xdef), parent(0xdef)], false),
        (vec![parent(0xdef).to_uppercase()], false),
        (vec![parent(0xdef).replacen("00-", "01-", 1)], false),
    ] {
        let before = lines_with(&log, "u-mistyped").len();
        let request = traced("mistyped", &parents);
        assert_eq!(
            webhook.client.ask(webhook.address, request).await.status(),
            500
        );
        let lines = lines_with(&log, "u-mistyped");
        // Other tests send reviews of this name, without a trace.
        let is_there = lines[before..]
            .iter()
            .any(|line| line.contains("trace_id="));
        assert_eq!(is_there, is_named, "{parents:?}: {lines:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_told_with_its_trace() {
    let log = Log::of_process();
    let webhook = Webhook::start().await;
    let mut request = json_request("/validate", "{");
    let headers = request.headers_mut();
    headers.append("traceparent", parent(0x1234_5678).parse().unwrap());
    assert_eq!(
        webhook.client.ask(webhook.address, request).await.status(),
        400
    );
    let lines = lines_with(&log, &format!("trace_id={:032x}", 0x1234_5678));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("refused a request"), "{lines:?}");
}

#[tokio::test]
async fn names_that_are_no_names_are_cut() {
    let log = Log::of_process();
    let webhook = Webhook::start().await;
    let mut asked: Value = serde_json::from_str(&review("mistyped")).unwrap();
    for field in ["uid", "namespace"] {
        asked["request"][field] = format!("long-{field}{}", "\u{202e}".repeat(5000)).into();
    }
    let request = json_request("/validate", asked.to_string());
    assert_eq!(
        webhook.client.ask(webhook.address, request).await.status(),
        500
    );
    let lines = lines_with(&log, "long-uid");
    assert!(lines.iter().all(|line| line.len() < 1024), "{lines:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
}
