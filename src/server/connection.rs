//! One connection: TLS handshake, then HTTP/1.1 requests one after the other until somebody closes it.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::drain::{Phase, closing};

/// How long a connection that has not sent its first request is still given when the server closes. Such a connection
/// was dialled for a request that is on its way; closing it unanswered would lose that request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// What every connection of a server shares.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) tls: TlsAcceptor,
    pub(super) router: Router,
    pub(super) handshake: Duration,
    pub(super) idle: Duration,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Connections {
    /// Serves one connection to its end. Nothing is spawned: dropping the future closes the connection.
    pub(super) async fn serve<IO>(self, io: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let mut phase = self.phase.clone();
        let stream = tokio::select! {
            stream = self.shake_hands(io) => stream,
            () = grace_over(&mut phase) => None,
        };
        if let Some(stream) = stream {
            self.serve_http(stream).await;
        }
    }

    /// The handshake, or nothing when it failed or took too long: that is the client's affair, so it is no warning.
    async fn shake_hands<IO>(&self, io: IO) -> Option<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        match timeout(self.handshake, self.tls.accept(io)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!(limit = ?self.handshake, "TLS handshake took too long");
                None
            }
        }
    }

    async fn serve_http<IO>(self, stream: TlsStream<IO>)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = Arc::new(Notify::new());
        let router = TowerToHyperService::new(self.router);
        let phase = self.phase.clone();
        let service = service_fn(|request: Request<Incoming>| {
            begun.notify_one();
            let answer = router.call(request);
            let phase = phase.clone();
            async move {
                let mut response = answer.await?;
                close_unless_serving(&mut response, *phase.borrow());
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // In hyper this clock also runs while the next request is awaited: it is the idle limit.
            .header_read_timeout(self.idle)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut closing_phase = self.phase;
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = closing_time(&mut closing_phase, &begun) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// Waits until a connection should be closed: the server closes, and a first request has begun or the grace is over.
async fn closing_time(phase: &mut watch::Receiver<Phase>, begun: &Notify) {
    closing(phase).await;
    let _ = timeout(FIRST_REQUEST_GRACE, begun.notified()).await;
}

/// Waits until the server closes and [`FIRST_REQUEST_GRACE`] is over.
async fn grace_over(phase: &mut watch::Receiver<Phase>) {
    closing(phase).await;
    sleep(FIRST_REQUEST_GRACE).await;
}

/// hyper closes the connection after an answer with this header (RFC 9112, section 9.6).
fn close_unless_serving(response: &mut Response<Body>, phase: Phase) {
    if phase != Phase::Serving {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
