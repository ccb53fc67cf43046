//! The world as a rule sees it: the inventory, with the object under review and live reads put over it, and a record
//! of what was asked.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use foldhash::HashSet;

use super::index::{IndexKey, index_keys};
use super::{Inventory, Origin};
use crate::budget::Budget;
use crate::identity::{Kind, ObjectKey};
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::{Facts, Object};
use crate::placeholder;

/// What lies over an inventory: objects that replace theirs, and objects that are known to be gone. Nothing of the
/// inventory is copied.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// What was read; `None`: nothing. Shared, because a review puts several objects over the same reads, one after the other.
    reads: Option<Arc<Layer>>,
    /// One object over all others, with its index keys. Nearly every review puts just this one, and it is not worth the
    /// maps of an inventory (`benches/verdict.rs`).
    top: Option<(Object, Vec<IndexKey>)>,
}

#[derive(Clone, Debug, Default)]
struct Layer {
    objects: Inventory,
    /// The keys of `objects`, so that those of a kind and namespace are found without a look at all.
    keys: BTreeSet<ObjectKey>,
    hidden: HashSet<ObjectKey>,
    replaced: HashSet<(Kind, Scope)>,
}

/// Where the objects of a kind are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// In the whole cluster.
    Cluster,
    /// In this namespace.
    Namespace(Arc<str>),
}

impl Overlay {
    /// An overlay that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an object in place of its old self.
    pub fn put(&mut self, object: Object) {
        let layer = self.layer();
        layer.hidden.insert(object.key.clone());
        layer.put(object);
    }

    fn layer(&mut self) -> &mut Layer {
        Arc::make_mut(self.reads.get_or_insert_default())
    }

    /// How many index keys the object over all others has.
    pub(crate) fn top_size(&self) -> usize {
        self.top.as_ref().map_or(0, |(_, keys)| keys.len())
    }

    /// The same with an object in place of its old self, whatever is put or hidden below.
    #[must_use]
    pub fn under(mut self, object: Object) -> Self {
        let keys = index_keys(&object);
        self.top = Some((object, keys));
        self
    }

    /// The object over all others, if it has this key.
    fn top_of(&self, key: &ObjectKey) -> Option<&Object> {
        let (object, _) = self.top.as_ref()?;
        (object.key == *key).then_some(object)
    }

    /// The object over all others, if it bears this index key.
    fn top_bearing(&self, key: &IndexKey) -> Option<&Object> {
        let (object, keys) = self.top.as_ref()?;
        keys.binary_search(key).is_ok().then_some(object)
    }

    /// The other objects of this overlay.
    fn beneath<'a>(
        &'a self,
        objects: impl Iterator<Item = &'a Object>,
    ) -> impl Iterator<Item = &'a Object> {
        objects.filter(|object| self.top_of(&object.key).is_none())
    }

    /// Hides an object: it does not exist (any more).
    pub fn hide(&mut self, key: ObjectKey) {
        let layer = self.layer();
        layer.remove(&key);
        layer.hidden.insert(key);
    }

    /// Puts all objects of a kind in place of those that are there: those of the inventory are hidden, and so is what
    /// this overlay holds of them.
    pub fn replace(
        &mut self,
        kind: Kind,
        scope: &Scope,
        objects: impl IntoIterator<Item = Object>,
    ) {
        let layer = self.layer();
        let first = ObjectKey {
            kind,
            namespace: scope.namespace(),
            name: Arc::from(""),
            instance: 0,
        };
        let from_there = layer.keys.range((Bound::Included(first), Bound::Unbounded));
        let gone: Vec<ObjectKey> = from_there
            .take_while(|key| key.kind == kind && scope.holds(key))
            .cloned()
            .collect();
        for key in &gone {
            layer.remove(key);
        }
        layer.replaced.insert((kind, scope.clone()));
        for object in objects {
            layer.put(object);
        }
    }

    /// Whether all objects of a kind were put in place of those that are there, in this scope or a wider one.
    #[must_use]
    pub fn replaces(&self, kind: Kind, scope: &Scope) -> bool {
        let layer = self.reads.as_ref();
        layer.is_some_and(|layer| layer.replaces(kind, scope))
    }

    /// Whether the inventory's object of this key, or its absence, does not count.
    fn hides(&self, key: &ObjectKey) -> bool {
        self.top_of(key).is_some() || self.reads.as_ref().is_some_and(|layer| layer.hides(key))
    }
}

