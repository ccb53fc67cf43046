//! Who gets in: nobody while no verdict can be given, and only so many at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::{InFlight, Metrics, Shed};
use crate::operations::Readiness;

/// How many reviews are judged at the same time unless set otherwise.
pub const DEFAULT_IN_FLIGHT: usize = 256;

/// How many bodies may be large at the same time. One may be 7 MiB, so this is a limit of memory; nearly all are small.
pub(super) const LARGE_BODIES: usize = 16;

/// What stands before the judge. Whoever is not let in is asked to come again: HTTP 503 with `Retry-After: 1`, which the
/// API server follows on a new connection as long as the time of the request lasts (client-go, `rest/with_retry.go`).
#[derive(Clone, Debug)]
pub struct Gate {
    readiness: Readiness,
    permits: Arc<Semaphore>,
    large_bodies: Arc<Semaphore>,
    metrics: Metrics,
}

/// Leave to be judged. It ends when this is dropped.
pub(super) struct Pass {
    _permit: OwnedSemaphorePermit,
    _in_flight: InFlight,
}

/// Leave to have a large body in memory. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Room(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Gate {
    /// Lets in `in_flight` reviews (at least one) at the same time while `readiness` says that verdicts can be given.
    #[must_use]
    pub fn new(readiness: Readiness, metrics: Metrics, in_flight: usize) -> Self {
        let in_flight = in_flight.clamp(1, Semaphore::MAX_PERMITS);
        metrics.in_flight_limit(in_flight);
        Self {
            readiness,
            permits: Arc::new(Semaphore::new(in_flight)),
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)),
            metrics,
        }
    }

    /// Whether verdicts can be given at all, or why a review has to come again.
    pub(super) fn is_open(&self) -> Result<(), String> {
        if self.readiness.can_judge() {
            return Ok(());
        }
        self.metrics.shed(Shed::NotReady);
        Err(format!("not ready: {}", self.readiness.why_not()))
    }

    /// Lets in a review that is there as a whole, or says why it has to come again. (One whose body is awaited would keep others
    /// out for as long as its sender likes.)
    pub(super) fn enter(&self) -> Result<Pass, String> {
        let reason = "as many reviews as are judged at the same time are being judged";
        Ok(Pass {
            _permit: self.permit(&self.permits, reason)?,
            _in_flight: self.metrics.in_flight(),
        })
    }

    /// Room for a large body, or why its review has to come again.
    pub(super) fn room(&self) -> Result<Room, String> {
        let reason = "as many large reviews as may be in memory at the same time are there";
        self.permit(&self.large_bodies, reason).map(Room)
    }

    fn permit(
        &self,
        permits: &Arc<Semaphore>,
        reason: &str,
    ) -> Result<OwnedSemaphorePermit, String> {
        Arc::clone(permits).try_acquire_owned().map_err(|_| {
            self.metrics.shed(Shed::Overload);
            reason.to_owned()
        })
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(Readiness::new(), Metrics::new(), DEFAULT_IN_FLIGHT)
    }
}
