use axum::body::Body;
use futures_util::stream;

use super::*;

#[tokio::test]
async fn a_body_of_7_mib_is_taken_and_one_byte_more_is_413() {
    let webhook = Webhook::start().await;
    for length in [BODY_LIMIT - 1, BODY_LIMIT] {
        let answer = webhook
            .client
            .ask(
                webhook.address,
                json_request("/validate", review_of(length)),
            )
            .await;
        assert_eq!(answer.status(), 200);
    }
    for length in [BODY_LIMIT + 1, BODY_LIMIT * 2] {
        let (_, reason) = webhook
            .refuses(json_request("/validate", review_of(length)), 413)
            .await;
        assert!(reason.contains("7 MiB"), "{reason}");
    }
}

/// A request whose body is sent in chunks, without a length.
fn chunked(body: String, chunk: usize) -> Request {
    let chunks: Vec<_> = body
        .into_bytes()
        .chunks(chunk)
        .map(Bytes::copy_from_slice)
        .collect();
    let body = Body::from_stream(stream::iter(
        chunks.into_iter().map(Ok::<_, std::convert::Infallible>),
    ));
    let mut request = json_request("/validate", "");
    *request.body_mut() = body;
    request
}

#[tokio::test]
async fn chunked_bodies_are_read_whole_and_have_the_same_limit() {
    let webhook = Webhook::start().await;
    for (body, chunk) in [(review("fine"), 7), (review_of(BODY_LIMIT), 100_000)] {
        assert_eq!(
            webhook
                .client
                .ask(webhook.address, chunked(body, chunk))
                .await
                .status(),
            200
        );
    }
    webhook
        .refuses(chunked(review_of(BODY_LIMIT + 1), 100_000), 413)
        .await;
}

#[tokio::test]
async fn a_content_length_that_is_wrong_hurts_nobody_else() {
    let webhook = Webhook::start().await;
    let body = review("fine");
    let head = |length: &str| {
        format!(
            "POST /validate?timeout=20ms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    // Longer than what comes: given up when the time of the request is over.
    let answer = webhook.raw((head("9999") + &body).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    // Shorter: the rest is read as another request, which it is not.
    let answer = webhook.raw((head("20") + &body).as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("no JSON"),
        "{answer}"
    );
    // No number, and one that announces more than can be.
    let answer = webhook.raw((head("many") + &body).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = webhook
        .raw((head(&(u64::MAX / 2).to_string()) + &body).as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    webhook.answers().await;
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_is_told_413_at_once() {
    let webhook = Webhook::start().await;
    let head = format!(
        "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        BODY_LIMIT + 1
    );
    let answer = webhook.raw(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_gets_the_reason_too() {
    let webhook = Webhook::start().await;
    // More than the buffers of both ends hold, so that it is sent only if it is read.
    let length = 2 * BODY_LIMIT;
    for (path, framing, status) in [
        ("/validate", format!("content-length: {length}"), "413"),
        ("/validate", "transfer-encoding: chunked".to_owned(), "413"),
        ("/elsewhere", format!("content-length: {length}"), "404"),
    ] {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{framing}\r\n\r\n");
        let mut request = head.into_bytes();
        if framing.ends_with("chunked") {
            request.extend(format!("{length:x}\r\n").bytes());
        }
        request.resize(request.len() + length, b' ');
        request.extend(b"\r\n0\r\n\r\n");
        let answer = webhook.raw(&request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{framing}: {answer}"
        );
    }
}