impl Layer {
    fn put(&mut self, object: Object) {
        self.keys.insert(object.key.clone());
        self.objects.apply(object);
    }

    fn remove(&mut self, key: &ObjectKey) {
        self.keys.remove(key);
        self.objects.remove(key);
    }

    fn replaces(&self, kind: Kind, scope: &Scope) -> bool {
        self.replaced.contains(&(kind, Scope::Cluster))
            || self.replaced.contains(&(kind, scope.clone()))
    }

    fn hides(&self, key: &ObjectKey) -> bool {
        self.hidden.contains(key)
            || (!self.replaced.is_empty() && self.replaces(key.kind, &Scope::of(key)))
    }
}

impl Scope {
    /// The namespace of an object; for one that has none the cluster.
    #[must_use]
    pub fn of(key: &ObjectKey) -> Self {
        if key.namespace.is_empty() {
            Self::Cluster
        } else {
            Self::Namespace(Arc::clone(&key.namespace))
        }
    }

    /// The namespace that it is, or none.
    fn namespace(&self) -> Arc<str> {
        match self {
            Self::Cluster => Arc::from(""),
            Self::Namespace(namespace) => Arc::clone(namespace),
        }
    }

    fn holds(&self, key: &ObjectKey) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespace(namespace) => key.namespace == *namespace,
        }
    }
}

/// Something a verdict rests on: if none of a verdict's premises changes, the verdict does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Premise {
    /// The object of this key, or its absence.
    Object(ObjectKey),
    /// The set of objects that bear this index key, and their facts.
    Index(IndexKey),
}

/// The premises of a verdict, in order.
pub type Premises = BTreeSet<Premise>;

/// A view of the world at one moment.
#[derive(Debug)]
pub struct World<'a> {
    inventory: &'a Inventory,
    overlay: Option<&'a Overlay>,
    premises: Option<RefCell<Premises>>,
    /// What the work in this world is counted against; `None`: it is not.
    budget: Option<&'a Budget>,
}

