//! Who gets in: nobody while no verdict can be given, and only so many at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::{InFlight, Metrics, Shed};
use crate::operations::Readiness;

/// How many reviews are answered at the same time unless set otherwise. A body may be 7 MiB, so this is also a limit of
/// memory.
pub const DEFAULT_IN_FLIGHT: usize = 256;

/// What stands before the judge. Whoever is not let in is asked to come again: HTTP 503 with `Retry-After: 1`, which the
/// API server follows on a new connection as long as the time of the request lasts (client-go, `rest/with_retry.go`).
#[derive(Clone, Debug)]
pub struct Gate {
    readiness: Readiness,
    permits: Arc<Semaphore>,
    metrics: Metrics,
}

/// Leave to be answered. It ends when this is dropped.
pub(super) struct Pass {
    _permit: OwnedSemaphorePermit,
    _in_flight: InFlight,
}

impl Gate {
    /// Lets in `in_flight` reviews (at least one) at the same time while `readiness` says that verdicts can be given.
    #[must_use]
    pub fn new(readiness: Readiness, metrics: Metrics, in_flight: usize) -> Self {
        let in_flight = in_flight.clamp(1, Semaphore::MAX_PERMITS);
        metrics.in_flight_limit(in_flight);
        Self {
            readiness,
            permits: Arc::new(Semaphore::new(in_flight)),
            metrics,
        }
    }

    /// Lets a review in, or says why it has to come again.
    pub(super) fn enter(&self) -> Result<Pass, String> {
        if !self.readiness.can_judge() {
            self.metrics.shed(Shed::NotReady);
            return Err(format!("not ready: {}", self.readiness.why_not()));
        }
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            self.metrics.shed(Shed::Overload);
            return Err(
                "as many reviews as are judged at the same time are being judged".to_owned(),
            );
        };
        Ok(Pass {
            _permit: permit,
            _in_flight: self.metrics.in_flight(),
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
