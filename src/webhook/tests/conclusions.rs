//! Every answer is counted once, and is one line of the log unless it allows without remark or asks to come again.

use axum::body::Body;
use axum::http::Request as HttpRequest;

use super::failures::Log;
use super::*;
use crate::judge::metrics::ReviewMetrics;
use crate::operations::{NeededFor, Readiness};
use crate::webhook::DEFAULT_IN_FLIGHT;

/// All that is counted of answers.
fn counted(metrics: &ReviewMetrics) -> Vec<String> {
    let text = metrics.encode().unwrap();
    let families =
        ["requests", "refused", "shed"].map(|name| format!("l7guard_admission_{name}_total{{"));
    let lines = text.lines();
    let counts = lines.filter(|line| {
        !line.ends_with(" 0") && families.iter().any(|family| line.starts_with(family))
    });
    counts.map(str::to_owned).collect()
}

/// The lines of the log about a request of this trace.
fn lines_of(log: &Log, trace: &str) -> Vec<String> {
    let log = log.text();
    let lines = log.lines().filter(|line| line.contains(trace));
    lines.map(str::to_owned).collect()
}

fn to(method: &str, path: &str, content_type: &str, body: String) -> Request {
    let request = HttpRequest::builder().method(method).uri(path);
    let request = request.header("content-type", content_type);
    request.body(Body::from(body)).unwrap()
}

fn json_to(path: &str, body: String) -> Request {
    to("POST", path, "application/json", body)
}

/// Sends one request to a server of its own: status, the only count, and the lines of the log.
async fn concluded(readiness: Readiness, mut request: Request) -> (u16, String, Vec<String>) {
    let (log, metrics) = (Log::of_process(), ReviewMetrics::new());
    let gate = AdmissionLimiter::new(readiness, metrics.clone(), DEFAULT_IN_FLIGHT);
    let webhook = Webhook::behind(gate).await;
    let trace = format!("{:032x}", fastrand::u128(1..));
    let parent = format!("00-{trace}-{:016x}-00", 1);
    request
        .headers_mut()
        .insert("traceparent", parent.parse().unwrap());
    let answer = webhook.client.ask(webhook.address, request).await;
    let counted = counted(&metrics);
    let [count] = &counted[..] else {
        panic!("{counted:?}")
    };
    let count = count.strip_suffix(" 1").expect("it is counted once");
    (
        answer.status().as_u16(),
        count.to_owned(),
        lines_of(&log, &trace),
    )
}

#[tokio::test]
async fn what_is_no_review_is_counted_and_logged_once() {
    let validate = |body: &str| json_to("/validate", body.to_owned());
    let of_text = to("POST", "/validate", "text/plain", review("fine"));
    let get = to("GET", "/validate", "application/json", String::new());
    for (request, status) in [
        (validate("{"), 400),
        (validate(""), 400),
        (of_text, 400),
        (json_to("/", review("fine")), 404),
        (get, 405),
        (validate(&"x".repeat(BODY_LIMIT + 1)), 413),
    ] {
        let (answered, count, lines) = concluded(Readiness::new(), request).await;
        assert_eq!(answered, status);
        assert_eq!(
            count,
            format!("l7guard_admission_refused_total{{status=\"{status}\"}}")
        );
        let [line] = &lines[..] else {
            panic!("{status}: {lines:?}")
        };
        assert!(
            line.contains("WARN") && line.contains("refused a request"),
            "{line}"
        );
        assert!(line.contains(&format!("status={status}")), "{line}");
    }
}

#[tokio::test]
async fn a_review_is_counted_and_logged_once_whatever_comes_of_it() {
    for (name, status, decision, level) in [
        ("fine", 200, "allow", None),
        ("denied", 200, "deny", Some("INFO")),
        ("broken", 500, "error", Some("ERROR")),
        ("mistyped", 500, "error", Some("ERROR")),
        ("panics", 500, "error", Some("ERROR")),
        ("late", 500, "error", Some("ERROR")),
    ] {
        let request = json_to("/validate?timeout=500ms", review(name));
        let (answered, count, lines) = concluded(Readiness::new(), request).await;
        assert_eq!(answered, status, "{name}");
        let wanted = format!(
            "l7guard_admission_requests_total{{operation=\"CREATE\",kind=\"Ingress\",decision=\"{decision}\",mode=\"none\",dry_run=\"false\"}}"
        );
        assert_eq!(count, wanted, "{name}");
        let levels = lines.iter().map(|line| line.split_whitespace().nth(1));
        assert_eq!(
            levels.collect::<Vec<_>>(),
            Vec::from_iter(level.map(Some)),
            "{name}: {lines:?}"
        );
    }
}

#[tokio::test]
async fn a_review_that_is_to_come_again_is_counted_once_and_floods_no_log() {
    let readiness = Readiness::new();
    let _world = readiness.condition("world", NeededFor::Verdicts, "not listed");
    let request = json_to("/validate", review("denied"));
    let (status, count, lines) = concluded(readiness.clone(), request).await;
    assert_eq!((status, lines), (503, Vec::new()));
    assert_eq!(count, "l7guard_admission_shed_total{reason=\"not_ready\"}");
}
