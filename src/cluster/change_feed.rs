//! What changes in the inventory, for whoever judges what exists.
//!
//! A change is kept as the object that was there before; what is there now stands in the inventory. Of several changes of one
//! object the first is kept: between two looks only the difference matters. The buffer is bounded. Whoever falls behind is
//! told so and looks at everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, Overlay, World};
use l7guard_policy::objects::Object;
use l7guard_policy::paths::affected::Affected;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How many changed objects wait at most for one subscriber: 4,096. In memory that is at most what the inventory held of
/// them, about 300 bytes an ordinary object.
const CAPACITY: usize = 4_096;

/// Where changes are told. Without a subscriber nothing is kept.
#[derive(Debug, Default)]
pub(super) struct ChangeFeed {
    subscribers: Mutex<Vec<Weak<Buffer>>>,
}

/// The changes since the last [`Changes::take`].
#[derive(Debug)]
pub struct Changes(Arc<Buffer>);

/// What has changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Changed {
    /// These objects.
    Objects(ChangedObjects),
    /// More than is kept, or nothing is known of what was before: everything has to be looked at.
    #[default]
    Everything,
}

/// Objects that have changed, each with what it was before; `None`: it was not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedObjects(BTreeMap<ObjectKey, Option<Arc<Object>>>);

#[derive(Debug, Default)]
struct Buffer {
    changed: Mutex<Changed>,
    /// Something waits.
    filled: Notify,
}

impl ChangeFeed {
    /// A subscriber, for whom everything has changed.
    pub(super) fn subscribe(&self) -> Changes {
        let buffer = Arc::new(Buffer::default());
        buffer.filled.notify_one();
        let mut subscribers = self.subscribers();
        subscribers.retain(|subscriber| subscriber.strong_count() > 0);
        subscribers.push(Arc::downgrade(&buffer));
        Changes(buffer)
    }

    /// Takes an object into the inventory.
    pub(super) fn apply(&self, inventory: &mut Inventory, object: Object) {
        let buffers = self.open_buffers();
        if !buffers.is_empty() {
            record_applied(inventory, &object, &buffers);
        }
        inventory.apply(object);
    }

    /// Forgets an object of the inventory.
    pub(super) fn remove(&self, inventory: &mut Inventory, key: &ObjectKey) {
        if let Some(before) = inventory.remove(key) {
            record(&self.open_buffers(), key, Some(before));
        }
    }

    /// Replaces all objects of a kind.
    pub(super) fn reset(&self, inventory: &mut Inventory, kind: Kind, objects: Vec<Object>) {
        let buffers = self.open_buffers();
        if !buffers.is_empty() {
            for object in &objects {
                record_applied(inventory, object, &buffers);
            }
            let listed: BTreeSet<&ObjectKey> = objects.iter().map(|object| &object.key).collect();
            let known = inventory.objects().map(|object| &object.key);
            let gone = known.filter(|key| key.kind == kind && !listed.contains(key));
            for key in gone.cloned().collect::<Vec<_>>() {
                let before = inventory.remove(&key);
                record(&buffers, &key, before);
            }
        }
        inventory.reset(kind, objects);
    }

    /// The buffers that still take single objects.
    fn open_buffers(&self) -> Vec<Arc<Buffer>> {
        let subscribers = self.subscribers();
        let alive = subscribers.iter().filter_map(Weak::upgrade);
        alive
            .filter(|buffer| matches!(*buffer.changed(), Changed::Objects(_)))
            .collect()
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<Weak<Buffer>>> {
        let subscribers = self.subscribers.lock();
        subscribers.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records that `object` is about to be taken in. What was there before is moved out of the inventory, not copied.
fn record_applied(inventory: &mut Inventory, object: &Object, buffers: &[Arc<Buffer>]) {
    match inventory.get(&object.key) {
        Some(known) if known == object => {}
        Some(_) => {
            let before = inventory.remove(&object.key);
            record(buffers, &object.key, before);
        }
        None => record(buffers, &object.key, None),
    }
}

fn record(buffers: &[Arc<Buffer>], key: &ObjectKey, before: Option<Object>) {
    let before = before.map(Arc::new);
    for buffer in buffers {
        buffer.changed().record(key, before.clone());
        buffer.filled.notify_one();
    }
}

impl Changed {
    fn record(&mut self, key: &ObjectKey, before: Option<Arc<Object>>) {
        let Self::Objects(ChangedObjects(objects)) = self else {
            return;
        };
        if objects.contains_key(key) {
            return;
        }
        if objects.len() < CAPACITY {
            objects.insert(key.clone(), before);
        } else {
            *self = Self::Everything;
        }
    }
}

impl Changes {
    /// Waits until something has changed since the last [`Self::take`], and takes it. The first time that is everything.
    /// Nothing is lost when this future is dropped.
    pub async fn changed(&self) -> Changed {
        loop {
            self.0.filled.notified().await;
            let changed = self.take();
            if !changed.is_empty() {
                return changed;
            }
        }
    }

    /// Waits until something has changed, and for `pause` longer, as one change seldom comes alone; then takes it all. Nothing
    /// is lost when this future is dropped.
    pub async fn settled(&self, pause: Duration) -> Changed {
        while self.0.changed().is_empty() {
            self.0.filled.notified().await;
        }
        sleep(pause).await;
        self.take()
    }

    /// What has changed since this was last called. Who looks at the inventory afterwards misses nothing: what is not told
    /// now has been done by then, or will be told.
    #[must_use]
    pub fn take(&self) -> Changed {
        let nothing = Changed::Objects(ChangedObjects::default());
        std::mem::replace(&mut *self.0.changed(), nothing)
    }
}

impl Changed {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Objects(objects) if objects.0.is_empty())
    }
}

impl ChangedObjects {
    /// The objects, each with what it was before.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, Option<&Object>)> {
        let objects = self.0.iter();
        objects.map(|(key, before)| (key, before.as_deref()))
    }

    /// The fronts and Services that have to be judged anew: a superset of those on whose paths a changed object has part, in
    /// the world as it was before all changes or as it is in `inventory`.
    #[must_use]
    pub fn affected(&self, inventory: &Inventory) -> Affected {
        let mut undone = Overlay::new();
        for (key, before) in self.iter() {
            match before {
                Some(before) => undone.put(before.clone()),
                None => undone.hide(key.clone()),
            }
        }
        let before = World::with_overlay(inventory, &undone);
        let mut affected = Affected::default();
        for object in self.iter().filter_map(|(_, before)| before) {
            affected.add(&before, object);
        }
        // Two are needed: what was looked at in one world is to be looked at in the other as well.
        let (now, mut affected_now) = (World::new(inventory), Affected::default());
        for object in self.iter().filter_map(|(key, _)| inventory.get(key)) {
            affected_now.add(&now, object);
        }
        affected.fronts.extend(affected_now.fronts);
        affected.services.extend(affected_now.services);
        affected
    }
}

impl Buffer {
    fn changed(&self) -> MutexGuard<'_, Changed> {
        // Every change is one assignment.
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "change_feed_tests.rs"]
mod tests;
