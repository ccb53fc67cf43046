//! Everything that is measured, registered under its description.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

use super::descriptions::{self as describe, Description, PREFIX};
use super::labels;

/// Upper ends of the buckets of a duration, in seconds: from 100 µs, as most verdicts take less, to past the 30 s that
/// `timeoutSeconds` may be (admissionregistration.k8s.io/v1).
const BUCKETS: [f64; 17] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 31.0,
];

/// A family of histograms of durations.
pub(super) type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// Everything that is measured.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) reviews: Family<labels::Review, Counter>,
    pub(super) review_duration: Durations<labels::Judged>,
    pub(super) in_flight: Gauge,
    pub(super) in_flight_limit: Gauge,
    pub(super) shed: Family<labels::Reason, Counter>,
    pub(super) refused: Family<labels::Status, Counter>,
    pub(super) findings: Family<labels::Finding, Counter>,
    pub(super) exempted: Family<labels::Rule, Counter>,
    pub(super) exemptions: Family<labels::State, Gauge>,
    pub(super) inventory_objects: Family<labels::OfKind, Gauge>,
    pub(super) inventory_synced: Family<labels::OfKind, Gauge>,
    pub(super) inventory_freshness: Family<labels::OfKind, Gauge>,
    pub(super) watch_restarts: Family<labels::Restart, Counter>,
    pub(super) unreadable_objects: Family<labels::OfKind, Counter>,
    pub(super) live_read_duration: Durations<labels::Read>,
    pub(super) reloads: Family<labels::Reload, Counter>,
    pub(super) reload_successful: Family<labels::File, Gauge>,
    pub(super) reload_success_time: Family<labels::File, Gauge>,
    pub(super) certificate_expiry: Gauge,
    pub(super) connections: Gauge,
    pub(super) connection_limit: Gauge,
    pub(super) connections_accepted: Counter,
    pub(super) connections_evicted: Family<labels::State, Counter>,
    pub(super) handshake_failures: Family<labels::Reason, Counter>,
    pub(super) log_lines_dropped: Family<labels::Reason, Counter>,
}

impl Families {
    /// All of them at zero, and the registry that writes them.
    pub(super) fn registered() -> (Self, Registry) {
        let mut registry = Registry::with_prefix(PREFIX);
        let families = Self::register(&mut registry);
        let version = labels::Version {
            version: env!("CARGO_PKG_VERSION"),
        };
        registry.register(
            describe::BUILD.name,
            describe::BUILD.help,
            Info::new(version),
        );
        (families, registry)
    }

    fn register(to: &mut Registry) -> Self {
        Self {
            reviews: add(to, &describe::REVIEWS, Family::default()),
            review_duration: add(to, &describe::REVIEW_DURATION, durations()),
            in_flight: add(to, &describe::IN_FLIGHT, Gauge::default()),
            in_flight_limit: add(to, &describe::IN_FLIGHT_LIMIT, Gauge::default()),
            shed: add(to, &describe::SHED, Family::default()),
            refused: add(to, &describe::REFUSED, Family::default()),
            findings: add(to, &describe::FINDINGS, Family::default()),
            exempted: add(to, &describe::EXEMPTED, Family::default()),
            exemptions: add(to, &describe::EXEMPTIONS, Family::default()),
            inventory_objects: add(to, &describe::INVENTORY_OBJECTS, Family::default()),
            inventory_synced: add(to, &describe::INVENTORY_SYNCED, Family::default()),
            inventory_freshness: add(to, &describe::INVENTORY_FRESHNESS, Family::default()),
            watch_restarts: add(to, &describe::WATCH_RESTARTS, Family::default()),
            unreadable_objects: add(to, &describe::UNREADABLE_OBJECTS, Family::default()),
            live_read_duration: add(to, &describe::LIVE_READ_DURATION, durations()),
            reloads: add(to, &describe::RELOADS, Family::default()),
            reload_successful: add(to, &describe::RELOAD_SUCCESSFUL, Family::default()),
            reload_success_time: add(to, &describe::RELOAD_SUCCESS_TIME, Family::default()),
            certificate_expiry: add(to, &describe::CERTIFICATE_EXPIRY, Gauge::default()),
            connections: add(to, &describe::CONNECTIONS, Gauge::default()),
            connection_limit: add(to, &describe::CONNECTION_LIMIT, Gauge::default()),
            connections_accepted: add(to, &describe::CONNECTIONS_ACCEPTED, Counter::default()),
            connections_evicted: add(to, &describe::CONNECTIONS_EVICTED, Family::default()),
            handshake_failures: add(to, &describe::HANDSHAKE_FAILURES, Family::default()),
            log_lines_dropped: add(to, &describe::LOG_LINES_DROPPED, Family::default()),
        }
    }
}

fn durations<L: Clone + std::hash::Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}

/// Registers a metric, which shares its values with the one that is returned.
fn add<M: Metric + Clone>(registry: &mut Registry, description: &Description, metric: M) -> M {
    registry.register(description.name, description.help, metric.clone());
    metric
}
