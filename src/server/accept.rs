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
    loop {
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
    let connection = shared.clone().serve(stream);
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

    use tokio::time::Instant;

    use super::*;

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
