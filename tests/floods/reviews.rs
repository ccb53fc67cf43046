//! Requests, byte by byte.

use std::io;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The name in the certificate of a server that is asked directly.
pub(crate) const NAME: &str = "l7guard.l7guard.svc";

/// A review of an Ingress to this Service, by the class of an ALB; the world is that of `examples/quickstart`.
fn review(service: &str, annotation: &str) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u-1",
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
            "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"},
            "operation": "CREATE",
            "namespace": "istio-system",
            "name": "edge",
            "userInfo": {"username": "alice"},
            "object": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"namespace": "istio-system", "name": "edge", "annotations": {"example.com/note": annotation}},
                "spec": {
                    "ingressClassName": "public",
                    "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
                },
            },
        },
    })
}

/// One that is refused.
pub(crate) fn refused() -> Value {
    review("istio-ingressgateway", "")
}

/// One that is allowed.
pub(crate) fn allowed() -> Value {
    review("no-such-service", "")
}

/// One of 3 MiB that is allowed.
pub(crate) fn large() -> Value {
    review("no-such-service", &"a".repeat(3 * 1024 * 1024))
}

/// The whole request with a review.
pub(crate) fn request(review: &Value) -> Bytes {
    let body = review.to_string();
    let headers = format!(
        "POST /validate?timeout=10s HTTP/1.1\r\nhost: {NAME}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Bytes::from(headers + &body)
}

/// The whole request of a probe.
pub(crate) fn probe(path: &str) -> Bytes {
    Bytes::from(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
}

/// The headers of a request, with the empty line behind them.
pub(crate) fn headers_of(request: &[u8]) -> &[u8] {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n");
    &request[..end.unwrap() + 4]
}

/// Reads one answer, and nothing behind it.
pub(crate) async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            let headers = String::from_utf8_lossy(&answer[..end]).to_lowercase();
            let length = headers
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if answer.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(());
            }
        }
    }
}
