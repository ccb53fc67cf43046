//! One connection: TLS handshake (but for plain HTTP), then HTTP/1.1 requests one after the other until somebody closes
//! it.

use std::convert::Infallible;
use std::net::IpAddr;
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
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::drain::{Phase, closing};
use super::handshake;
use super::header_clock::{HeaderClock, Overdue};
use super::peer::Peer;
use crate::metrics::{HandshakeFailure, Metrics};

/// How long a connection that has not sent its first request is still given when the server closes. Such a connection
/// was dialled for a request that is on its way; closing it unanswered would lose that request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// How far the age of a connection may be from the one that is set, in parts of it: connections that were dialled
/// together, when another replica went, do not leave together.
const AGE_JITTER: f64 = 0.2;

/// What every connection of a server shares.
#[derive(Clone)]
pub(super) struct Connections {
    /// `None` serves plain HTTP.
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) handshake: Duration,
    pub(super) headers: Duration,
    pub(super) idle: Duration,
    pub(super) age: Duration,
    pub(super) phase: watch::Receiver<Phase>,
    /// One permit for each connection that may be open.
    pub(super) permits: Arc<Semaphore>,
    pub(super) metrics: Option<Metrics>,
    /// The address at the other end.
    pub(super) address: Option<IpAddr>,
}

impl Connections {
    /// Serves one connection to its end. Nothing is spawned: dropping the future closes the connection.
    pub(super) async fn serve<IO>(self, io: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let _open = self.metrics.as_ref().map(Metrics::connection);
        let Some(tls) = self.tls.clone() else {
            return self.serve_http(io, false).await;
        };
        let mut phase = self.phase.clone();
        let stream = tokio::select! {
            stream = self.shake_hands(tls, io) => stream,
            () = grace_over(&mut phase) => None,
        };
        if let Some(stream) = stream {
            let has_certificate = stream.get_ref().1.peer_certificates().is_some();
            self.serve_http(stream, has_certificate).await;
        }
    }

    /// The handshake, or nothing when it failed or took too long.
    async fn shake_hands<IO>(&self, tls: TlsAcceptor, io: IO) -> Option<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let failure = match timeout(self.handshake, tls.accept(io)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => handshake::failure(&error),
            Err(_) => {
                tracing::debug!(limit = ?self.handshake, "TLS handshake took too long");
                HandshakeFailure::Timeout
            }
        };
        if let Some(metrics) = &self.metrics {
            metrics.handshake_failure(failure);
        }
        None
    }

    /// Whether answers still keep their connection, which is to be left at `old`.
    fn keeps(&self, old: Instant) -> bool {
        *self.phase.borrow() == Phase::Serving
            && Instant::now() < old
            // Others wait: whoever has got an answer makes room, at the one moment when nothing of his is lost by it.
            && self.permits.available_permits() > 0
    }

    async fn serve_http<IO>(self, io: IO, has_certificate: bool)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let (begun, clock) = (Notify::new(), HeaderClock::default());
        let old = Instant::now() + jittered(self.age);
        let router = TowerToHyperService::new(self.router.clone());
        let peer = Peer {
            address: self.address,
            has_certificate,
        };
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            begun.notify_one();
            clock.headers_are_whole();
            let answer = router.call(request);
            async {
                let mut response = answer.await?;
                if !self.keeps(old) {
                    close(&mut response);
                }
                clock.is_answered();
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // In hyper this clock also runs while the next request is awaited: it is the idle limit.
            .header_read_timeout(self.idle)
            .serve_connection(TokioIo::new(clock.over(io)), service);
        let mut connection = pin!(connection);
        let mut closing_phase = self.phase.clone();
        let result = tokio::select! {
            result = clock.drive(self.headers, connection.as_mut()) => result,
            () = closing_time(&mut closing_phase, &begun) => {
                connection.as_mut().graceful_shutdown();
                Ok(connection.await)
            }
        };
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "connection ended"),
            Err(Overdue) => {
                tracing::debug!(limit = ?self.headers, "the headers of a request took too long");
            }
        }
    }
}

/// `age`, give or take [`AGE_JITTER`] of it.
fn jittered(age: Duration) -> Duration {
    age.mul_f64(1.0 - AGE_JITTER + 2.0 * AGE_JITTER * fastrand::f64())
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
fn close(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
