//! What is known of a live cluster: the objects, what is served, how each watch stands. Reflectors write it, live reads and
//! judges read it; it asks nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use kube::core::ApiResource;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::Object;

use super::change_feed::{ChangeFeed, Changes};
use super::discovery::{DiscoveryError, Served};
use super::kinds::is_kept;
use super::metrics::ClusterMetrics;
use super::raw_object::RawObject;
use super::shared_inventory::SharedInventory;
use super::watch_state::{Trouble, Watch, WatchStates};
use crate::operations::Condition;

/// The state of one cluster.
pub(super) struct ClusterState {
    pub(super) metrics: ClusterMetrics,
    inventory: SharedInventory,
    served: ArcSwap<Served>,
    /// Changes that wait for their turn ask whether their watch is still the one of its kind.
    states: Arc<WatchStates>,
    feed: Arc<ChangeFeed>,
    /// Watches that change at the same moment tell of it one after the other: else the older state could be told last.
    condition: Mutex<Condition>,
}

impl ClusterState {
    /// Nothing is known yet. `condition` says what is missing until every kind has been listed once.
    pub(super) fn new(metrics: ClusterMetrics, condition: Condition) -> Self {
        Self {
            states: Arc::new(WatchStates::new(metrics.clone())),
            metrics,
            inventory: SharedInventory::default(),
            served: ArcSwap::default(),
            feed: Arc::default(),
            condition: Mutex::new(condition),
        }
    }

    /// The objects.
    pub(super) fn inventory(&self) -> &SharedInventory {
        &self.inventory
    }

    /// What changes from now on.
    pub(super) fn changes(&self) -> Changes {
        self.feed.subscribe()
    }

    /// How long ago the kind that is furthest behind was known to be up to date.
    pub(super) fn age(&self) -> Duration {
        self.states.age()
    }

    /// Where a kind is served; `None`: it was not when that was last looked at.
    pub(super) fn served_at(&self, kind: Kind) -> Option<ApiResource> {
        self.served.load().get(&kind).cloned()
    }

    /// What is known to be served now.
    pub(super) fn serves(&self, served: Served) {
        self.served.store(Arc::new(served));
    }

    /// The kinds that are watched, or were when the watches failed.
    pub(super) fn watched(&self) -> Vec<Kind> {
        self.states.kinds()
    }

    /// Whether it has not been found out yet what there is to watch.
    pub(super) fn none_watched_yet(&self) -> bool {
        self.states.none_yet()
    }

    /// It cannot be found out what is served. Returns whether it never could yet.
    pub(super) fn not_yet_discovered(&self, error: &DiscoveryError) -> bool {
        let never = self.none_watched_yet();
        if never {
            self.condition().fails(error.to_string());
        }
        never
    }

    /// The watch of a kind begins.
    pub(super) fn begin(&self, kind: Kind, resource: &ApiResource, is_needed: bool) -> Watch {
        tracing::info!(kind = kind.label(), version = %resource.api_version, "watching");
        self.states.begin(kind, is_needed)
    }

    /// A kind is served no more.
    pub(super) fn forget(&self, kind: Kind) {
        tracing::info!(kind = kind.label(), "not served any more");
        // Before the change: what its watch was about to write when it was ended comes too late.
        self.states.end(kind);
        let feed = Arc::clone(&self.feed);
        self.inventory
            .change(move |inventory| feed.reset(inventory, kind, Vec::new()));
        self.tell_readiness();
    }

    /// Counts what is kept of each kind.
    pub(super) fn count(&self) {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        self.inventory.look(|inventory| {
            for object in inventory.objects() {
                *counts.entry(object.key.kind).or_default() += 1;
            }
        });
        self.states.count(&counts);
    }

    /// A kind was listed whole.
    pub(super) fn reset(&self, watch: Watch, objects: Vec<Object>) {
        let count = objects.len();
        self.change(watch, move |inventory, feed| {
            feed.reset(inventory, watch.kind, objects);
        });
        if self.states.listed(watch, count) {
            tracing::info!(kind = watch.kind.label(), "listed again");
        }
        self.tell_readiness();
    }

    /// An object is there, or has changed.
    pub(super) fn apply(&self, watch: Watch, object: Object) {
        self.change(watch, move |inventory, feed| feed.apply(inventory, object));
    }

    /// An object is gone.
    pub(super) fn remove(&self, watch: Watch, key: &ObjectKey) {
        let key = key.clone();
        self.change(watch, move |inventory, feed| feed.remove(inventory, &key));
    }

    /// Changes the inventory, unless the watch was ended meanwhile.
    fn change(
        &self,
        watch: Watch,
        change: impl FnOnce(&mut Inventory, &ChangeFeed) + Send + 'static,
    ) {
        let (states, feed) = (Arc::clone(&self.states), Arc::clone(&self.feed));
        self.inventory.change(move |inventory| {
            if states.is_current(watch) {
                change(inventory, &feed);
            }
        });
    }

    /// The watch of a kind goes on.
    pub(super) fn heard(&self, watch: Watch) {
        self.states.heard(watch);
    }

    /// Something hinders the watch of a kind.
    pub(super) fn hindered(&self, watch: Watch, trouble: &Trouble) {
        let (kind, reason) = (watch.kind.label(), trouble.reason);
        let detail = trouble.detail.as_deref();
        // Every attempt fails alike: that is told once.
        if self.states.hindered(watch, trouble) {
            tracing::warn!(kind, reason, detail, "{}", trouble.text);
        } else {
            tracing::debug!(kind, reason, detail, "{}", trouble.text);
        }
        self.tell_readiness();
    }

    /// What is kept of an object. One that cannot be read is skipped, counted and logged, and does not affect other objects.
    pub(super) fn facts(
        &self,
        kind: Kind,
        resource: &ApiResource,
        object: &RawObject,
    ) -> Option<Object> {
        match object.read(resource) {
            Ok(read) => read.filter(is_kept),
            Err(error) => {
                let key = object.key(kind);
                tracing::warn!(object = %key, "an object cannot be read and is left out of the world: {error}");
                self.metrics.unreadable_object(kind.label());
                None
            }
        }
    }

    pub(super) fn tell_readiness(&self) {
        let condition = self.condition();
        let missing = self.states.missing();
        if missing.is_empty() {
            condition.holds();
        } else {
            condition.fails(missing);
        }
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::super::discovery::assumed;
    use super::*;
    use crate::metrics::Registry;
    use crate::operations::{NeededFor, Readiness};

    #[test]
    fn ready_is_when_all_kinds_have_been_listed_also_at_the_same_moment() {
        for _ in 0..3_000 {
            let readiness = Readiness::new();
            let condition = readiness.condition("world", NeededFor::Verdicts, "not yet");
            let state = ClusterState::new(ClusterMetrics::register(&Registry::new()), condition);
            let kinds = [
                Kind::Service,
                Kind::Ingress,
                Kind::Deployment,
                Kind::DaemonSet,
            ];
            let watches = kinds.map(|kind| state.begin(kind, &assumed(kind), true));
            let barrier = Barrier::new(watches.len());
            thread::scope(|scope| {
                for watch in watches {
                    let (state, barrier) = (&state, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        state.reset(watch, Vec::new());
                    });
                }
            });
            assert!(readiness.can_judge(), "{}", readiness.report());
        }
    }
}
