//! One watch: the events of a kind become facts in the inventory.

use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kube::Api;
use kube::core::ApiResource;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use l7guard_policy::identity::Kind;
use l7guard_policy::objects::Object;

use super::kinds::{is_kept, watch_config};
use super::raw_object::RawObject;
use super::watch_state::Trouble;
use super::world::Shared;

/// Follows a kind until the task is dropped. It backs off with jitter after errors, and lists anew what it lost sight of.
pub(super) async fn follow(shared: Arc<Shared>, kind: Kind, resource: ApiResource) {
    let api: Api<RawObject> = Api::all_with(shared.client.clone(), &resource);
    let mut events = pin!(watcher(api, watch_config(kind)).default_backoff());
    let mut reflector = Reflector {
        shared,
        kind,
        resource,
        listed: Vec::new(),
    };
    while let Some(event) = events.next().await {
        reflector.take(event);
    }
}

struct Reflector {
    shared: Arc<Shared>,
    kind: Kind,
    resource: ApiResource,
    /// What the list that is under way has brought so far.
    listed: Vec<Object>,
}

impl Reflector {
    fn take(&mut self, event: Result<Event<RawObject>, watcher::Error>) {
        let kind = self.kind;
        match event {
            Ok(Event::Init) => self.listed.clear(),
            Ok(Event::InitApply(object)) => self.listed.extend(self.read(&object)),
            Ok(Event::InitDone) => {
                let listed = std::mem::take(&mut self.listed);
                self.shared.reset(kind, listed);
            }
            Ok(Event::Apply(object)) => match self.read(&object) {
                Some(read) => self.shared.apply(read),
                // What it was before is true no more.
                None => self.shared.remove(&object.key(kind)),
            },
            Ok(Event::Delete(object)) => self.shared.remove(&object.key(kind)),
            Err(error) => {
                let trouble = Trouble::of(&self.resource, &error);
                self.shared.hindered(kind, &trouble);
            }
        }
    }

    /// The facts to keep. An object that cannot be read is skipped, counted and logged, and hinders no other.
    fn read(&self, object: &RawObject) -> Option<Object> {
        match object.read(&self.resource) {
            Ok(read) => read.filter(is_kept),
            Err(error) => {
                self.shared.unreadable(&object.key(self.kind), &error);
                None
            }
        }
    }
}
