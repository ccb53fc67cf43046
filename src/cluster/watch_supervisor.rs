//! Which watches run: one for each kind that is served, as long as it is served.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::core::ApiResource;
use l7guard_policy::identity::Kind;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::discovery::{self, Served};
use super::kinds::is_watched;
use super::reflector;
use super::state::ClusterState;
use super::watch_state::{Trouble, Watch};
use crate::jitter;

/// How often it is looked whether a kind has come to be served, or is served no more.
const DISCOVERY: Duration = Duration::from_secs(10);

/// How long to wait at least before an API server that did not say what it serves is asked again.
const DISCOVERY_RETRY: Duration = Duration::from_secs(2);

/// How long to wait at least before what panicked is begun anew.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// Follows every kind that is served, now and later, for ever. What is known stays when this is dropped or panics; begun anew
/// it lists every kind again and forgets those that went meanwhile.
pub(super) async fn keep_watching(client: Client, state: Arc<ClusterState>) {
    let mut watches = Watches::new(client.clone(), Arc::clone(&state));
    let mut ticks = interval(DISCOVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Why it could not be found out what is served, as long as it cannot.
    let mut unanswered: Option<String> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(ended) = watches.tasks.join_next() => {
                watches.ended(ended);
                continue;
            }
        }
        state.count();
        match discovery::served(&client).await {
            Ok(served) => {
                if unanswered.take().is_some() {
                    tracing::info!("the API server says again which kinds are served");
                }
                watches.keep(served);
            }
            Err(error) => {
                let reason = error.to_string();
                if unanswered.as_ref() == Some(&reason) {
                    tracing::debug!(%error, "cannot find out which kinds are served");
                } else {
                    tracing::warn!(%error, "cannot find out which kinds are served");
                }
                unanswered = Some(reason);
                if state.not_yet_discovered(&error) {
                    ticks.reset_after(jitter::lengthened(DISCOVERY_RETRY));
                }
            }
        }
    }
}

/// The watches that run.
struct Watches {
    client: Client,
    state: Arc<ClusterState>,
    tasks: JoinSet<()>,
    of_kind: BTreeMap<Kind, Running>,
}

struct Running {
    watch: Watch,
    resource: ApiResource,
    task: AbortHandle,
}

impl Watches {
    fn new(client: Client, state: Arc<ClusterState>) -> Self {
        Self {
            client,
            state,
            tasks: JoinSet::new(),
            of_kind: BTreeMap::new(),
        }
    }

    /// Ends the watches of what is served no more, or in another version, and begins those that are missing. What is served
    /// at first is needed for verdicts; what comes later does not take readiness away.
    fn keep(&mut self, served: Served) {
        let watched = served.iter().filter(|(kind, _)| is_watched(**kind));
        let resources: Served = watched.map(|(kind, at)| (*kind, at.clone())).collect();
        let state = &self.state;
        let is_first = state.none_watched_yet();
        state.serves(served);
        self.of_kind.retain(|kind, running| {
            let now = resources.get(kind);
            if now == Some(&running.resource) {
                return true;
            }
            running.task.abort();
            false
        });
        for kind in state.watched() {
            if !resources.contains_key(&kind) {
                state.forget(kind);
            }
        }
        // All are begun before any of them runs: one that is listed at once must not be taken for the last.
        let missing = resources
            .into_iter()
            .filter(|(kind, _)| !self.of_kind.contains_key(kind));
        let begun: Vec<(Watch, ApiResource)> = missing
            .map(|(kind, resource)| (state.begin(kind, &resource, is_first), resource))
            .collect();
        for (watch, resource) in begun {
            let follow = reflector::follow(
                self.client.clone(),
                Arc::clone(state),
                watch,
                resource.clone(),
            );
            let running = Running {
                watch,
                resource,
                task: self.tasks.spawn(follow),
            };
            self.of_kind.insert(watch.kind, running);
        }
        if is_first {
            state.tell_readiness();
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
        tracing::error!(kind = running.watch.kind.label(), %error, "bug in l7guard: restarting a watch");
        self.state
            .hindered(running.watch, &Trouble::panic(&running.resource));
        running.watch = self
            .state
            .begin(running.watch.kind, &running.resource, false);
        let follow = reflector::follow(
            self.client.clone(),
            Arc::clone(&self.state),
            running.watch,
            running.resource.clone(),
        );
        running.task = self.tasks.spawn(async {
            sleep(jitter::lengthened(AFTER_PANIC)).await;
            follow.await;
        });
    }
}
