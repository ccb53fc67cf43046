//! How each watch stands: listed or not, and what hinders it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::core::ApiResource;
use kube::runtime::watcher;
use l7guard_policy::identity::Kind;
use tokio::time::Instant;

use super::metrics::ClusterMetrics;
use super::request_timeout::TimedOut;

/// For so long a trouble that lasts is not told again. A watch that fails is tried at least every half minute.
const TOLD_AGAIN_AFTER: Duration = Duration::from_mins(10);

/// How the watches of all kinds stand, and what the metrics say of it.
#[derive(Debug)]
pub(super) struct WatchStates {
    metrics: ClusterMetrics,
    states: Mutex<States>,
}

#[derive(Debug, Default)]
struct States {
    begun: u64,
    of_kind: BTreeMap<Kind, State>,
}

/// One watch of a kind. The kind may be watched anew later; what an earlier watch still brings then counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) kind: Kind,
    number: u64,
}

#[derive(Clone, Debug)]
struct State {
    number: u64,
    /// There is no verdict before the kind has been listed.
    is_awaited: bool,
    is_listed: bool,
    trouble: Option<String>,
    /// The last trouble that was logged, and when it was last met. It may come and go with every attempt.
    told: Option<(String, Instant)>,
    /// When it was last known to be up to date.
    heard: Instant,
}

/// Why a watch failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// One of a few words, for metrics.
    pub(super) reason: &'static str,
    /// For people, with what to do.
    pub(super) text: String,
    /// What only the log says.
    pub(super) detail: Option<String>,
}

impl WatchStates {
    /// Nothing is watched yet.
    pub(super) fn new(metrics: ClusterMetrics) -> Self {
        Self {
            metrics,
            states: Mutex::default(),
        }
    }

    /// Whether no watch was ever begun.
    pub(super) fn none_yet(&self) -> bool {
        self.states().begun == 0
    }

    /// The kinds that are watched.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.states().of_kind.keys().copied().collect()
    }

    /// A watch begins, in the place of the kind's earlier one. If it is needed there is no verdict before the kind has been
    /// listed once.
    pub(super) fn begin(&self, kind: Kind, is_needed: bool) -> Watch {
        let mut states = self.states();
        states.begun += 1;
        let number = states.begun;
        let earlier = states.of_kind.get(&kind);
        let state = State {
            number,
            is_awaited: is_needed || earlier.is_some_and(|earlier| earlier.is_awaited),
            is_listed: false,
            trouble: None,
            told: earlier.and_then(|earlier| earlier.told.clone()),
            heard: earlier.map_or_else(Instant::now, |earlier| earlier.heard),
        };
        states.of_kind.insert(kind, state);
        self.metrics.inventory_synced(kind.label(), false);
        Watch { kind, number }
    }

    /// The kind is watched no more.
    pub(super) fn end(&self, kind: Kind) {
        let mut states = self.states();
        states.of_kind.remove(&kind);
        self.metrics.inventory_forgotten(kind.label());
    }

    /// Whether the watch is the one that its kind has now.
    pub(super) fn is_current(&self, watch: Watch) -> bool {
        let states = self.states();
        let state = states.of_kind.get(&watch.kind);
        state.is_some_and(|state| state.number == watch.number)
    }

    /// The kind was listed whole, and this many objects are kept. Returns whether that ends a trouble that was told.
    pub(super) fn listed(&self, watch: Watch, count: usize) -> bool {
        let mut ends = false;
        self.set(watch, |state| {
            ends = state.told.take().is_some();
            state.is_listed = true;
            state.is_awaited = false;
            state.hear();
            let kind = watch.kind.label();
            self.metrics.inventory_objects(kind, count);
            self.metrics.inventory_synced(kind, true);
            self.metrics.inventory_freshness(kind);
        });
        ends
    }

    /// The watch was heard of: it goes on, and whatever hindered it is over.
    pub(super) fn heard(&self, watch: Watch) {
        self.set(watch, |state| {
            state.hear();
            self.metrics.inventory_freshness(watch.kind.label());
        });
    }

    /// Something hinders the watch. What was listed before stays known. Returns whether that has to be told: it is another
    /// trouble than before, or one that comes back.
    pub(super) fn hindered(&self, watch: Watch, trouble: &Trouble) -> bool {
        let mut is_news = false;
        self.set(watch, |state| {
            state.trouble = Some(trouble.text.clone());
            let now = Instant::now();
            is_news = state.told.as_ref().is_none_or(|(text, met)| {
                *text != trouble.text || now.duration_since(*met) > TOLD_AGAIN_AFTER
            });
            state.told = Some((trouble.text.clone(), now));
            let kind = watch.kind.label();
            self.metrics.watch_restart(kind, trouble.reason);
        });
        is_news
    }

    /// Says how many objects of each listed kind are kept.
    pub(super) fn count(&self, counts: &BTreeMap<Kind, usize>) {
        let states = self.states();
        let listed = states.of_kind.iter().filter(|(_, state)| state.is_listed);
        for (kind, _) in listed {
            let count = counts.get(kind).copied().unwrap_or_default();
            self.metrics.inventory_objects(kind.label(), count);
        }
    }

    /// How long ago the kind that is furthest behind was known to be up to date.
    pub(super) fn age(&self) -> Duration {
        let states = self.states();
        let ages = states.of_kind.values().map(|state| state.heard.elapsed());
        ages.max().unwrap_or_default()
    }

    /// What is missing before verdicts can be given, a line a kind; empty: nothing.
    pub(super) fn missing(&self) -> String {
        let states = self.states();
        let missing = states.of_kind.iter().filter(|(_, state)| state.is_awaited);
        let described = missing.map(|(kind, state)| match &state.trouble {
            Some(trouble) => trouble.clone(),
            None => format!("{} is not listed yet", kind.label()),
        });
        described.collect::<Vec<_>>().join("\n")
    }

    /// Changes the state of a watch that is still its kind's.
    fn set(&self, watch: Watch, change: impl FnOnce(&mut State)) {
        let mut states = self.states();
        let state = states.of_kind.get_mut(&watch.kind);
        if let Some(state) = state.filter(|state| state.number == watch.number) {
            change(state);
        }
    }

    fn states(&self) -> MutexGuard<'_, States> {
        // Every change is a few assignments, so a panic leaves nothing half done.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self) {
        self.trouble = None;
        self.heard = Instant::now();
    }
}

