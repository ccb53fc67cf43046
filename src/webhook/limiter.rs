//! Load shedding: readiness, reviews in flight, memory of bodies.

use super::body_memory::{BODY_MEMORY, BodyMemory, BodyRoom, Full};
use super::retry_later::RetryLater;
use tokio::time::{Instant, timeout_at};

use crate::judge::metrics::{InFlight, ReviewMetrics, Shed};
use crate::operations::Readiness;
use crate::shares::{Flow, SMALL, Sender, Size, Turn, Turns, long_work, size};

/// How many reviews are judged at the same time unless set otherwise.
pub const DEFAULT_IN_FLIGHT: usize = 256;

/// What stands before the judge. Whoever is not let in is asked to come again: HTTP 503 with `Retry-After: 1`, which the
/// API server follows on a new connection as long as the time of the request lasts (client-go, `rest/with_retry.go`).
#[derive(Clone, Debug)]
pub struct AdmissionLimiter {
    readiness: Readiness,
    in_flight: Turns,
    decoding: Turns,
    bodies: BodyMemory,
    metrics: ReviewMetrics,
}

/// Leave to be judged. It ends when this is dropped.
pub(super) struct InFlightPermit {
    _turn: Turn,
    _in_flight: InFlight,
}

impl AdmissionLimiter {
    /// Lets in `in_flight` reviews (at least one) at the same time while `readiness` says that verdicts can be given.
    #[must_use]
    pub fn new(readiness: Readiness, metrics: ReviewMetrics, in_flight: usize) -> Self {
        let in_flight = in_flight.max(1);
        metrics.in_flight_limit(in_flight);
        Self {
            readiness,
            in_flight: Turns::of_plenty(in_flight),
            decoding: long_work(),
            bodies: BodyMemory::new(BODY_MEMORY),
            metrics,
        }
    }

    /// Whether verdicts can be given at all, or why a review has to come again.
    pub(super) fn check_ready(&self) -> Result<(), RetryLater> {
        if self.readiness.can_judge() {
            return Ok(());
        }
        Err(RetryLater {
            reason: Shed::NotReady,
            text: format!("not ready: {}", self.readiness.why_not()),
        })
    }

    /// Lets in a review that is there as a whole, or says why it has to come again. (One whose body is awaited would keep others
    /// out for as long as its sender likes.)
    pub(super) fn enter(&self, flow: Flow) -> Result<InFlightPermit, RetryLater> {
        let turn = self.in_flight.try_take(flow, Size::Small);
        Ok(InFlightPermit {
            _turn: turn.ok_or_else(|| {
                overload("as many reviews as are judged at the same time are being judged, or as many of one sender or namespace")
            })?,
            _in_flight: self.metrics.in_flight(),
        })
    }

    /// Waits for leave to decode a body that is not small: that takes long, and small ones go first.
    pub(super) async fn turn_to_decode(
        &self,
        sender: Sender,
        length: usize,
        deadline: Instant,
    ) -> Result<Option<Turn>, RetryLater> {
        if length <= SMALL {
            return Ok(None);
        }
        let turn = self.decoding.take(sender.flow(), size(length));
        let turn = timeout_at(deadline, turn).await;
        turn.map(Some)
            .map_err(|_| overload("there was no turn for a large review in its time"))
    }

    /// Room for a large body, or why its review has to come again.
    pub(super) fn room(&self, sender: Sender, bytes: usize) -> Result<BodyRoom, RetryLater> {
        let room = self.bodies.room(sender.address, bytes);
        room.map_err(|full| is_full(&full))
    }

    /// More room for a large body, or why its review has to come again.
    pub(super) fn more_room(room: &mut BodyRoom, bytes: usize) -> Result<(), RetryLater> {
        room.grow(bytes).map_err(|full| is_full(&full))
    }

    /// A body that arrived slowly had to make room for others.
    pub(super) fn gives_up() -> RetryLater {
        overload("the body arrived slowly while others needed its room in memory")
    }

    pub(super) fn metrics(&self) -> &ReviewMetrics {
        &self.metrics
    }
}

fn is_full(_: &Full) -> RetryLater {
    overload("as many large reviews as may be in memory at the same time are there")
}

fn overload(text: &str) -> RetryLater {
    RetryLater {
        reason: Shed::Overload,
        text: text.to_owned(),
    }
}

impl Default for AdmissionLimiter {
    fn default() -> Self {
        Self::new(Readiness::new(), ReviewMetrics::new(), DEFAULT_IN_FLIGHT)
    }
}
