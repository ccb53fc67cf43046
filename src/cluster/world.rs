//! The inventory of a live cluster, and who keeps it true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::core::ApiResource;
use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::Object;
use tokio::task::JoinSet;

use super::discovery::{DiscoveryError, Served};
use super::kinds::is_kept;
use super::raw_object::RawObject;
use super::read_shares::ReadShares;
use super::shared_inventory::SharedInventory;
use super::time_limit::limited;
use super::watch_state::{Trouble, Watch, WatchStates};
use super::watches;
use crate::judge::{KnownWorld, ReadFailure};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::operations::{Condition, NeededFor, Readiness};
use crate::shares::ReadAllowance;

/// The world of a live cluster. Clones share it; the watches end when the last one is dropped.
#[derive(Clone)]
pub struct ClusterWorld {
    shared: Arc<Shared>,
    _watching: Arc<JoinSet<()>>,
}

/// What the watches and the judges share.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) metrics: Metrics,
    /// Who may read live now.
    pub(super) shares: ReadShares,
    inventory: SharedInventory,
    served: Live<Served>,
    /// Changes that wait for their turn ask whether their watch is still the one of its kind.
    states: Arc<WatchStates>,
    condition: Condition,
}

impl ClusterWorld {
    /// Begins to watch the cluster. `readiness` says when every kind that is served now has been listed once, and what is
    /// missing until then. Has to be called in a tokio runtime.
    #[must_use]
    pub fn watch(client: Client, metrics: Metrics, readiness: &Readiness) -> Self {
        let condition = readiness.condition(
            "world",
            NeededFor::Verdicts,
            "the API server has not said yet which kinds it serves",
        );
        let shared = Arc::new(Shared {
            client: limited(client),
            states: Arc::new(WatchStates::new(metrics.clone())),
            metrics,
            shares: ReadShares::default(),
            inventory: SharedInventory::default(),
            served: Live::new(Served::new()),
            condition,
        });
        let mut watching = JoinSet::new();
        watching.spawn(watches::keep_watching(Arc::clone(&shared)));
        Self {
            shared,
            _watching: Arc::new(watching),
        }
    }
}

#[cfg(test)]
impl ClusterWorld {
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl KnownWorld for ClusterWorld {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.shared.inventory.look(look)
    }

    fn with_inventory_at_length<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.shared.inventory.look_at_length(look)
    }

    fn age(&self) -> Option<Duration> {
        Some(self.shared.states.age())
    }

    async fn answer(
        &self,
        questions: BTreeSet<Question>,
        allowance: &ReadAllowance,
    ) -> Result<Vec<Answer>, ReadFailure> {
        Ok(self.shared.answer(questions, allowance).await?)
    }
}

impl Shared {
    /// Where a kind is served; `None`: it was not when that was last looked at.
    pub(super) fn served_at(&self, kind: Kind) -> Option<ApiResource> {
        self.served.current().get(&kind).cloned()
    }

    /// What is known to be served now.
    pub(super) fn serves(&self, served: Served) {
        self.served.replace(served);
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
            self.condition.fails(error.to_string());
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
        self.inventory
            .change(move |inventory| inventory.reset(kind, []));
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
        self.change(watch, move |inventory| {
            inventory.reset(watch.kind, objects);
        });
        self.states.listed(watch, count);
        self.tell_readiness();
    }

    /// An object is there, or has changed.
    pub(super) fn apply(&self, watch: Watch, object: Object) {
        self.change(watch, move |inventory| {
            inventory.apply(object);
        });
    }

    /// An object is gone.
    pub(super) fn remove(&self, watch: Watch, key: &ObjectKey) {
        let key = key.clone();
        self.change(watch, move |inventory| {
            inventory.remove(&key);
        });
    }

    /// Changes the inventory, unless the watch was ended meanwhile.
    fn change(&self, watch: Watch, change: impl FnOnce(&mut Inventory) + Send + 'static) {
        let states = Arc::clone(&self.states);
        self.inventory.change(move |inventory| {
            if states.is_current(watch) {
                change(inventory);
            }
        });
    }

    /// The watch of a kind goes on.
    pub(super) fn heard(&self, watch: Watch) {
        self.states.heard(watch);
    }

    /// Something hinders the watch of a kind.
    pub(super) fn hindered(&self, watch: Watch, trouble: &Trouble) {
        tracing::warn!(
            kind = watch.kind.label(),
            reason = trouble.reason,
            "{}",
            trouble.text
        );
        self.states.hindered(watch, trouble);
        self.tell_readiness();
    }

    /// What is kept of an object. One that cannot be read is skipped, counted and logged, and hinders no other: it is
    /// nobody's fault who writes another one.
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
        let missing = self.states.missing();
        if missing.is_empty() {
            self.condition.holds();
        } else {
            self.condition.fails(missing);
        }
    }
}
