//! The server: bind an address, serve it, and lead it to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::accept::{accept_forever, accept_rest, reap};
use super::connection::Connections;
use super::drain::{Phase, Stop, Stopped, until_closing};
use super::metrics::ConnectionMetrics;
use super::opening::HandshakePermits;
use super::registry::Registry;
use super::request_clock::Limits;
use super::table::{FirstRequestTime, LEAVING};
use crate::metrics;

/// What the system buffers of a connection in each direction: 128 KiB (Linux takes twice as much, for its own accounts).
/// By themselves buffers would grow to some MiB for a client that sends without being asked or does not read its answers.
const SOCKET_BUFFER: u32 = 128 * 1024;

/// How many connections the system accepts before we do: as many as `TcpListener::bind` of tokio sets.
const BACKLOG: u32 = 1024;

/// The limits of a [`Server`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most time a TLS handshake may take. Defaults to 5 s.
    pub handshake: Duration,
    /// The most time the headers of a request may take, from their first byte on. Defaults to 10 s. How long a body may
    /// take is the router's to say.
    pub headers: Duration,
    /// The most time that an answer may wait for its reader, from when the system takes no more of it on. Defaults to 5 s.
    pub answer: Duration,
    /// The longest silence on a connection. Defaults to 120 s. It has to be longer than the 90 s for which the API server keeps an idle connection (`IdleConnTimeout` of Go's
    /// `http.DefaultTransport`, which kubernetes/apimachinery takes over in `util/net/http.go`): a connection closed here
    /// just as a request arrives loses that request.
    pub idle: Duration,
    /// The age, give or take a fifth, from which on the next answer closes its connection, so that callers come to know
    /// other replicas. Defaults to 10 min. A connection is never cut for its age.
    pub age: Duration,
    /// How many connections are served at the same time. When another comes, one that no review needs is evicted: which
    /// one, `docs/operations.md` says. Defaults to 512, below the 1024 open files that many systems allow a process.
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
    metrics: Option<ConnectionMetrics>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(10),
            answer: Duration::from_secs(5),
            idle: Duration::from_mins(2),
            age: Duration::from_mins(10),
            connections: 512,
            drain: Duration::from_secs(15),
            close: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How many files are open at most while a server with these limits serves: its socket, the connections, those that are
    /// still closing, and one that waits for its place.
    #[must_use]
    pub fn files(&self) -> usize {
        self.connections.saturating_add(LEAVING + 2)
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
    #[expect(
        clippy::unused_async,
        reason = "panics outside of a runtime, which async says"
    )]
    pub async fn bind(
        address: SocketAddr,
        tls: Arc<rustls::ServerConfig>,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        Self::bound(address, Some(tls.into()), router, settings)
    }

    /// Like [`Self::bind`], for plain HTTP.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    #[expect(
        clippy::unused_async,
        reason = "panics outside of a runtime, which async says"
    )]
    pub async fn bind_plain(
        address: SocketAddr,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        Self::bound(address, None, router, settings)
    }

    fn bound(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        router: Router,
        settings: Settings,
    ) -> Result<Self, BindError> {
        let refused = |source| BindError::new(address, source);
        let listener = listen(address).map_err(refused)?;
        Ok(Self {
            address: listener.local_addr().map_err(refused)?,
            listener,
            tls,
            router,
            settings,
            metrics: None,
        })
    }

    /// Counts its connections in `metrics`.
    #[must_use]
    pub fn counted(self, metrics: &metrics::Registry) -> Self {
        Self {
            metrics: Some(ConnectionMetrics::register(metrics)),
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
        // None at all would be a server that answers nobody.
        let connection_limit = self.settings.connections.max(1);
        let first_request = match self.tls {
            Some(_) => FirstRequestTime::TLS,
            None => FirstRequestTime::PLAIN,
        };
        let registry = Registry::new(connection_limit, first_request, self.metrics.clone());
        if let Some(metrics) = &self.metrics {
            metrics.connection_limit(connection_limit);
        }
        let shared = Connections {
            tls: self.tls,
            router: self.router,
            handshake: self.settings.handshake,
            handshake_permits: HandshakePermits::new(),
            limits: Limits {
                headers: self.settings.headers,
                answer: self.settings.answer,
            },
            idle: self.settings.idle,
            age: self.settings.age,
            phase: phase.subscribe(),
            metrics: self.metrics,
            address: None,
        };
        tokio::select! {
            () = accept_forever(&self.listener, &registry, &shared, connections) => {}
            () = until_closing(stop, self.settings.drain, &phase) => {}
        }
        if let Err(error) = accept_rest(self.listener, &registry, &shared, connections) {
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

/// A socket that listens, and from which connections inherit buffers that do not grow.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // As `TcpListener::bind` does: a restart may take the address while connections of the process before linger.
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
