//! The real server with a scripted judge, asked by a real client.

mod annotated;
mod audited;
mod bodies;
mod conclusions;
mod failures;
mod gate;
mod judged;
mod lengthy;
mod many;
mod messages;
mod neighbours;
mod refusals;
mod shares;
mod spans;
mod strangers;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::Response;
use bytes::Bytes;
use rustls::version::TLS13;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{AdmissionLimiter, BODY_LIMIT, router};
use crate::admission::{Answer, Review};
use crate::judge::{Judge, JudgeError, Outcome};
use crate::server::test_client::{TestClient, TestConnection, post as json_request, tls};
use crate::server::{OldestTls, Server, Settings, StopHandle, stop};
use crate::shares::{Sender, off_workers};

/// Judges by the name of the object; keeps what it was told.
#[derive(Default)]
struct Scripted {
    budgets: Mutex<Vec<Duration>>,
    senders: Mutex<Vec<Sender>>,
    held: Notify,
    release: Notify,
}

impl Judge for Scripted {
    async fn judge(&self, review: &mut Review<'_>, deadline: Instant) -> Outcome {
        self.budgets.lock().unwrap().push(deadline - Instant::now());
        self.senders.lock().unwrap().push(review.sender);
        match review.name.as_deref() {
            Some("denied") => return Outcome::denied(),
            Some("mistyped") => {
                return Outcome::failed(JudgeError::Field {
                    field: "/spec/rules/0/host".to_owned(),
                    problem: "expected a string, found a number".to_owned(),
                });
            }
            Some("broken") => {
                return Outcome::failed(JudgeError::Failed("the secret of the house".into()));
            }
            Some("panics") => panic!("on purpose"),
            Some("held") => {
                self.held.notify_one();
                self.release.notified().await;
            }
            Some(name) if name.starts_with("logs-") => {
                tracing::info!("step one");
                off_workers(|| tracing::info!("step two"));
                self.held.notify_one();
                self.release.notified().await;
                tracing::info!("step three");
            }
            Some("late") => std::future::pending().await,
            _ => {}
        }
        Outcome::nothing_to_judge(None)
    }
}

/// The real server with the scripted judge.
struct Webhook {
    address: SocketAddr,
    client: TestClient,
    judge: Arc<Scripted>,
    _handle: StopHandle,
}

impl Webhook {
    async fn start() -> Self {
        Self::behind(AdmissionLimiter::default()).await
    }

    async fn behind(gate: AdmissionLimiter) -> Self {
        let judge = Arc::new(Scripted::default());
        let (client, address, handle) = served(Arc::clone(&judge), gate).await;
        Self {
            address,
            client,
            judge,
            _handle: handle,
        }
    }

    async fn connect(&self) -> TestConnection {
        self.client.connect(self.address).await.unwrap()
    }

    /// Sends a request, demands `status`, and that the server then still answers a good review. Gives the reason.
    async fn refuses(&self, request: Request, status: u16) -> (Response<Bytes>, String) {
        let answer = self.client.ask(self.address, request).await;
        let reason = String::from_utf8(answer.body().to_vec()).unwrap();
        assert_eq!(answer.status(), status, "{reason}");
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        assert!(reason.len() > 10 && reason.ends_with('\n'), "{reason:?}");
        self.answers().await;
        (answer, reason)
    }

    /// A good review gets its verdict.
    async fn answers(&self) {
        let answer = self
            .client
            .ask(self.address, json_request("/validate", review("denied")))
            .await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(answer["response"]["uid"], "u-denied");
        assert_eq!(answer["response"]["allowed"], false);
    }

    /// Sends bytes as they are over TLS and reads until the server closes.
    async fn raw(&self, bytes: &[u8]) -> String {
        let socket = TcpStream::connect(self.address).await.unwrap();
        let mut stream = self.client.shake_hands(socket).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// The real server with any judge, until the handle is dropped.
async fn served<J: Judge>(
    judge: Arc<J>,
    gate: AdmissionLimiter,
) -> (TestClient, SocketAddr, StopHandle) {
    let (tls, client) = tls(OldestTls::Tls13, &TLS13);
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(loopback, tls, router(judge, gate), Settings::default())
        .await
        .unwrap();
    let (address, (handle, stop)) = (server.local_addr(), stop());
    tokio::spawn(server.run(stop));
    (client, address, handle)
}

fn review(name: &str) -> String {
    review_with(name, &json!({"kind": "Ingress"}))
}

fn review_with(name: &str, object: &Value) -> String {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": format!("u-{name}"),
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
            "operation": "CREATE",
            "name": name,
            "object": object
        }
    })
    .to_string()
}

/// A good review padded to `length` bytes.
fn review_of(length: usize) -> String {
    let bare = review_with("denied", &json!({"pad": ""})).len();
    let padded = review_with("denied", &json!({"pad": "x".repeat(length - bare)}));
    assert_eq!(padded.len(), length);
    padded
}

#[tokio::test]
async fn a_review_is_answered_with_its_own_uid_and_connections_are_kept() {
    let webhook = Webhook::start().await;
    let mut connection = webhook.connect().await;
    for (name, allowed) in [("fine", true), ("denied", false), ("fine", true)] {
        let answer = connection
            .post("/validate?timeout=10s", review(name))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["response"]["uid"], format!("u-{name}"));
        assert_eq!(answer["response"]["allowed"], allowed);
    }
}

#[tokio::test]
async fn the_judge_is_told_the_time_that_the_api_server_gives_less_the_margin() {
    let webhook = Webhook::start().await;
    webhook
        .connect()
        .await
        .post("/validate?timeout=3s", review("fine"))
        .await
        .unwrap();
    let told = webhook.judge.budgets.lock().unwrap()[0];
    assert!(told <= Duration::from_millis(2_500), "{told:?}");
}
