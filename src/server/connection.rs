//! One connection: TLS handshake (but for plain HTTP), then HTTP/1.1 requests one after the other until somebody closes
//! it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::drain::{Phase, closing};
use super::handshake;
use super::metrics::{ConnectionMetrics, HandshakeFailure};
use super::opening::{HandshakePermits, Opened};
use super::peer::Peer;
use super::registry::Place;
use super::request_clock::{Clocked, Limits, Overdue, RequestClock};
use super::unread::Unread;
use super::watched_body::WatchedBody;
use crate::jitter;

/// How long a connection that has not sent its first request is still given when the server closes. Such a connection
/// was dialled for a request that is on its way; closing it unanswered would lose that request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// How far the age of a connection may be from the one that is set, in parts of it: connections that were dialled
/// together, when another replica went, do not leave together.
const AGE_JITTER: f64 = 0.2;

/// How long the request is still given that comes just as its idle connection is evicted: from then on it may be lost with it, as
/// the place is given away.
const EVICTION_GRACE: Duration = Duration::from_millis(250);

/// The most that hyper buffers of a request at once, and so the most that headers may take: 64 KiB. An API server's take less than one.
const BUFFER: usize = 64 * 1024;

/// What every connection of a server shares.
#[derive(Clone)]
pub(super) struct Connections {
    /// `None` serves plain HTTP.
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) handshake: Duration,
    pub(super) handshake_permits: HandshakePermits,
    pub(super) limits: Limits,
    pub(super) idle: Duration,
    pub(super) age: Duration,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) metrics: Option<ConnectionMetrics>,
    /// The address at the other end.
    pub(super) address: Option<IpAddr>,
}

impl Connections {
    /// Serves one connection to its end, or until it is evicted from `place`. Nothing is spawned: dropping the future closes
    /// the connection.
    pub(super) async fn serve<IO>(self, io: IO, place: Place)
    where
        IO: AsyncRead + AsyncWrite + Unread + Unpin,
    {
        let _open = self.metrics.as_ref().map(ConnectionMetrics::connection);
        let Some(tls) = self.tls.clone() else {
            return Box::pin(self.serve_http(io, false, place)).await;
        };
        let mut phase = self.phase.clone();
        let stream = tokio::select! {
            biased;
            () = place.evicted() => None,
            stream = self.shake_hands(tls, io) => stream,
            () = grace_over(&mut phase) => None,
        };
        if let Some(stream) = stream {
            let has_certificate = stream.get_ref().1.peer_certificates().is_some();
            // Boxed: a connection in its handshake does not take the memory of one that is served.
            Box::pin(self.serve_http(stream, has_certificate, place)).await;
        }
    }

    /// The handshake, or nothing when it failed or took too long.
    async fn shake_hands<IO>(&self, tls: TlsAcceptor, io: IO) -> Option<TlsStream<Opened<IO>>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = self.handshake_permits.handshake(tls, io);
        let failure = match timeout(self.handshake, handshake).await {
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
        *self.phase.borrow() == Phase::Serving && Instant::now() < old
    }

    async fn serve_http<IO>(self, io: IO, has_certificate: bool, place: Place)
    where
        IO: AsyncRead + AsyncWrite + Unread + Unpin,
    {
        let (begun, clock) = (Notify::new(), RequestClock::new(place));
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
            let answer = router.call(request.map(|body| WatchedBody::new(body, clock.clone())));
            async {
                let mut response = answer.await?;
                if !self.keeps(old) || clock.place().is_evicted() {
                    close(&mut response);
                }
                clock.is_answered();
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(BUFFER)
            // In hyper this clock also runs while the next request is awaited: it is the idle limit.
            .header_read_timeout(self.idle)
            .serve_connection(TokioIo::new(clock.over(io)), service);
        let ended = self.drive(&clock, &begun, pin!(connection)).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "connection ended"),
            Err(overdue) => {
                tracing::debug!(?overdue, limits = ?self.limits, "a client took too long");
            }
        }
    }

    /// Leads `connection` to its end, which comes earlier where the server closes or the connection is evicted.
    async fn drive<IO, S>(
        &self,
        clock: &RequestClock,
        begun: &Notify,
        mut connection: Pin<&mut http1::Connection<TokioIo<Clocked<IO>>, S>>,
    ) -> Result<hyper::Result<()>, Overdue>
    where
        IO: AsyncRead + AsyncWrite + Unread + Unpin,
        S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
    {
        let mut phase = self.phase.clone();
        tokio::select! {
            biased;
            ended = clock.drive(self.limits, connection.as_mut()) => return ended,
            () = closing_time(&mut phase, begun) => {}
            () = clock.place().evicted() => {
                let is_idle = clock.place().was_idle();
                if !is_idle || !is_between_requests(clock, connection.as_mut()).await {
                    return Ok(Ok(()));
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        clock.drive(self.limits, connection).await
    }
}

/// Looks once more whether a request has come over an idle `connection`, and if so waits until it is whole: then closing
/// gracefully answers it. False when the connection has ended, or the request takes too long.
async fn is_between_requests<F: Future>(clock: &RequestClock, mut connection: Pin<&mut F>) -> bool {
    let looked = poll_fn(|context| match connection.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending if clock.is_receiving() => Poll::Pending,
        Poll::Pending => Poll::Ready(true),
    });
    timeout(EVICTION_GRACE, looked).await.unwrap_or(false)
}

/// `age`, give or take [`AGE_JITTER`] of it.
fn jittered(age: Duration) -> Duration {
    jitter::around(age, AGE_JITTER)
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
