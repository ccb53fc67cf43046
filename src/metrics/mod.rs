//! What the program counts and measures, for Prometheus.
//!
//! Each room describes and registers its own metrics in its file `metrics.rs`; here is what they have in common. Labels have
//! few values: no namespace, no name, no user, and whatever comes from outside is mapped to a word of ours first.

mod admission;
mod description;
mod durations;
mod registry;
mod unreadable_objects;

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::time::SystemTime;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::rules::RuleCode;

pub(crate) use admission::DESCRIPTIONS as REVIEWS;
use admission::ReviewMetrics;
pub use admission::{Decision, Effect, InFlight, Reviewed, Shed};
pub use description::{Description, MetricType, PREFIX};
pub(crate) use description::{descriptions, label_sets};
pub(crate) use durations::{Durations, durations};
pub use registry::{CONTENT_TYPE, Registry};
pub(crate) use unreadable_objects::{DESCRIPTIONS as UNREADABLE_OBJECTS, UnreadableObjects};

/// The registry with the metrics of reviews. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    reviews: ReviewMetrics,
    unreadable_objects: UnreadableObjects,
}

impl Metrics {
    /// With the metrics of reviews, at zero.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        Self {
            reviews: ReviewMetrics::register(&registry),
            unreadable_objects: UnreadableObjects::register(&registry),
            registry,
        }
    }

    /// A review was answered.
    pub fn review(&self, reviewed: &Reviewed<'_>) {
        self.reviews.review(reviewed);
    }

    /// A review begins; it ends when what is returned is dropped.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        self.reviews.in_flight()
    }

    /// How many reviews are answered at the same time at most.
    pub fn in_flight_limit(&self, limit: usize) {
        self.reviews.in_flight_limit(limit);
    }

    /// A review was sent away to come again.
    pub fn shed(&self, reason: Shed) {
        self.reviews.shed(reason);
    }

    /// A request that is no review was answered with this HTTP status.
    pub fn refused(&self, status: u16) {
        self.reviews.refused(status);
    }

    /// A finding at admission.
    pub fn finding(&self, rule: RuleCode, effect: Effect, confidence: Confidence) {
        self.reviews.finding(rule, effect, confidence);
    }

    /// A finding at admission that an exemption covers.
    pub fn exempted(&self, rule: RuleCode) {
        self.reviews.exempted(rule);
    }

    /// An object under review is left out of the world.
    pub fn unreadable_object(&self, kind: &'static str) {
        self.unreadable_objects.count(kind);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Metrics {
    type Target = Registry;

    fn deref(&self) -> &Registry {
        &self.registry
    }
}

/// Seconds since 1970; 0 for what was before.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
