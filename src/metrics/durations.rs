//! Histograms of durations.

use std::hash::Hash;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Upper ends of the buckets of a duration, in seconds: from 100 µs, as most verdicts take less, to past the 30 s that
/// `timeoutSeconds` may be (admissionregistration.k8s.io/v1).
const BUCKETS: [f64; 17] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 31.0,
];

/// A family of histograms of durations.
pub(crate) type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// Such a family without any observation.
pub(crate) fn durations<L: Clone + Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}
