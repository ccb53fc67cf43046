//! One watch: the events of a kind become facts in the inventory.

use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kube::core::ApiResource;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use l7guard_policy::objects::Object;

use super::kinds::watch_config;
use super::raw_object::RawObject;
use super::state::ClusterState;
use super::watch_activity::heard_of;
use super::watch_state::{Trouble, Watch};

/// Follows a kind until the task is dropped. It backs off with jitter after errors, and lists anew what it lost sight of.
pub(super) async fn follow(
    client: Client,
    state: Arc<ClusterState>,
    watch: Watch,
    resource: ApiResource,
) {
    let ear = Arc::clone(&state);
    let client = heard_of(client, move || ear.heard(watch));
    let api: Api<RawObject> = Api::all_with(client, &resource);
    let mut events = pin!(watcher(api, watch_config(watch.kind)).default_backoff());
    let mut reflector = Reflector {
        state,
        watch,
        resource,
        listed: Vec::new(),
    };
    while let Some(event) = events.next().await {
        reflector.take(event);
    }
}

struct Reflector {
    state: Arc<ClusterState>,
    watch: Watch,
    resource: ApiResource,
    /// What the list that is under way has brought so far.
    listed: Vec<Object>,
}

impl Reflector {
    fn take(&mut self, event: Result<Event<RawObject>, watcher::Error>) {
        let watch = self.watch;
        match event {
            Ok(Event::Init) => self.listed.clear(),
            Ok(Event::InitApply(object)) => self.listed.extend(self.read(&object)),
            Ok(Event::InitDone) => {
                let listed = std::mem::take(&mut self.listed);
                self.state.reset(watch, listed);
            }
            Ok(Event::Apply(object)) => match self.read(&object) {
                Some(read) => self.state.apply(watch, read),
                // What it was before is true no more.
                None => self.state.remove(watch, &object.key(watch.kind)),
            },
            Ok(Event::Delete(object)) => self.state.remove(watch, &object.key(watch.kind)),
            Err(error) => {
                let trouble = Trouble::of(&self.resource, &error);
                self.state.hindered(watch, &trouble);
            }
        }
    }

    /// The facts to keep.
    fn read(&self, object: &RawObject) -> Option<Object> {
        self.state.facts(self.watch.kind, &self.resource, object)
    }
}
