//! An honest caller: what the API server's client (Go's `net/http`) does with its connections.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::CONNECTION;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use crate::reviews::NAME;
use crate::tls::Connector;

/// One caller, who has one review in flight at a time.
pub(crate) struct Caller {
    connector: Connector,
    target: SocketAddr,
    /// The time that a review has, as `timeoutSeconds`.
    timeout: Duration,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Why a write would be lost under `failurePolicy: Fail`.
pub(crate) type Lost = String;

impl Caller {
    pub(crate) fn new(connector: Connector, target: SocketAddr, timeout: Duration) -> Self {
        Self {
            connector,
            target,
            timeout,
            connection: None,
        }
    }

    /// Leaves the connection; the next review dials.
    pub(crate) fn leave(&mut self) {
        self.connection = None;
    }

    /// Whether the object of a review is allowed.
    pub(crate) async fn is_allowed(&mut self, review: &Value) -> Result<bool, Lost> {
        let body = Bytes::from(review.to_string());
        let end = Instant::now() + self.timeout;
        match timeout_at(end, self.ask(body)).await {
            Err(_) => Err("no answer in time".to_owned()),
            Ok(answer) => {
                let answer: Value =
                    serde_json::from_slice(&answer?).map_err(|error| error.to_string())?;
                answer["response"]["allowed"]
                    .as_bool()
                    .ok_or_else(|| answer.to_string())
            }
        }
    }

    async fn ask(&mut self, body: Bytes) -> Result<Bytes, Lost> {
        loop {
            let mut connection = match self.connection.take() {
                Some(connection) if !connection.is_closed() => connection,
                _ => self
                    .dial()
                    .await
                    .map_err(|error| format!("dialling: {error:#}"))?,
            };
            if connection.ready().await.is_err() {
                // Closed while it was idle: nothing is lost by dialling another one.
                continue;
            }
            let request = Request::post("/validate?timeout=10s")
                .header("host", NAME)
                .header("content-type", "application/json")
                .body(Full::new(body.clone()))
                .map_err(|error| error.to_string())?;
            let response = match connection.send_request(request).await {
                Ok(response) => response,
                // Not a byte of it was written.
                Err(error) if error.is_canceled() => continue,
                Err(error) => return Err(format!("asking: {error:?}")),
            };
            let (status, closes) = (
                response.status(),
                response.headers().contains_key(CONNECTION),
            );
            let answer = response.into_body().collect().await;
            let answer = answer
                .map_err(|error| format!("reading: {error}"))?
                .to_bytes();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                sleep(Duration::from_secs(1)).await;
                continue;
            }
            if !closes {
                self.connection = Some(connection);
            }
            return match status {
                StatusCode::OK => Ok(answer),
                status => Err(format!("{status}: {}", String::from_utf8_lossy(&answer))),
            };
        }
    }

    async fn dial(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.target).await?;
        let stream = self.connector.connect(stream).await?;
        let (send, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(send)
    }
}