impl<'a> World<'a> {
    /// The inventory as it is.
    #[must_use]
    pub fn new(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            overlay: None,
            premises: None,
            budget: None,
        }
    }

    /// The inventory with an overlay over it.
    #[must_use]
    pub fn with_overlay(inventory: &'a Inventory, overlay: &'a Overlay) -> Self {
        Self {
            inventory,
            overlay: Some(overlay),
            premises: None,
            budget: None,
        }
    }

    /// The same world, in which all work is counted against a budget. Once that is spent the world seems empty, so that the
    /// work ends: nothing that comes out counts then.
    #[must_use]
    pub fn within(mut self, budget: &'a Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Counts steps that the world does not see: over elements of an object, or of writing text. Returns whether to go on.
    pub(crate) fn take(&self, steps: usize) -> bool {
        self.budget.is_none_or(|budget| budget.take(steps))
    }

    /// Whether to end the work, as nothing that comes out counts.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget.is_some_and(Budget::is_spent)
    }

    /// The same world, keeping a record of every question; see [`World::into_premises`].
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.premises = Some(RefCell::default());
        self
    }

    /// Whether the objects come from files, so that others may exist.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        self.inventory.origin == Origin::Files
    }

    /// What is said of an object that is not here: of files it may exist all the same.
    #[must_use]
    pub fn absence(&self) -> &'static str {
        if self.is_of_files() {
            "is not among these files"
        } else {
            "does not exist (yet)"
        }
    }

    fn may_hold_placeholders(&self) -> bool {
        self.inventory.origin != Origin::Cluster
    }

    /// Whether a name, namespace, class, controller, ARN, group or host is unknown, as it is not rendered yet.
    #[must_use]
    pub fn is_unrendered(&self, value: &str) -> bool {
        self.may_hold_placeholders() && placeholder::is_in(value)
    }

    /// Whether both name the same target group, as far as that is known.
    pub(crate) fn joins(&self, one: &TargetGroup, other: &TargetGroup) -> bool {
        one.joins(other) && !self.is_unrendered(one.as_str()) && !self.is_unrendered(other.as_str())
    }

    /// Every question that was asked since [`World::recording`].
    #[must_use]
    pub fn into_premises(self) -> Premises {
        self.premises.map(RefCell::into_inner).unwrap_or_default()
    }

    /// The object of this key.
    #[must_use]
    pub fn get(&self, key: &ObjectKey) -> Option<&'a Object> {
        if !self.take(1) {
            return None;
        }
        if let Some(premises) = &self.premises {
            premises.borrow_mut().insert(Premise::Object(key.clone()));
        }
        if let Some(overlay) = self.overlay
            && overlay.hides(key)
        {
            let read = || overlay.reads.as_ref()?.objects.get(key);
            return overlay.top_of(key).or_else(read);
        }
        self.inventory.get(key)
    }

    /// The facts of the object of this key.
    #[must_use]
    pub fn facts(&self, key: &ObjectKey) -> Option<&'a Facts> {
        self.get(key).map(|object| &object.facts)
    }

    /// The objects that bear an index key, in no particular order. Of files none bears a placeholder.
    pub fn find(&self, key: &IndexKey) -> impl Iterator<Item = &'a Object> {
        if let Some(premises) = &self.premises {
            premises.borrow_mut().insert(Premise::Index(key.clone()));
        }
        self.take(1);
        let (overlay, budget) = (self.overlay, self.budget);
        let is_left = move |_: &&Object| budget.is_none_or(|budget| budget.take(1));
        let is_unknown = self.may_hold_placeholders() && key.has_placeholder();
        let key = (!is_unknown).then_some(key);
        let below = self
            .inventory
            .posting(key)
            .take_while(is_left)
            .filter(move |object| overlay.is_none_or(|over| !over.hides(&object.key)));
        let above = overlay.and_then(|over| {
            let layer = over.reads.as_ref()?;
            Some(over.beneath(layer.objects.posting(key)).take_while(is_left))
        });
        let top = overlay.and_then(|over| over.top_bearing(key?));
        below.chain(above.into_iter().flatten()).chain(top)
    }

    /// At most this many objects bear the index key: to ask the shorter of two questions. It is not a premise, as the
    /// answer to the whole question does not depend on it.
    #[must_use]
    pub fn at_most(&self, key: &IndexKey) -> usize {
        self.take(1);
        self.inventory.posting_len(key)
            + self.overlay.map_or(0, |over| {
                let layer = over.reads.as_ref();
                layer.map_or(0, |layer| layer.objects.posting_len(key))
                    + usize::from(over.top_bearing(key).is_some())
            })
    }

    /// Whether an object of this world bears an index key. It is no premise, as the object itself was asked for.
    pub(crate) fn bears(&self, object: &Object, key: &IndexKey) -> bool {
        let is_it = |other: &Object| other.key == object.key;
        if let Some(overlay) = self.overlay
            && overlay.hides(&object.key)
        {
            return if overlay.top_of(&object.key).is_some() {
                overlay.top_bearing(key).is_some()
            } else {
                let layer = overlay.reads.as_ref();
                layer.is_some_and(|layer| layer.objects.posting(Some(key)).any(is_it))
            };
        }
        self.inventory.posting(Some(key)).any(is_it)
    }

    /// Every object, in no particular order.
    pub fn objects(&self) -> impl Iterator<Item = &'a Object> {
        let overlay = self.overlay;
        let below = self
            .inventory
            .objects()
            .filter(move |object| overlay.is_none_or(|over| !over.hides(&object.key)));
        let above = overlay.and_then(|over| {
            let layer = over.reads.as_ref()?;
            Some(over.beneath(layer.objects.objects()))
        });
        let top = overlay.and_then(|over| over.top.as_ref());
        below
            .chain(above.into_iter().flatten())
            .chain(top.map(|(object, _)| object))
    }
}
