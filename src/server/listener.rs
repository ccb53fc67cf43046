//! The server: bind an address, serve it, and lead it to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::accept::{accept_forever, accept_rest, reap};
use super::connection::Connections;
use super::drain::{Phase, Stop, Stopped, until_closing};
use crate::metrics::Metrics;

/// The limits of a [`Server`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most time a TLS handshake may take. Defaults to 5 s.
    pub handshake: Duration,
    /// The most time the headers of a request may take, from their first byte on. Defaults to 10 s. How long a body may
    /// take is the router's to say.
    pub headers: Duration,
    /// The longest silence on a connection. Defaults to 120 s. It has to be longer than the 90 s for which the API server keeps an idle connection (`IdleConnTimeout` of Go's
    /// `http.DefaultTransport`, which kubernetes/apimachinery takes over in `util/net/http.go`): a connection closed here
    /// just as a request arrives loses that request.
    pub idle: Duration,
    /// The age, give or take a fifth, from which on the next answer closes its connection, so that callers come to know
    /// other replicas. Defaults to 10 min. A connection is never cut for its age.
    pub age: Duration,
    /// How many connections are served at the same time. More wait unaccepted, and while there is no room every answer
    /// closes its connection to make some. Defaults to 512, below the 1024 open files that many systems allow a process.
    /// An API server keeps up to 25 idle ones (client-go, `transport/cache.go`, `idleConnsPerHost`).
    pub connections: usize,
    /// How long to go on after a stop before nothing more is accepted. Defaults to 15 s, for what routes to this
    /// address to notice.
    pub drain: Duration,
    /// How long requests in flight are awaited after that. Defaults to 10 s.
    pub close: Duration,
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "{address} is already in use: stop the program that listens there, or listen on another port (port 0 takes a free one)"
    )]
    Busy {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The port is privileged.
    #[error(
        "listening on {address} is not permitted: ports below 1024 need a privilege, listen on a higher one"
    )]
    NotPermitted {
        /// The address asked for.
        address: SocketAddr,
    },
    /// This machine does not have that address.
    #[error(
        "{address} is no address of this machine: listen on one that it has, 127.0.0.1 (this machine only) or 0.0.0.0 (every interface)"
    )]
    NoSuchAddress {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Anything else that the system refuses.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A bound listener that serves one router, over TLS or plain.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    settings: Settings,
    metrics: Option<Metrics>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(10),
            idle: Duration::from_mins(2),
            age: Duration::from_mins(10),
            connections: 512,
            drain: Duration::from_secs(15),
            close: Duration::from_secs(10),
        }
    }
}

impl BindError {
    fn new(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::Busy { address },
            io::ErrorKind::PermissionDenied => Self::NotPermitted { address },
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { address },
            _ => Self::Other { address, source },
        }
    }
}

impl Server {
    /// Takes the address; from then on clients can connect, though nobody is answered before [`Self::run`]. Port 0 takes a
    /// free one, which [`Self::local_addr`] tells.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        tls: Arc<rustls::ServerConfig>,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        Self::bound(address, Some(tls.into()), router, settings).await
    }

    /// Like [`Self::bind`], for plain HTTP.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind_plain(
        address: SocketAddr,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        Self::bound(address, None, router, settings).await
    }

    async fn bound(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        let refused = |source| BindError::new(address, source);
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        Ok(Self {
            address: listener.local_addr().map_err(refused)?,
            listener,
            tls,
            router,
            settings,
            metrics: None,
        })
    }

    /// Has its connections counted.
    #[must_use]
    pub fn counted(self, metrics: Metrics) -> Self {
        Self {
            metrics: Some(metrics),
            ..self
        }
    }

    /// The address it listens on, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is asked for, then drains and closes; a second stop aborts at once. When it returns no
    /// connection and no task of it is left; the same holds when the future is dropped.
    pub async fn run(self, stop: Stop) -> Stopped {
        let mut connections = JoinSet::new();
        let aborted = tokio::select! {
            biased;
            () = stop.aborted() => true,
            () = self.serve(&stop, &mut connections) => false,
        };
        while connections.try_join_next().map(reap).is_some() {}
        let cut = connections.len();
        connections.shutdown().await;
        let stopped = match (aborted, cut) {
            (true, connections) => Stopped::Aborted { connections },
            (false, 0) => Stopped::Drained,
            (false, connections) => Stopped::CutAfterTimeout { connections },
        };
        tracing::info!(?stopped, "stopped serving");
        stopped
    }

    /// All three phases. Connections that did not end in the close time are left in `connections`.
    async fn serve(self, stop: &Stop, connections: &mut JoinSet<()>) {
        let phase = watch::Sender::new(Phase::Serving);
        // None at all would be a server that answers nobody, and more than the most a panic.
        let connection_limit = self.settings.connections.clamp(1, Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(connection_limit));
        if let Some(metrics) = &self.metrics {
            metrics.connection_limit(connection_limit);
        }
        let shared = Connections {
            tls: self.tls,
            router: self.router,
            handshake: self.settings.handshake,
            headers: self.settings.headers,
            idle: self.settings.idle,
            age: self.settings.age,
            phase: phase.subscribe(),
            permits: Arc::clone(&permits),
            metrics: self.metrics,
            address: None,
        };
        tokio::select! {
            () = accept_forever(&self.listener, &permits, &shared, connections) => {}
            () = until_closing(stop, self.settings.drain, &phase) => {}
        }
        if let Err(error) = accept_rest(self.listener, &permits, &shared, connections) {
            tracing::warn!(%error, "cannot accept the last connections");
        }
        tracing::info!(
            connections = connections.len(),
            "closing: nothing more is accepted"
        );
        phase.send_replace(Phase::Closing);
        let all_gone = async { while connections.join_next().await.map(reap).is_some() {} };
        // When the time is over the caller cuts what is left.
        let _ = timeout(self.settings.close, all_gone).await;
    }
}
