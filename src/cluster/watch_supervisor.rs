//! Which watches run: one for each kind that is served, as long as it is served.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use kube::core::ApiResource;
use l7guard_policy::identity::Kind;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::discovery::{self, Served};
use super::kinds::is_watched;
use super::reflector;
use super::watch_state::{Trouble, Watch};
use super::world::Shared;

/// How often it is looked whether a kind has come to be served, or is served no more.
const DISCOVERY: Duration = Duration::from_secs(10);

/// How long to wait at least before an API server that did not say what it serves is asked again.
const DISCOVERY_RETRY: Duration = Duration::from_secs(2);

/// How long to wait at least before what panicked is begun anew.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// Follows every kind that is served, now and later, until the task is dropped.
pub(super) async fn keep_watching(shared: Arc<Shared>) {
    loop {
        let watching = AssertUnwindSafe(watch_all(Arc::clone(&shared)));
        if watching.catch_unwind().await.is_err() {
            tracing::error!("the watches failed, a defect of l7guard: all are begun anew");
        }
        sleep(jittered(AFTER_PANIC)).await;
    }
}

async fn watch_all(shared: Arc<Shared>) {
    let mut watches = Watches::new(Arc::clone(&shared));
    let mut ticks = interval(DISCOVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(ended) = watches.tasks.join_next() => {
                watches.ended(ended);
                continue;
            }
        }
        shared.count();
        match discovery::served(&shared.client).await {
            Ok(served) => watches.keep(served),
            Err(error) => {
                tracing::warn!(%error, "cannot find out which kinds are served");
                if shared.not_yet_discovered(&error) {
                    ticks.reset_after(jittered(DISCOVERY_RETRY));
                }
            }
        }
    }
}

/// So long, and up to as long again: what failed for all replicas at once is not tried again by all at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + fastrand::f64())
}

/// The watches that run.
struct Watches {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    of_kind: BTreeMap<Kind, Running>,
}

struct Running {
    watch: Watch,
    resource: ApiResource,
    task: AbortHandle,
}

impl Watches {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            tasks: JoinSet::new(),
            of_kind: BTreeMap::new(),
        }
    }

    /// Ends the watches of what is served no more, or in another version, and begins those that are missing. What is served
    /// at first is needed for verdicts; what comes later does not take readiness away.
    fn keep(&mut self, served: Served) {
        let watched = served.iter().filter(|(kind, _)| is_watched(**kind));
        let resources: Served = watched.map(|(kind, at)| (*kind, at.clone())).collect();
        let shared = &self.shared;
        let is_first = shared.none_watched_yet();
        shared.serves(served);
        self.of_kind.retain(|kind, running| {
            let now = resources.get(kind);
            if now == Some(&running.resource) {
                return true;
            }
            running.task.abort();
            false
        });
        for kind in shared.watched() {
            if !resources.contains_key(&kind) {
                shared.forget(kind);
            }
        }
        // All are begun before any of them runs: one that is listed at once must not be taken for the last.
        let missing = resources
            .into_iter()
            .filter(|(kind, _)| !self.of_kind.contains_key(kind));
        let begun: Vec<(Watch, ApiResource)> = missing
            .map(|(kind, resource)| (shared.begin(kind, &resource, is_first), resource))
            .collect();
        for (watch, resource) in begun {
            let follow = reflector::follow(Arc::clone(shared), watch, resource.clone());
            let running = Running {
                watch,
                resource,
                task: self.tasks.spawn(follow),
            };
            self.of_kind.insert(watch.kind, running);
        }
        if is_first {
            shared.tell_readiness();
        }
    }

    /// A watch's task has ended. It does so by itself only when it panics, and then the kind is listed anew.
    fn ended(&mut self, ended: Result<(), JoinError>) {
        let Err(error) = ended else { return };
        if error.is_cancelled() {
            return;
        }
        let mut of_kind = self.of_kind.values_mut();
        let Some(running) = of_kind.find(|running| running.task.id() == error.id()) else {
            return;
        };
        tracing::error!(kind = running.watch.kind.label(), %error, "a watch failed, a defect of l7guard: it is begun anew");
        self.shared
            .hindered(running.watch, &Trouble::panic(&running.resource));
        running.watch = self
            .shared
            .begin(running.watch.kind, &running.resource, false);
        let follow = reflector::follow(
            Arc::clone(&self.shared),
            running.watch,
            running.resource.clone(),
        );
        running.task = self.tasks.spawn(async {
            sleep(jittered(AFTER_PANIC)).await;
            follow.await;
        });
    }
}
