//! Accepting connections, up to a limit, and keeping account of them.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::connection::Connections;

/// How long to wait after a failed accept. Such failures (no file descriptor left, most often) do not go away by
/// trying at once, and a loop that spins would take the processor from the requests that could free one.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// Accepts connections while there are permits, and clears away those that have ended.
pub(super) async fn accept_forever(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    shared: &Connections,
    connections: &mut JoinSet<()>,
) {
    let mut is_full = false;
    loop {
        warn_when_full(permits, &mut is_full);
        let mut next = pin!(next_connection(listener, permits));
        let (stream, permit) = loop {
            tokio::select! {
                accepted = &mut next => break accepted,
                Some(ended) = connections.join_next() => reap(ended),
            }
        };
        spawn(connections, shared, stream, permit);
    }
}

/// Closes the socket, after taking in what the system has accepted already: closing it would reset those connections, and
/// the request of each would be lost.
///
/// The socket itself is asked, not the runtime, which learns of new connections only now and then.
pub(super) fn accept_rest(
    listener: TcpListener,
    permits: &Arc<Semaphore>,
    shared: &Connections,
    connections: &mut JoinSet<()>,
) -> io::Result<()> {
    let listener = listener.into_std()?;
    while let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        spawn(connections, shared, TcpStream::from_std(stream)?, permit);
    }
    Ok(())
}

async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    #[expect(
        clippy::expect_used,
        reason = "acquiring fails only once close() was called"
    )]
    let permit = Arc::clone(permits)
        .acquire_owned()
        .await
        .expect("nobody closes the semaphore");
    let (stream, _) = accept_patiently(|| listener.accept()).await;
    (stream, permit)
}

/// One line each time that all permits have been given away.
fn warn_when_full(permits: &Semaphore, is_full: &mut bool) {
    let was_full = std::mem::replace(is_full, permits.available_permits() == 0);
    if *is_full && !was_full {
        tracing::warn!(
            "as many connections are open as may be: more wait unaccepted, and answers close theirs to make room"
        );
    }
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

fn spawn(
    connections: &mut JoinSet<()>,
    shared: &Connections,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
) {
    // Answers are small and complete: waiting to fill a packet (Nagle) would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let shared = Connections {
        address: stream.peer_addr().ok().map(|peer| peer.ip().to_canonical()),
        ..shared.clone()
    };
    let connection = shared.serve(stream);
    connections.spawn(async move {
        connection.await;
        drop(permit);
    });
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
    use super::super::test_client::tls;
    use super::*;

    /// A listener, a limit and what connections share.
    async fn listening(limit: usize) -> (TcpListener, Arc<Semaphore>, Connections) {
        let (tls, _) = tls(OldestTls::Tls13, &TLS13);
        let permits = Arc::new(Semaphore::new(limit));
        let shared = Connections {
            tls: Some(tls.into()),
            router: Router::new(),
            handshake: Duration::MAX,
            headers: Duration::MAX,
            idle: Duration::MAX,
            age: Duration::MAX,
            phase: watch::Sender::new(Phase::Serving).subscribe(),
            permits: Arc::clone(&permits),
            metrics: None,
            address: None,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        (listener, permits, shared)
    }

    #[tokio::test]
    async fn what_the_system_has_accepted_is_taken_in_before_the_socket_is_closed_up_to_the_limit()
    {
        for (limit, taken) in [(9, 3), (2, 2)] {
            let (listener, permits, shared) = listening(limit).await;
            let address = listener.local_addr().unwrap();
            // The system's own blocking sockets: the runtime gets no chance to learn of them.
            let clients = [(); 3].map(|()| std::net::TcpStream::connect(address).unwrap());
            let mut connections = JoinSet::new();
            accept_rest(listener, &permits, &shared, &mut connections).unwrap();
            assert_eq!(connections.len(), taken);
            assert!(std::net::TcpStream::connect(address).is_err());
            drop(clients);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_have_ended_are_cleared_away_while_nobody_connects() {
        let (listener, permits, shared) = listening(1).await;
        let mut connections = JoinSet::new();
        connections.spawn(async {});
        let accepting = accept_forever(&listener, &permits, &shared, &mut connections);
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
