//! How each watch stands: listed or not, and what hinders it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kube::core::ApiResource;
use kube::runtime::watcher;
use l7guard_policy::identity::Kind;

/// How the watches of all kinds stand.
#[derive(Debug, Default)]
pub(super) struct WatchStates(Mutex<BTreeMap<Kind, State>>);

#[derive(Clone, Debug)]
struct State {
    is_needed: bool,
    is_listed: bool,
    trouble: Option<String>,
    /// When it was last known to be up to date.
    heard: Instant,
}

/// What ails a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// One of a few words, for metrics.
    pub(super) reason: &'static str,
    /// For people, with what to do.
    pub(super) text: String,
}

impl WatchStates {
    /// A watch begins. If it is needed there is no verdict before it has listed its kind once.
    pub(super) fn begin(&self, kind: Kind, is_needed: bool) {
        let state = State {
            is_needed,
            is_listed: false,
            trouble: None,
            heard: Instant::now(),
        };
        self.states().insert(kind, state);
    }

    /// A watch has ended for good, as its kind is served no more.
    pub(super) fn end(&self, kind: Kind) {
        self.states().remove(&kind);
    }

    /// The kind was listed whole.
    pub(super) fn listed(&self, kind: Kind) {
        self.set(kind, |state| {
            state.is_listed = true;
            state.hear();
        });
    }

    /// The watch was heard of.
    pub(super) fn heard(&self, kind: Kind) {
        self.set(kind, State::hear);
    }

    /// Something hinders the watch. What was listed before stays known.
    pub(super) fn hindered(&self, kind: Kind, trouble: &Trouble) {
        self.set(kind, |state| state.trouble = Some(trouble.text.clone()));
    }

    /// The kinds that are listed and whose watches nothing hinders. They count as heard of now: a watch of objects that do
    /// not change brings nothing.
    pub(super) fn followed(&self) -> Vec<Kind> {
        let mut states = self.states();
        let followed = states
            .iter_mut()
            .filter(|(_, state)| state.is_listed && state.trouble.is_none());
        let heard = followed.map(|(kind, state)| {
            state.hear();
            *kind
        });
        heard.collect()
    }

    /// How long ago the kind that is furthest behind was known to be up to date.
    pub(super) fn age(&self) -> Duration {
        let states = self.states();
        let ages = states.values().map(|state| state.heard.elapsed());
        ages.max().unwrap_or_default()
    }

    /// What is missing before verdicts can be given; empty: nothing.
    pub(super) fn missing(&self) -> String {
        let states = self.states();
        let missing = states
            .iter()
            .filter(|(_, state)| state.is_needed && !state.is_listed);
        let described = missing.map(|(kind, state)| match &state.trouble {
            Some(trouble) => trouble.clone(),
            None => format!("{} is not listed yet", kind.label()),
        });
        described.collect::<Vec<_>>().join("; ")
    }

    fn set(&self, kind: Kind, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.states().get_mut(&kind) {
            change(state);
        }
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<Kind, State>> {
        // Every change is one assignment, so a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self) {
        self.trouble = None;
        self.heard = Instant::now();
    }
}

impl Trouble {
    /// What a watch's error means for whoever runs this.
    pub(super) fn of(resource: &ApiResource, error: &watcher::Error) -> Self {
        let name = if resource.group.is_empty() {
            resource.plural.clone()
        } else {
            format!("{}.{}", resource.plural, resource.group)
        };
        let (verb, status) = match error {
            watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", Some(status)),
            watcher::Error::WatchStartFailed(kube::Error::Api(status))
            | watcher::Error::WatchFailed(kube::Error::Api(status))
            | watcher::Error::WatchError(status) => ("watch", Some(status)),
            _ => ("watch", None),
        };
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
            None => ("broken", format!("cannot {verb} {name}: {error}")),
        };
        Self { reason, text }
    }
}
