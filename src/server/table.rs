//! Every open connection with what it is doing, and the order in which they have to leave.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::metrics::Evicted;
use super::queue::{Id, Origin, Queue};

/// API servers close connections that have been idle for 90 s (`IdleConnTimeout` of Go's `http.DefaultTransport`), so one
/// that is idle for longer than this is no API server's.
const FORGOTTEN: Duration = Duration::from_secs(95);

/// How long a later request may be on its way, or an answer not taken, before the connection is evicted rather than an idle one. API servers
/// send a review at once and read its answer at once.
const STUCK: Duration = Duration::from_secs(1);

/// The part of all places that connections before their first request may hold while idle ones are evicted for new ones. Without it
/// an attacker with idle connections in all other places would have every new one evicted amid its handshake, which loses
/// a review; an idle one is evicted without loss.
const RESERVE: usize = 2;

/// How long a connection has at least for its handshake and its first request before it is evicted: 500 ms, and over plain HTTP
/// less. A burst of new ones waits unaccepted for so long; half of 512 places take 512 a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstRequestTime(pub(super) Duration);

impl FirstRequestTime {
    pub(super) const TLS: Self = Self(Duration::from_millis(500));
    /// Nothing is computed, and a probe is one packet.
    pub(super) const PLAIN: Self = Self(Duration::from_millis(50));
}

/// The part that those in the middle of a later request or an answer may hold. With more, those few that are idle would
/// be an API server's between two reviews.
const STUCK_RESERVE: usize = 4;

/// The part of all places that one origin may hold of a kind before that is held against it. Otherwise an API server
/// with a few connections would hold most where an attacker has one from each of many addresses.
const SHARE: usize = 8;

/// How many evicted connections may still be closing while their places are given away: what is open beyond the limit at
/// most.
pub(super) const LEAVING: usize = 64;

/// How often it is logged that connections are evicted.
const WARNING_PERIOD: Duration = Duration::from_mins(1);

/// Tells a connection that it has to leave.
#[derive(Default)]
pub(super) struct Eviction {
    is_due: AtomicBool,
    told: Notify,
}

/// The open connections of a server.
pub(super) struct Table {
    limit: usize,
    first_request: FirstRequestTime,
    entries: HashMap<Id, Entry>,
    next: Id,
    before_request: Queue,
    idle: Queue,
    stuck: Queue,
    /// Evicted, but not gone.
    leaving: usize,
    is_awaited: bool,
    warned: Option<Instant>,
    evicted_since: u64,
}

/// One of them.
struct Entry {
    origin: Origin,
    stage: Stage,
    since: Instant,
    /// What it did when it was evicted; whatever it does now, it leaves after that.
    evicted_from: Option<Stage>,
    eviction: Arc<Eviction>,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    BeforeRequest,
    InReview,
    Idle,
    Receiving,
    Unread,
    /// Evicted.
    Leaving,
}

impl Eviction {
    /// Waits until it is due.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }

    /// Whether it is due.
    pub(super) fn is_due(&self) -> bool {
        self.is_due.load(Ordering::Acquire)
    }
}

impl Table {
    /// With `limit` places, at least one.
    pub(super) fn new(limit: usize, first_request: FirstRequestTime) -> Self {
        let limit = limit.max(1);
        let queue = || Queue::new(limit / SHARE);
        Self {
            limit,
            first_request,
            entries: HashMap::new(),
            next: 0,
            before_request: queue(),
            idle: queue(),
            stuck: queue(),
            leaving: 0,
            is_awaited: false,
            warned: None,
            evicted_since: 0,
        }
    }

    /// A place for a connection from `origin`.
    pub(super) fn take(&mut self, origin: Origin) -> (Id, Arc<Eviction>) {
        let (id, eviction) = (self.next, Arc::<Eviction>::default());
        let entry = Entry {
            origin,
            stage: Stage::BeforeRequest,
            since: Instant::now(),
            evicted_from: None,
            eviction: Arc::clone(&eviction),
        };
        self.next += 1;
        self.before_request.push(id, origin);
        self.entries.insert(id, entry);
        (id, eviction)
    }

    /// Gives a place back.
    pub(super) fn leave(&mut self, id: Id) {
        if let Some(entry) = self.entries.remove(&id) {
            if let Some(queue) = self.queue(entry.stage) {
                queue.remove(id, entry.origin);
            }
            self.leaving -= usize::from(entry.stage == Stage::Leaving);
        }
    }

    /// Whether there is a place, now or after evicting, of which `evicted` is told.
    pub(super) fn make_room(&mut self, evicted: impl Fn(Evicted)) -> bool {
        let now = Instant::now();
        self.is_awaited = false;
        while self.taken() >= self.limit {
            let may_leave = self.leaving < LEAVING;
            let Some(id) = may_leave.then(|| self.next_to_go(now)).flatten() else {
                self.is_awaited = true;
                break;
            };
            self.evict(id, &evicted);
        }
        self.warn(now);
        !self.is_awaited
    }

