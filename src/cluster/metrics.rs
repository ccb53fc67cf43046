//! What is counted of the cluster: what is kept of it, its watches, and reads of it.

use std::time::{Duration, SystemTime};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{
    Durations, Registry, UnreadableObjects, descriptions, durations, label_sets, seconds,
};

descriptions! {
    INVENTORY_OBJECTS: Gauge "inventory_objects" ["kind"]
        "Objects that are kept of each kind";
    INVENTORY_SYNCED: Gauge "inventory_synced" ["kind"]
        "Whether the kind has been listed whole (1) or not yet (0)";
    INVENTORY_FRESHNESS: Gauge "inventory_last_event_timestamp_seconds" ["kind"]
        "When the watch of the kind was last heard of, in seconds since 1970";
    WATCH_RESTARTS: Counter "watch_restarts" ["kind", "reason"]
        "Watches that had to be begun anew";
    LIVE_READ_DURATION: Histogram "live_read_duration_seconds" ["kind", "outcome"]
        "How long reads of the cluster during a review took";
}

label_sets! {
    KindLabels { kind }
    RestartLabels { kind, reason }
    ReadLabels { kind, outcome }
}

/// The metrics of the cluster. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ClusterMetrics {
    objects: Family<KindLabels, Gauge>,
    synced: Family<KindLabels, Gauge>,
    freshness: Family<KindLabels, Gauge>,
    watch_restarts: Family<RestartLabels, Counter>,
    unreadable_objects: UnreadableObjects,
    live_read_duration: Durations<ReadLabels>,
}

impl ClusterMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self {
            objects: to.register(&INVENTORY_OBJECTS, Family::default()),
            synced: to.register(&INVENTORY_SYNCED, Family::default()),
            freshness: to.register(&INVENTORY_FRESHNESS, Family::default()),
            watch_restarts: to.register(&WATCH_RESTARTS, Family::default()),
            unreadable_objects: UnreadableObjects::register(to),
            live_read_duration: to.register(&LIVE_READ_DURATION, durations()),
        }
    }

    /// How many objects of a kind are kept.
    pub(crate) fn inventory_objects(&self, kind: &'static str, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.objects.get_or_create(&KindLabels { kind }).set(count);
    }

    /// Whether a kind has been listed whole.
    pub(crate) fn inventory_synced(&self, kind: &'static str, is_synced: bool) {
        let kind = KindLabels { kind };
        self.synced.get_or_create(&kind).set(i64::from(is_synced));
    }

    /// The watch of a kind was heard of now: an event, a bookmark or a list.
    pub(crate) fn inventory_freshness(&self, kind: &'static str) {
        let now = seconds(SystemTime::now());
        self.freshness.get_or_create(&KindLabels { kind }).set(now);
    }

    /// A kind is watched no more: nothing is said of it any longer.
    pub(crate) fn inventory_forgotten(&self, kind: &'static str) {
        let kind = KindLabels { kind };
        for family in [&self.objects, &self.synced, &self.freshness] {
            family.remove(&kind);
        }
    }

    /// The watch of a kind had to be begun anew. `reason` is one of a few words.
    pub(crate) fn watch_restart(&self, kind: &'static str, reason: &'static str) {
        let restart = RestartLabels { kind, reason };
        self.watch_restarts.get_or_create(&restart).inc();
    }

    /// An object of the cluster has a field of a wrong type, and is left out of the world.
    pub(crate) fn unreadable_object(&self, kind: &'static str) {
        self.unreadable_objects.count(kind);
    }

    /// The cluster was read during a review. `outcome` is one of a few words.
    pub(crate) fn live_read(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        self.live_read_duration
            .get_or_create(&ReadLabels { kind, outcome })
            .observe(took.as_secs_f64());
    }
}