impl Trouble {
    /// The task of the watch ended by a panic.
    pub(super) fn panic(resource: &ApiResource) -> Self {
        Self {
            reason: "panic",
            text: format!("the watch of {} failed: listing again", resource.plural),
            detail: None,
        }
    }

    /// What a watch's error means for whoever runs this.
    pub(super) fn of(resource: &ApiResource, error: &watcher::Error) -> Self {
        let name = if resource.group.is_empty() {
            resource.plural.clone()
        } else {
            format!("{}.{}", resource.plural, resource.group)
        };
        let (verb, status) = match error {
            watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", Some(status)),
            watcher::Error::InitialListFailed(_) => ("list", None),
            watcher::Error::WatchStartFailed(kube::Error::Api(status))
            | watcher::Error::WatchFailed(kube::Error::Api(status))
            | watcher::Error::WatchError(status) => ("watch", Some(status)),
            _ => ("watch", None),
        };
        let mut detail = None;
        let (reason, text) = match status.map(|status| status.code) {
            Some(403) => (
                "forbidden",
                format!(
                    "not permitted to {verb} {name}: give this ServiceAccount's ClusterRole the verbs get, list and watch on them"
                ),
            ),
            Some(410) => (
                "expired",
                format!("the watch of {name} fell behind: listing again"),
            ),
            Some(404) => ("not_found", format!("{name} are not served any more")),
            Some(code) => (
                "refused",
                format!("the API server answered {code} to {verb} {name}"),
            ),
            None if is_timeout(error) => ("timeout", format!("cannot {verb} {name}: {TimedOut}")),
            None if is_unreadable(error) => {
                detail = Some(error.to_string());
                (
                    "broken",
                    format!(
                        "cannot {verb} {name}: an answer cannot be read; the log has the reason"
                    ),
                )
            }
            None => ("broken", format!("cannot {verb} {name}: {error}")),
        };
        Self {
            reason,
            text,
            detail,
        }
    }
}

fn is_timeout(error: &watcher::Error) -> bool {
    matches!(cause(error), Some(kube::Error::Service(error)) if error.is::<TimedOut>())
}

/// Whether an answer could not be read. What is wrong with it may quote objects, which is nothing for a probe.
fn is_unreadable(error: &watcher::Error) -> bool {
    matches!(
        cause(error),
        Some(
            kube::Error::SerdeError(_)
                | kube::Error::FromUtf8(_)
                | kube::Error::LinesCodecMaxLineLengthExceeded
        )
    )
}

fn cause(error: &watcher::Error) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Service;

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_read_is_not_quoted() {
        let resource = ApiResource::erase::<Service>(&());
        let wrong = serde_json::from_str::<u8>("\"canary\"").unwrap_err();
        assert!(wrong.to_string().contains("canary"));
        let error = watcher::Error::InitialListFailed(kube::Error::SerdeError(wrong));
        let trouble = Trouble::of(&resource, &error);
        assert_eq!(
            (trouble.reason, &*trouble.text),
            (
                "broken",
                "cannot list services: an answer cannot be read; the log has the reason"
            )
        );
    }
}
