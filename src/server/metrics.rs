//! What is counted of connections.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Registry, descriptions, label_sets};

descriptions! {
    CONNECTIONS: Gauge "connections" []
        "Open connections of the webhook";
    CONNECTION_LIMIT: Gauge "connections_limit" []
        "How many connections are served at the same time at most";
    CONNECTIONS_ACCEPTED: Counter "connections_accepted" []
        "Connections that were accepted";
    CONNECTIONS_EVICTED: Counter "connections_evicted" ["state"]
        "Connections that were closed to make room: state is before_request, receiving (a later request), unread (an answer) or idle";
    HANDSHAKE_FAILURES: Counter "tls_handshake_failures" ["reason"]
        "Connections that did not get past the TLS handshake: reason is timeout, client_certificate (missing or refused here), server_certificate (refused by the client) or other";
}

label_sets! {
    StateLabels { state }
    ReasonLabels { reason }
}

/// Why a connection did not get past the TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeFailure {
    /// It took too long.
    Timeout,
    /// The client's certificate was missing or refused.
    ClientCertificate,
    /// The client refused our certificate.
    ServerCertificate,
    /// Anything else: another protocol, no version or cipher in common, a connection that ended.
    Other,
}

/// What a connection did when it had to leave for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evicted {
    /// It had not sent a whole request.
    BeforeRequest,
    /// A later request was not whole.
    Receiving,
    /// An answer was not read.
    Unread,
    /// Nothing.
    Idle,
}

impl Evicted {
    const ALL: [Self; 4] = [
        Self::BeforeRequest,
        Self::Receiving,
        Self::Unread,
        Self::Idle,
    ];
}

impl From<Evicted> for StateLabels {
    fn from(state: Evicted) -> Self {
        let state = match state {
            Evicted::BeforeRequest => "before_request",
            Evicted::Receiving => "receiving",
            Evicted::Unread => "unread",
            Evicted::Idle => "idle",
        };
        Self { state }
    }
}

/// The metrics of connections. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionMetrics {
    open: Gauge,
    limit: Gauge,
    accepted: Counter,
    evicted: Family<StateLabels, Counter>,
    handshake_failures: Family<ReasonLabels, Counter>,
}

impl ConnectionMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        let metrics = Self {
            open: to.register(&CONNECTIONS, Gauge::default()),
            limit: to.register(&CONNECTION_LIMIT, Gauge::default()),
            accepted: to.register(&CONNECTIONS_ACCEPTED, Counter::default()),
            evicted: to.register(&CONNECTIONS_EVICTED, Family::default()),
            handshake_failures: to.register(&HANDSHAKE_FAILURES, Family::default()),
        };
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for state in Evicted::ALL {
            drop(metrics.evicted.get_or_create(&state.into()));
        }
        metrics
    }

    /// How many connections are served at the same time at most.
    pub(crate) fn connection_limit(&self, limit: usize) {
        self.limit.set(i64::try_from(limit).unwrap_or(i64::MAX));
    }

    /// A connection was accepted; it ends when what is returned is dropped.
    #[must_use]
    pub(crate) fn connection(&self) -> OpenConnection {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// A connection had to leave for another one.
    pub(crate) fn evicted(&self, state: Evicted) {
        self.evicted.get_or_create(&state.into()).inc();
    }

    /// A connection did not get past the TLS handshake.
    pub(crate) fn handshake_failure(&self, reason: HandshakeFailure) {
        let reason = match reason {
            HandshakeFailure::Timeout => "timeout",
            HandshakeFailure::ClientCertificate => "client_certificate",
            HandshakeFailure::ServerCertificate => "server_certificate",
            HandshakeFailure::Other => "other",
        };
        let reason = ReasonLabels { reason };
        self.handshake_failures.get_or_create(&reason).inc();
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
