//! A live cluster as a world to judge in: state, watches and live reads put together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use l7guard_policy::confirmation::{LiveQuery, LiveRead};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::Object;
use l7guard_policy::remedy::DocumentKey;
use serde_json::Value;

use super::change_feed::Changes;
use super::discovery::DiscoveryError;
use super::listing::{self, ListError, Listed};
use super::live_read::LiveReads;
use super::metrics::ClusterMetrics;
use super::read_error::ReadError;
use super::request_timeout::limited;
use super::state::ClusterState;
use super::{documents, watch_supervisor};
use crate::judge::{ClusterView, ReadFailure};
use crate::metrics::Registry;
use crate::operations::{NeededFor, Readiness};
use crate::shares::ReadAllowance;

/// The world of a live cluster. Clones share it. It is as old as [`Self::keep_watching`] lets it be.
#[derive(Clone)]
pub struct ClusterWorld {
    client: Client,
    state: Arc<ClusterState>,
    reads: Arc<LiveReads>,
}

impl ClusterWorld {
    /// A world of which nothing is known yet. `readiness` says when every kind that is served has been listed once, and what
    /// is missing until then.
    #[must_use]
    pub fn new(client: Client, metrics: &Registry, readiness: &Readiness) -> Self {
        let condition = readiness.condition(
            "world",
            NeededFor::Verdicts,
            "the API server has not said yet which kinds it serves",
        );
        let client = limited(client);
        let metrics = ClusterMetrics::register(metrics);
        let state = Arc::new(ClusterState::new(metrics, condition));
        Self {
            reads: Arc::new(LiveReads::new(client.clone(), Arc::clone(&state))),
            client,
            state,
        }
    }

    /// A client for this cluster, each request of which ends.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Watches the cluster for ever: the task that keeps this world up to date. It may be begun anew after it was dropped or
    /// has panicked.
    pub fn keep_watching(&self) -> impl Future<Output = ()> + Send + use<> {
        watch_supervisor::keep_watching(self.client.clone(), Arc::clone(&self.state))
    }

    /// Lists every kind once and watches nothing: the world stays as it was then. `listed` hears of each page how many objects
    /// it had. What cannot be listed is returned, and hides nothing else.
    ///
    /// # Errors
    /// When the API server does not say which kinds it serves.
    pub async fn list_once(
        &self,
        listed: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<ListError>, DiscoveryError> {
        listing::list_once(&self.client, &self.state, listed).await
    }

    /// Shows every object of the kinds that rules and remedies read, Namespaces and Pods included, and keeps none. `listed`
    /// hears of each page how many objects it had. What cannot be listed is returned, and hides nothing else.
    ///
    /// # Errors
    /// When the API server does not say which kinds it serves.
    pub async fn list_whole(
        &self,
        visit: &(dyn Fn(Listed<'_>) + Sync),
        listed: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<ListError>, DiscoveryError> {
        listing::list_whole(&self.client, &self.state, visit, listed).await
    }

    /// A whole object, also of a kind that no rule reads; `None`: it is not there.
    ///
    /// # Errors
    /// When the API server refuses, or cannot be reached.
    pub async fn whole(&self, key: &DocumentKey) -> Result<Option<Value>, ReadError> {
        documents::whole(&self.client, &self.state, key).await
    }

    /// What changes in the inventory from now on. It is told when the inventory has it, or is about to.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.state.changes()
    }

    /// Looks at every object that `is_wanted`, for whoever judges many: neither watches nor reviews wait for it. Each object
    /// is seen as it is when its turn comes, which is not the same moment for all; what changes meanwhile is told by
    /// [`Self::changes`]. It blocks the thread.
    pub fn for_each_in_slices(
        &self,
        is_wanted: impl Fn(&ObjectKey) -> bool,
        visit: impl FnMut(&Inventory, &Object),
    ) {
        let inventory = self.state.inventory();
        inventory.for_each_in_slices(is_wanted, visit);
    }
}

#[cfg(test)]
impl ClusterWorld {
    pub(super) fn state(&self) -> &ClusterState {
        &self.state
    }
}

impl ClusterView for ClusterWorld {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.state.inventory().look(look)
    }

    fn with_inventory_at_length<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.state.inventory().look_at_length(look)
    }

    fn age(&self) -> Option<Duration> {
        Some(self.state.age())
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        Ok(self.reads.read(queries, allowance).await?)
    }
}
