//! Which connections are open, what each is doing, and which one has to leave when there is no place for the next.
//!
//! ```text
//!   before a first request ──request whole──▶ in a review ──answer taken──▶ idle
//!                                              │  ▲   ▲                       │
//!                             answer not taken ▼  │   └──request whole─┐      ▼ next request begun
//!                                             unread                  receiving
//! ```
//!
//! When all places are taken, they are made in the order of [`Table`]. An attacker can always hold more
//! connections than an API server, from the same address too (konnectivity, NAT); what an attacker cannot do is send
//! a whole review as promptly as an API server does and be idle for as short. A connection in a review is never evicted,
//! and none is refused while another can be.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::metrics::ConnectionMetrics;
use super::queue::Id;
use super::table::{Eviction, FirstRequestTime, Stage, Table};

/// How often it is looked whether a connection has become old enough to leave, while one waits for its place.
const LOOK: Duration = Duration::from_millis(5);

/// The open connections of a server. Clones share it.
#[derive(Clone)]
pub(super) struct Registry(Arc<Inner>);

struct Inner {
    table: Mutex<Table>,
    /// Told of changes that may have made room, while somebody waits for that.
    changed: Notify,
    metrics: Option<ConnectionMetrics>,
}

/// The place of one connection, given back when this is dropped.
pub(super) struct Place {
    registry: Registry,
    id: Id,
    eviction: Arc<Eviction>,
}

impl Registry {
    /// With `limit` places, at least one.
    pub(super) fn new(
        limit: usize,
        first_request: FirstRequestTime,
        metrics: Option<ConnectionMetrics>,
    ) -> Self {
        Self(Arc::new(Inner {
            table: Mutex::new(Table::new(limit, first_request)),
            changed: Notify::new(),
            metrics,
        }))
    }

    /// Waits until there is a place, evicting where it can.
    pub(super) async fn room(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.make_room() {
                return;
            }
            // Also time makes room: for those that it makes old enough to leave.
            let _ = timeout(LOOK, changed).await;
        }
    }

    /// A place for a connection from `address`. The caller has made sure that there is [`Self::room`].
    pub(super) fn take(&self, address: IpAddr) -> Place {
        let (id, eviction) = self.table().take(address.into());
        Place {
            registry: self.clone(),
            id,
            eviction,
        }
    }

    /// Evicts connections before their first request from now on whatever their age: no more will come.
    pub(super) fn hurry(&self) {
        self.table().hurry();
    }

    /// Whether there is a place, now or after evicting.
    pub(super) fn make_room(&self) -> bool {
        self.table().make_room(|state| {
            if let Some(metrics) = &self.0.metrics {
                metrics.evicted(state);
            }
        })
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    #[cfg(test)]
    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// Waits until the connection has to leave.
    pub(super) async fn evicted(&self) {
        self.eviction.told().await;
    }

    /// Whether it has to leave.
    pub(super) fn is_evicted(&self) -> bool {
        self.eviction.is_due()
    }

    /// Whether it was idle when it was evicted.
    pub(super) fn was_idle(&self) -> bool {
        self.registry.table().was_idle(self.id)
    }

    /// The next request has begun.
    pub(super) fn receiving(&self) {
        self.change(|stage| (stage == Stage::Idle).then_some(Stage::Receiving));
    }

    /// A whole request is there.
    pub(super) fn reviewing(&self) {
        self.change(|stage| (stage != Stage::InReview).then_some(Stage::InReview));
    }

    /// The answer is taken.
    pub(super) fn idle(&self) {
        let is_answered = |stage| matches!(stage, Stage::InReview | Stage::Unread);
        self.change(|stage| is_answered(stage).then_some(Stage::Idle));
    }

    /// The answer is not taken.
    pub(super) fn unread(&self) {
        self.change(|stage| (stage == Stage::InReview).then_some(Stage::Unread));
    }

    /// The answer is taken on.
    pub(super) fn read_on(&self) {
        self.change(|stage| (stage == Stage::Unread).then_some(Stage::InReview));
    }

    fn change(&self, next: impl FnOnce(Stage) -> Option<Stage>) {
        let mut table = self.registry.table();
        table.change(self.id, next);
        self.registry.tell(table);
    }
}

impl Registry {
    /// Wakes whoever waits for room.
    fn tell(&self, table: MutexGuard<'_, Table>) {
        if table.is_awaited() {
            drop(table);
            self.0.changed.notify_waiters();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.registry.table();
        table.leave(self.id);
        self.registry.tell(table);
    }
}
