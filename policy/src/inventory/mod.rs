//! The inventory: the facts of every object, behind indexes that answer each question of the rules without a scan.
//!
//! Changes are [`apply`](Inventory::apply), [`remove`](Inventory::remove) and [`reset`](Inventory::reset) of a kind; in
//! whatever order they come, the same objects give the same inventory. Questions are asked through a
//! [`World`], which puts the object under review (and what was read live) over the inventory.

mod index;
mod world;

use std::collections::HashSet;
use std::hash::BuildHasher;

pub use index::IndexKey;
pub(crate) use index::{bound_group_key, target_group_key};
pub use world::{Overlay, Premise, Premises, Scope, World};

use foldhash::HashMap;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::identity::{Kind, ObjectKey};
use crate::objects::{Facts, Object};
use index::index_keys;

/// Facts and indexes of a set of objects.
///
/// Its maps hash with foldhash: a verdict asks them some twenty times, and the standard library's hasher took a quarter of its
/// time (`benches/verdict.rs`). Its seed is random, so nobody can choose names that collide.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    slots: Vec<Option<Object>>,
    free: Vec<u32>,
    /// Slots by the keys of the objects in them. The keys are not kept a second time: they would be a tenth of the memory.
    by_key: HashTable<u32>,
    hasher: RandomState,
    /// Slots of the objects that bear each index key; unordered.
    postings: HashMap<IndexKey, Posting>,
    origin: Origin,
}

/// Where the objects of an inventory come from, which says what is unknown of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A cluster: an object that is not there does not exist, and a value is what it says.
    #[default]
    Cluster,
    /// Files: what they do not hold may exist all the same, and a value may be a placeholder that is rendered later.
    Files,
    /// Files laid over all that a cluster holds: a value may be a placeholder, and what is not there does not exist.
    FilesOverCluster,
}

/// Most index keys have few objects, for which this needs no memory of its own.
type Posting = SmallVec<[u32; 4]>;

impl Inventory {
    /// An empty inventory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same objects as ones of this origin.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether it holds no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Takes an object in, in place of its old self. Returns whether that changed anything that a rule reads.
    pub fn apply(&mut self, object: Object) -> bool {
        if let Some(known) = self.get(&object.key)
            && *known == object
        {
            return false;
        }
        self.remove(&object.key);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        for key in index_keys(&object) {
            self.postings.entry(key).or_default().push(slot);
        }
        let hash = self.hasher.hash_one(&object.key);
        self.slots[slot as usize] = Some(object);
        let (slots, hasher) = (&self.slots, &self.hasher);
        let rehash = |slot: &u32| key_in(slots, *slot).map_or(0, |key| hasher.hash_one(key));
        self.by_key.insert_unique(hash, slot, rehash);
        true
    }

    /// Forgets an object; returns it.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Object> {
        let slots = &self.slots;
        let is_it = |slot: &u32| key_in(slots, *slot) == Some(key);
        let entry = self.by_key.find_entry(self.hasher.hash_one(key), is_it);
        let (slot, _) = entry.ok()?.remove();
        let object = self.slots[slot as usize].take()?;
        for key in index_keys(&object) {
            if let Some(posting) = self.postings.get_mut(&key) {
                posting.retain(|other| *other != slot);
                if posting.is_empty() {
                    self.postings.remove(&key);
                }
            }
        }
        self.free.push(slot);
        Some(object)
    }

    /// Replaces all objects of a kind, as after a fresh list: what is not among `objects` is forgotten.
    pub fn reset(&mut self, kind: Kind, objects: impl IntoIterator<Item = Object>) {
        let known = self.objects().map(|object| &object.key);
        let of_kind = known.filter(|key| key.kind == kind);
        let mut gone: HashSet<ObjectKey> = of_kind.cloned().collect();
        for object in objects {
            gone.remove(&object.key);
            self.apply(object);
        }
        for key in gone {
            self.remove(&key);
        }
        self.slots.shrink_to_fit();
    }

    /// The object of this key.
    #[must_use]
    pub fn get(&self, key: &ObjectKey) -> Option<&Object> {
        let is_it = |slot: &u32| key_in(&self.slots, *slot) == Some(key);
        let slot = self.by_key.find(self.hasher.hash_one(key), is_it)?;
        self.slots[*slot as usize].as_ref()
    }

    /// Every object, in no particular order.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.slots.iter().flatten()
    }

    /// The objects that bear an index key, in no particular order; none without a key.
    pub(crate) fn posting(&self, key: Option<&IndexKey>) -> impl Iterator<Item = &Object> {
        let slots = key
            .and_then(|key| self.postings.get(key))
            .map(SmallVec::as_slice)
            .unwrap_or_default();
        slots
            .iter()
            .filter_map(|slot| self.slots[*slot as usize].as_ref())
    }

    /// How many objects bear an index key.
    pub(crate) fn posting_len(&self, key: &IndexKey) -> usize {
        self.postings.get(key).map_or(0, SmallVec::len)
    }
}

/// The key of the object in a slot.
fn key_in(slots: &[Option<Object>], slot: u32) -> Option<&ObjectKey> {
    slots[slot as usize].as_ref().map(|object| &object.key)
}

/// Two inventories are equal if they hold the same objects and find them under the same index keys.
impl PartialEq for Inventory {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .objects()
                .all(|object| other.get(&object.key) == Some(object))
            && self.postings.len() == other.postings.len()
            && self.postings.keys().all(|key| {
                let mut ours: Vec<&ObjectKey> = self.posting(Some(key)).map(|o| &o.key).collect();
                let mut theirs: Vec<&ObjectKey> =
                    other.posting(Some(key)).map(|o| &o.key).collect();
                ours.sort();
                theirs.sort();
                ours == theirs
            })
    }
}

/// Accessors that pair a kind with its facts, for questions that know the kind.
impl Facts {
    /// The workload that this is, if it is one.
    pub(crate) fn as_workload(&self) -> Option<&crate::objects::workload::Workload> {
        match self {
            Self::Workload(workload) => Some(workload),
            _ => None,
        }
    }
}