    /// Whether somebody waits for room.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Whether a connection was idle when it was evicted.
    pub(super) fn was_idle(&self, id: Id) -> bool {
        let entry = self.entries.get(&id);
        entry.is_some_and(|entry| entry.evicted_from == Some(Stage::Idle))
    }

    fn evict(&mut self, id: Id, evicted: impl Fn(Evicted)) {
        let Some(stage) = self.change(id, |_| Some(Stage::Leaving)) else {
            return;
        };
        self.evicted_since += 1;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.evicted_from = Some(stage);
            entry.eviction.is_due.store(true, Ordering::Release);
            entry.eviction.told.notify_one();
        }
        if let Some(state) = stage.evicted() {
            evicted(state);
        }
    }

    fn taken(&self) -> usize {
        self.entries.len() - self.leaving
    }

    /// Which connection leaves next, if any can: in this order
    ///
    /// 1. before a first request, while these hold more than half of all places: the oldest;
    /// 2. in the middle of a later request or an answer, for over a second or while these hold more than a quarter of all
    ///    places: the one that is longest;
    /// 3. idle for over 95 s: the one that is longest;
    /// 4. idle: the one that is longest;
    /// 5. before a first request: the oldest;
    /// 6. in the middle of a later request or an answer: the one that is longest.
    ///
    /// One before a first request has its [`FirstRequestTime`] first; if it is the next to go, nobody goes before that.
    ///
    /// But for 3 it is that of the origin that holds most, where one holds more than an eighth of all places.
    fn next_to_go(&self, now: Instant) -> Option<Id> {
        // The oldest of the origin that holds most need not be the oldest of all.
        let before_request = || {
            let candidates = [
                self.before_request.first_to_go(),
                self.before_request.oldest(),
            ];
            let is_due = |id: &Id| self.age(*id, now) >= self.first_request.0;
            candidates.into_iter().flatten().find(is_due)
        };
        if self.before_request.len() > self.limit / RESERVE {
            return before_request();
        }
        if self.stuck.len() > self.limit / STUCK_RESERVE {
            return self.stuck.first_to_go();
        }
        let for_longer_than = |limit| move |id: &Id| self.age(*id, now) > limit;
        // As above.
        let stuck = [self.stuck.first_to_go(), self.stuck.oldest()];
        let stuck = stuck.into_iter().flatten().find(for_longer_than(STUCK));
        let forgotten = self.idle.oldest().filter(for_longer_than(FORGOTTEN));
        stuck
            .or(forgotten)
            .or_else(|| self.idle.first_to_go())
            .or_else(before_request)
            .or_else(|| self.stuck.first_to_go())
    }

    /// For how long a connection has been doing what it does.
    fn age(&self, id: Id, now: Instant) -> Duration {
        let entry = self.entries.get(&id);
        entry.map_or(Duration::ZERO, |entry| now - entry.since)
    }

    /// Evicts connections before their first request from now on whatever their age.
    pub(super) fn hurry(&mut self) {
        self.first_request = FirstRequestTime(Duration::ZERO);
    }

    /// Brings a connection to the stage that `next` makes of its present one, which is returned; nothing when it stays.
    pub(super) fn change(
        &mut self,
        id: Id,
        next: impl FnOnce(Stage) -> Option<Stage>,
    ) -> Option<Stage> {
        let entry = self.entries.get_mut(&id)?;
        let (old, origin) = (entry.stage, entry.origin);
        let new = next(old)?;
        entry.stage = new;
        entry.since = Instant::now();
        // Whatever an evicted one does, it is asked only once.
        let is_listed = entry.evicted_from.is_none();
        if let Some(queue) = self.queue(old) {
            queue.remove(id, origin);
        }
        if is_listed && let Some(queue) = self.queue(new) {
            queue.push(id, origin);
        }
        self.leaving += usize::from(new == Stage::Leaving);
        self.leaving -= usize::from(old == Stage::Leaving);
        Some(old)
    }

    fn queue(&mut self, stage: Stage) -> Option<&mut Queue> {
        match stage {
            Stage::BeforeRequest => Some(&mut self.before_request),
            Stage::Idle => Some(&mut self.idle),
            Stage::Receiving | Stage::Unread => Some(&mut self.stuck),
            Stage::InReview | Stage::Leaving => None,
        }
    }

    /// At most one line a minute that says what is the matter.
    fn warn(&mut self, now: Instant) {
        let is_due = self.warned.is_none_or(|last| now - last >= WARNING_PERIOD);
        if !is_due || (self.evicted_since == 0 && !self.is_awaited) {
            return;
        }
        tracing::warn!(
            limit = self.limit,
            evicted = self.evicted_since,
            before_request = self.before_request.len(),
            idle = self.idle.len(),
            "all connections are taken: evicting those that no review needs"
        );
        self.warned = Some(now);
        self.evicted_since = 0;
    }
}

impl Stage {
    fn evicted(self) -> Option<Evicted> {
        match self {
            Self::BeforeRequest => Some(Evicted::BeforeRequest),
            Self::Idle => Some(Evicted::Idle),
            Self::Receiving => Some(Evicted::Receiving),
            Self::Unread => Some(Evicted::Unread),
            Self::InReview | Self::Leaving => None,
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
