//! The inventory of a live cluster, and who keeps it true.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use kube::Client;
use kube::core::ApiResource;
use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{DecodeError, Object};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::discovery::{self, Served};
use super::kinds::is_watched;
use super::reflector;
use super::watch_state::{Trouble, WatchStates};
use crate::known_world::{KnownWorld, ReadFailure};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::operations::{Condition, NeededFor, Readiness};

/// How often it is looked whether a kind has come to be served, or is served no more.
const DISCOVERY: Duration = Duration::from_secs(10);

/// How long to wait before an API server that did not say what it serves is asked again.
const DISCOVERY_RETRY: Duration = Duration::from_secs(2);

/// The world of a live cluster. Clones share it; the watches end when the last one is dropped.
#[derive(Clone)]
pub struct ClusterWorld {
    shared: Arc<Shared>,
    _watches: Arc<JoinSet<()>>,
}

/// What the watches and the judges share.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) metrics: Metrics,
    inventory: RwLock<Inventory>,
    served: Live<Served>,
    states: WatchStates,
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
            client,
            metrics,
            inventory: RwLock::default(),
            served: Live::new(Served::new()),
            states: WatchStates::default(),
            condition,
        });
        let mut watches = JoinSet::new();
        watches.spawn(keep_watching(Arc::clone(&shared)));
        Self {
            shared,
            _watches: Arc::new(watches),
        }
    }
}

impl KnownWorld for ClusterWorld {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        let inventory = self.shared.inventory.read();
        look(&inventory.unwrap_or_else(PoisonError::into_inner))
    }

    fn age(&self) -> Option<Duration> {
        Some(self.shared.states.age())
    }

    async fn answer(&self, questions: BTreeSet<Question>) -> Result<Vec<Answer>, ReadFailure> {
        Ok(self.shared.answer(questions).await?)
    }
}

impl Shared {
    /// Where a kind is served; `None`: it was not when that was last looked at.
    pub(super) fn served_at(&self, kind: Kind) -> Option<ApiResource> {
        self.served.current().get(&kind).cloned()
    }

    /// The watch of a kind begins.
    fn begin(&self, kind: Kind, resource: &ApiResource, is_needed: bool) {
        tracing::info!(kind = kind.label(), version = %resource.api_version, "watching");
        self.states.begin(kind, is_needed);
        self.metrics.inventory_synced(kind.label(), false);
    }

    /// A kind is served no more.
    fn forget(&self, kind: Kind) {
        tracing::info!(kind = kind.label(), "not served any more");
        self.write().reset(kind, []);
        self.states.end(kind);
        self.metrics.inventory_objects(kind.label(), 0);
    }

    /// Counts what is kept of each kind whose watch nothing hinders; they count as heard of now, as a watch of objects that
    /// do not change brings nothing.
    fn count(&self) {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        let inventory = self
            .inventory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for object in inventory.objects() {
            *counts.entry(object.key.kind).or_default() += 1;
        }
        drop(inventory);
        for kind in self.states.followed() {
            let count = counts.get(&kind).copied().unwrap_or_default();
            self.metrics.inventory_objects(kind.label(), count);
            self.metrics.inventory_freshness(kind.label());
        }
    }

    /// A kind was listed whole.
    pub(super) fn reset(&self, kind: Kind, objects: Vec<Object>) {
        self.metrics.inventory_objects(kind.label(), objects.len());
        self.write().reset(kind, objects);
        self.states.listed(kind);
        self.metrics.inventory_synced(kind.label(), true);
        self.metrics.inventory_freshness(kind.label());
        self.tell_readiness();
    }

    /// An object is there, or has changed.
    pub(super) fn apply(&self, object: Object) {
        let kind = object.key.kind;
        let mut inventory = self.write();
        inventory.apply(object);
        drop(inventory);
        self.heard(kind);
    }

    /// An object is gone.
    pub(super) fn remove(&self, key: &ObjectKey) {
        self.write().remove(key);
        self.heard(key.kind);
    }

    fn heard(&self, kind: Kind) {
        self.states.heard(kind);
        self.metrics.inventory_freshness(kind.label());
    }

    /// Something hinders the watch of a kind.
    pub(super) fn hindered(&self, kind: Kind, trouble: &Trouble) {
        tracing::warn!(
            kind = kind.label(),
            reason = trouble.reason,
            "{}",
            trouble.text
        );
        self.metrics.watch_restart(kind.label(), trouble.reason);
        self.states.hindered(kind, trouble);
        self.tell_readiness();
    }

    /// An object of the cluster has a field of a wrong type.
    pub(super) fn unreadable(&self, key: &ObjectKey, error: &DecodeError) {
        tracing::warn!(object = %key, field = error.pointer(), "an object cannot be read and is left out of the world: {error}");
        self.metrics.unreadable_object(key.kind.label());
    }

    fn tell_readiness(&self) {
        let missing = self.states.missing();
        if missing.is_empty() {
            self.condition.holds();
        } else {
            self.condition.fails(missing);
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inventory> {
        // The inventory changes object by object, and each change leaves it whole.
        self.inventory
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows every kind that is served, now and later, until the task is dropped.
async fn keep_watching(shared: Arc<Shared>) {
    let mut watches = Watches {
        shared: Arc::clone(&shared),
        tasks: JoinSet::new(),
        of_kind: BTreeMap::new(),
        is_first: true,
    };
    let mut ticks = interval(DISCOVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.count();
        match discovery::served(&shared.client).await {
            Ok(served) => watches.keep(served),
            Err(error) => {
                tracing::warn!(%error, "cannot find out which kinds are served");
                if watches.is_first {
                    shared.condition.fails(error.to_string());
                    ticks.reset_after(DISCOVERY_RETRY);
                }
            }
        }
    }
}

/// The watches that run.
struct Watches {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    of_kind: BTreeMap<Kind, (ApiResource, AbortHandle)>,
    /// What is served at first is needed for verdicts; what comes later does not take readiness away.
    is_first: bool,
}

impl Watches {
    /// Ends the watches of what is served no more, or in another version, and begins those that are missing.
    fn keep(&mut self, served: Served) {
        let watched = served.iter().filter(|(kind, _)| is_watched(**kind));
        let resources: Served = watched.map(|(kind, at)| (*kind, at.clone())).collect();
        let shared = &self.shared;
        shared.served.replace(served);
        self.of_kind.retain(|kind, (at, task)| {
            let now = resources.get(kind);
            if now == Some(at) {
                return true;
            }
            task.abort();
            if now.is_none() {
                shared.forget(*kind);
            }
            false
        });
        for (kind, resource) in resources {
            if let Entry::Vacant(vacant) = self.of_kind.entry(kind) {
                shared.begin(kind, &resource, self.is_first);
                let follow = reflector::follow(Arc::clone(shared), kind, resource.clone());
                vacant.insert((resource, self.tasks.spawn(follow)));
            }
        }
        if std::mem::take(&mut self.is_first) {
            shared.tell_readiness();
        }
    }
}
