//! The end of a review: what came of it is counted and logged.

use std::time::Duration;

use super::count::count;
use super::log::log;
use super::metrics::ReviewMetrics;
use super::outcome::Outcome;
use crate::admission::Review;

/// Counts and logs what came of a review, once for each that is answered. `review` is `None` where it could not be decoded.
pub fn conclude(
    review: Option<&Review<'_>>,
    outcome: &Outcome,
    metrics: &ReviewMetrics,
    duration: Duration,
) {
    count(review, outcome, metrics, duration);
    log(review, outcome, duration);
}
