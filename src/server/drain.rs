//! Stopping without losing a request, as a state machine.
//!
//! ```text
//! Serving ──stop──▶ Draining ──after the drain time──▶ Closing ──connections gone, or the close time──▶ stopped
//!                      └───────────────────────── a second stop ─────────────────────────▶ aborted at once
//! ```
//!
//! *Draining*: connections are accepted and requests answered as ever, but every answer says `Connection: close`. So
//! callers leave one by one, each at a moment when nothing of theirs is on the wire, while the address disappears from
//! the Service's endpoints. *Closing*: no more is accepted, idle connections are closed, requests in flight are awaited.
//!
//! Who asks for the stop is not known here: [`stop`] makes a handle that anyone can pull.

use std::time::Duration;

use tokio::sync::watch;

/// Makes the two ends of a stop: the handle asks, the [`Stop`] is given to [`super::Server::run`].
#[must_use]
pub fn stop() -> (StopHandle, Stop) {
    let (sender, receiver) = watch::channel(0);
    (StopHandle { requests: sender }, Stop { requests: receiver })
}

/// The end that asks a server to stop.
#[derive(Debug)]
pub struct StopHandle {
    requests: watch::Sender<u32>,
}

/// The end that a server listens to. Several servers can listen to clones of one.
///
/// A handle that is dropped asks for nothing: the server goes on.
#[derive(Clone, Debug)]
pub struct Stop {
    requests: watch::Receiver<u32>,
}

/// How a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every connection was closed in good order.
    Drained,
    /// The close time was over; so many connections were cut.
    CutAfterTimeout {
        /// How many.
        connections: usize,
    },
    /// A second stop came; so many connections were cut.
    Aborted {
        /// How many.
        connections: usize,
    },
}

/// Where a server stands between its first and its last connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// As ever.
    #[default]
    Serving,
    /// Still accepting, but every answer closes its connection.
    Draining,
    /// Nothing more is accepted and what is idle is closed.
    Closing,
}

impl StopHandle {
    /// Asks to stop: the first time to drain, the second time to abort. Further times do nothing.
    pub fn stop(&self) {
        self.requests
            .send_modify(|asked| *asked = asked.saturating_add(1));
    }

    /// Waits until no server listens any more.
    pub async fn unheard(&self) {
        self.requests.closed().await;
    }
}

impl Stop {
    /// Waits until a stop has been asked for.
    pub async fn requested(&self) {
        self.asked(1).await;
    }

    /// Waits until a stop has been asked for at least `times` times.
    async fn asked(&self, times: u32) {
        let mut requests = self.requests.clone();
        if requests.wait_for(|asked| *asked >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the server has to abort.
    pub(super) async fn aborted(&self) {
        self.asked(2).await;
    }
}

/// Waits for the stop and leads `phase` from Serving through `drain` of Draining; returns when Closing is due, which the
/// caller announces once it has taken in the connections that were already waiting.
pub(super) async fn until_closing(stop: &Stop, drain: Duration, phase: &watch::Sender<Phase>) {
    stop.asked(1).await;
    tracing::info!(
        seconds = drain.as_secs_f64(),
        "draining: every answer closes its connection"
    );
    phase.send_replace(Phase::Draining);
    tokio::time::sleep(drain).await;
}

/// Waits until `phase` is Closing. A server that is gone counts as closing.
pub(super) async fn closing(phase: &mut watch::Receiver<Phase>) {
    // An error means that the sender is gone, and with it the server.
    let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const DRAIN: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn a_stop_drains_for_the_drain_time_and_then_closing_is_due() {
        let (handle, stop) = stop();
        let phase = watch::Sender::new(Phase::Serving);
        let start = Instant::now();
        let mut seen = phase.subscribe();
        let observer = tokio::spawn(async move {
            seen.changed().await.unwrap();
            (*seen.borrow(), start.elapsed())
        });
        handle.stop();
        until_closing(&stop, DRAIN, &phase).await;
        assert_eq!(observer.await.unwrap(), (Phase::Draining, Duration::ZERO));
        assert_eq!(start.elapsed(), DRAIN);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_stop_nothing_happens_even_when_the_handle_is_dropped() {
        let (handle, stop) = stop();
        let phase = watch::Sender::new(Phase::Serving);
        drop(handle);
        let day = Duration::from_hours(24);
        tokio::time::timeout(day, until_closing(&stop, DRAIN, &phase))
            .await
            .unwrap_err();
        assert_eq!(*phase.borrow(), Phase::Serving);
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_second_stop_aborts_and_it_is_never_missed() {
        let (handle, stop) = stop();
        handle.stop();
        tokio::time::timeout(DRAIN, stop.aborted())
            .await
            .unwrap_err();
        handle.stop();
        stop.clone().aborted().await;
        drop(handle);
        stop.aborted().await;
    }
}
