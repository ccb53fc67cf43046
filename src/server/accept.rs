//! Accepting connections, up to a limit, and making room for new ones.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::connection::Connections;
use super::registry::{Place, Registry};

/// How long to wait after a failed accept. Such failures (no file descriptor left, most often) do not go away by
/// trying at once, and a loop that spins would take the processor from the requests that could free one.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// Accepts connections, makes room for them, and clears away those that have ended.
pub(super) async fn accept_forever(
    listener: &TcpListener,
    registry: &Registry,
    shared: &Connections,
    connections: &mut JoinSet<()>,
) {
    loop {
        let mut next = pin!(next_connection(listener, registry));
        let (stream, place) = loop {
            tokio::select! {
                accepted = &mut next => break accepted,
                Some(ended) = connections.join_next() => reap(ended),
            }
        };
        spawn(connections, shared, stream, place);
    }
}

/// Closes the socket, after taking in what the system has accepted already: closing it would reset those connections, and
/// the request of each would be lost.
///
/// The socket itself is asked, not the runtime, which learns of new connections only now and then.
pub(super) fn accept_rest(
    listener: TcpListener,
    registry: &Registry,
    shared: &Connections,
    connections: &mut JoinSet<()>,
) -> io::Result<()> {
    let listener = listener.into_std()?;
    registry.hurry();
    while registry.make_room() {
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        let place = registry.take(peer.ip());
        spawn(connections, shared, TcpStream::from_std(stream)?, place);
    }
    Ok(())
}

/// The next connection, and a place for it. Room is made only once a connection is there that needs it.
async fn next_connection(listener: &TcpListener, registry: &Registry) -> (TcpStream, Place) {
    let (stream, peer) = accept_patiently(|| listener.accept()).await;
    registry.room().await;
    (stream, registry.take(peer.ip()))
}

/// Calls `accept` until it succeeds, with [`ACCEPT_BACK_OFF`] after each failure. Only the first failure of a row is a
/// warning, or an exhausted process would also fill its log.
async fn accept_patiently<A, F, T>(mut accept: A) -> T
where
    A: FnMut() -> F,
    F: Future<Output = io::Result<T>>,
{
    let mut failed = false;
    loop {
        match accept().await {
            Ok(accepted) => return accepted,
            Err(error) if failed => tracing::debug!(%error, "still cannot accept connections"),
            Err(error) => tracing::warn!(%error, "cannot accept connections, trying again"),
        }
        failed = true;
        sleep(ACCEPT_BACK_OFF).await;
    }
}

fn spawn(connections: &mut JoinSet<()>, shared: &Connections, stream: TcpStream, place: Place) {
    // Answers are small and complete: waiting to fill a packet (Nagle) would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let shared = Connections {
        address: stream.peer_addr().ok().map(|peer| peer.ip().to_canonical()),
        ..shared.clone()
    };
    connections.spawn(shared.serve(stream, place));
}

pub(super) fn reap(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task panicked; its client saw the connection end");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use rustls::version::TLS13;
    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::super::OldestTls;
    use super::super::drain::Phase;
    use super::super::opening::HandshakePermits;
    use super::super::request_clock::Limits;
    use super::super::table::FirstRequestTime;
    use super::super::test_client::tls;
    use super::*;

    /// A listener, its connections and what they share.
    async fn listening(limit: usize) -> (TcpListener, Registry, Connections) {
        let (tls, _) = tls(OldestTls::Tls13, &TLS13);
        let shared = Connections {
            tls: Some(tls.into()),
            router: Router::new(),
            handshake: Duration::MAX,
            handshake_permits: HandshakePermits::new(),
            limits: Limits {
                headers: Duration::MAX,
                answer: Duration::MAX,
            },
            idle: Duration::MAX,
            age: Duration::MAX,
            phase: watch::Sender::new(Phase::Serving).subscribe(),
            metrics: None,
            address: None,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        (
            listener,
            Registry::new(limit, FirstRequestTime::TLS, None),
            shared,
        )
    }

    #[tokio::test]
    async fn what_the_system_has_accepted_is_taken_in_before_the_socket_is_closed() {
        for limit in [9, 2] {
            let (listener, registry, shared) = listening(limit).await;
            let address = listener.local_addr().unwrap();
            // The system's own blocking sockets: the runtime gets no chance to learn of them.
            let clients = [(); 3].map(|()| std::net::TcpStream::connect(address).unwrap());
            let mut connections = JoinSet::new();
            accept_rest(listener, &registry, &shared, &mut connections).unwrap();
            assert_eq!(connections.len(), 3);
            assert!(std::net::TcpStream::connect(address).is_err());
            drop(clients);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_have_ended_are_cleared_away_while_nobody_connects() {
        let (listener, registry, shared) = listening(1).await;
        let mut connections = JoinSet::new();
        connections.spawn(async {});
        let accepting = accept_forever(&listener, &registry, &shared, &mut connections);
        tokio::time::timeout(ACCEPT_BACK_OFF, accepting)
            .await
            .unwrap_err();
        assert!(connections.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn failed_accepts_are_tried_again_after_a_pause_each() {
        let (calls, start) = (AtomicUsize::new(0), Instant::now());
        let accepted = accept_patiently(|| async {
            match calls.fetch_add(1, Ordering::Relaxed) {
                0..3 => Err(io::Error::other("no file descriptor left")),
                call => Ok(call),
            }
        });
        assert_eq!(accepted.await, 3);
        assert_eq!(start.elapsed(), 3 * ACCEPT_BACK_OFF);
    }
}
