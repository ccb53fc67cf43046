use super::super::BODY_MEMORY;
use super::*;
use crate::judge::metrics::ReviewMetrics;
use crate::operations::{NeededFor, Readiness};
use crate::server::test_client::says_close;

fn asks_to_come_again(answer: &Response<Bytes>, told: &str) {
    let reason = std::str::from_utf8(answer.body()).unwrap();
    assert_eq!(answer.status(), 503, "{reason}");
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(says_close(answer));
    assert!(reason.contains(told), "{reason}");
}

#[tokio::test]
async fn without_a_condition_that_verdicts_need_reviews_are_asked_to_come_again() {
    let (readiness, metrics) = (Readiness::new(), ReviewMetrics::new());
    let world = readiness.condition("world", NeededFor::Verdicts, "Services are not listed");
    let webhook =
        Webhook::behind(AdmissionLimiter::new(readiness.clone(), metrics.clone(), 9)).await;
    let ask = || async {
        // With a large body too, the client gets to read the answer.
        let request = json_request("/validate", review_of(BODY_LIMIT));
        webhook.client.ask(webhook.address, request).await
    };
    asks_to_come_again(&ask().await, "world: Services are not listed");
    world.holds();
    assert_eq!(ask().await.status(), 200);
    let draining = readiness.condition("draining", NeededFor::NewCallers, "asked to stop");
    assert_eq!(ask().await.status(), 200);
    drop(draining);
    let text = metrics.encode().unwrap();
    let shed = "l7guard_admission_shed_total{reason=\"not_ready\"} 1\n";
    assert!(text.contains(shed), "{text}");
}

#[tokio::test]
async fn beyond_the_reviews_that_are_judged_at_the_same_time_others_are_asked_to_come_again() {
    let metrics = ReviewMetrics::new();
    let webhook =
        Webhook::behind(AdmissionLimiter::new(Readiness::new(), metrics.clone(), 1)).await;
    let mut connection = webhook.connect().await;
    let held = tokio::spawn(async move { connection.post("/validate", review("held")).await });
    webhook.judge.held.notified().await;
    let request = json_request("/validate", review("fine"));
    let answer = webhook.client.ask(webhook.address, request).await;
    asks_to_come_again(&answer, "as many reviews");
    webhook.judge.release.notify_one();
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    webhook.answers().await;
    let text = metrics.encode().unwrap();
    for line in [
        "l7guard_admission_shed_total{reason=\"overload\"} 1",
        "l7guard_admission_in_flight_limit 1",
        "l7guard_admission_in_flight 0",
        "l7guard_admission_requests_total{operation=\"CREATE\",kind=\"Ingress\",decision=\"allow\",mode=\"none\",dry_run=\"false\"} 1",
        "l7guard_admission_requests_total{operation=\"CREATE\",kind=\"Ingress\",decision=\"deny\",mode=\"none\",dry_run=\"false\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

/// A connection on which a review of `announced` bytes has begun, of which so many were sent.
async fn begun(webhook: &Webhook, announced: usize, sent: usize) -> impl Sized + use<> {
    let head = format!(
        "POST /validate?timeout=30s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n"
    );
    let socket = TcpStream::connect(webhook.address).await.unwrap();
    let mut stream = webhook.client.shake_hands(socket).await.unwrap();
    let body = &review_of(announced)[..sent];
    stream.write_all((head + body).as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

/// Sends reviews of so many bytes until one is answered with `status`.
async fn until(webhook: &Webhook, length: usize, status: u16) -> Response<Bytes> {
    for _ in 0..1000 {
        let request = json_request("/validate", review_of(length));
        let answer = webhook.client.ask(webhook.address, request).await;
        if answer.status() == status {
            return answer;
        }
    }
    panic!("no answer with status {status}");
}

#[tokio::test]
async fn reviews_whose_bodies_are_awaited_keep_nobody_out() {
    let webhook = Webhook::behind(AdmissionLimiter::new(
        Readiness::new(),
        ReviewMetrics::new(),
        1,
    ))
    .await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(begun(&webhook, 1000, 500).await);
    }
    webhook.answers().await;
}

#[tokio::test]
async fn beyond_the_bodies_that_may_be_in_memory_large_ones_are_asked_to_come_again() {
    let metrics = ReviewMetrics::new();
    let webhook =
        Webhook::behind(AdmissionLimiter::new(Readiness::new(), metrics.clone(), 9)).await;
    let mut waiting = Vec::new();
    // One address has half of what is not kept for bodies of moderate size.
    for _ in 0..BODY_MEMORY * 7 / 16 / BODY_LIMIT {
        waiting.push(begun(&webhook, BODY_LIMIT, BODY_LIMIT / 2).await);
    }
    // What was sent arrives in its own time; from then on there is no room.
    let answer = until(&webhook, BODY_LIMIT, 503).await;
    asks_to_come_again(&answer, "large reviews");
    // Small and moderate ones are none of them.
    webhook.answers().await;
    until(&webhook, 1024 * 1024, 200).await;
    // They are slow: after a second they make room for others.
    until(&webhook, BODY_LIMIT, 200).await;
    let text = metrics.encode().unwrap();
    assert!(
        text.contains("l7guard_admission_shed_total{reason=\"overload\"}"),
        "{text}"
    );
    drop(waiting);
}

#[tokio::test]
async fn failures_and_refused_requests_are_counted() {
    let metrics = ReviewMetrics::new();
    let webhook =
        Webhook::behind(AdmissionLimiter::new(Readiness::new(), metrics.clone(), 9)).await;
    webhook
        .refuses(json_request("/validate", review("panics")), 500)
        .await;
    webhook.refuses(json_request("/validate", "{"), 400).await;
    let text = metrics.encode().unwrap();
    for line in [
        "decision=\"error\",mode=\"none\"",
        "l7guard_admission_refused_total{status=\"400\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
