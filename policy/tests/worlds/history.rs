//! Worlds that came about in several steps.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::{Manifests, key, object, of_kind, renamed, world};

/// A world, and a winding way to it.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) world: Manifests,
    /// An earlier version of each of its objects.
    pub(crate) before: Manifests,
    /// Objects that come and go.
    pub(crate) passing: Manifests,
    /// Whose turn it is: numbers of objects of the world, then of the passing ones; each has two turns.
    turns: Vec<usize>,
}

/// A change of one object.
pub(crate) enum Step<'a> {
    Put(&'a Value),
    Remove(&'a Value),
}

pub(crate) fn histories() -> impl Strategy<Value = History> {
    (world(), prop::collection::vec(object(), 0..8))
        .prop_map(|(world, mut passing)| {
            let mut known: BTreeSet<_> = world.0.iter().map(key).collect();
            passing.retain(|object| known.insert(key(object)));
            (world, Manifests(passing))
        })
        .prop_flat_map(|(world, passing)| {
            let turns: Vec<usize> = (0..world.0.len() + passing.0.len())
                .flat_map(|turn| [turn, turn])
                .collect();
            let before = other_versions(&world.0).prop_map(Manifests);
            (
                Just(world),
                before,
                Just(passing),
                Just(turns).prop_shuffle(),
            )
        })
        .prop_map(|(world, before, passing, turns)| History {
            world,
            before,
            passing,
            turns,
        })
}

/// Another version of each object, in the same order.
fn other_versions(objects: &[Value]) -> impl Strategy<Value = Vec<Value>> + use<> {
    objects
        .iter()
        .map(|object| {
            let object = object.clone();
            of_kind(key(&object).kind).prop_map(move |other| renamed(other, &object))
        })
        .collect::<Vec<_>>()
}

impl History {
    /// The changes that lead to the world: each of its objects is put in its earlier version first, and each passing
    /// object is put and removed.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let mut begun = BTreeSet::new();
        self.turns.iter().map(move |turn| {
            let is_first = begun.insert(turn);
            match (self.world.0.get(*turn), is_first) {
                (Some(_), true) => Step::Put(&self.before.0[*turn]),
                (Some(object), false) => Step::Put(object),
                (None, true) => Step::Put(&self.passing.0[turn - self.world.0.len()]),
                (None, false) => Step::Remove(&self.passing.0[turn - self.world.0.len()]),
            }
        })
    }

    /// Changes of one object of the world: before and after.
    pub(crate) fn variations(&self) -> impl Iterator<Item = (Option<&Value>, Option<&Value>)> {
        let replaced = self.world.0.iter().zip(&self.before.0);
        let replaced = replaced.map(|(now, then)| (Some(now), Some(then)));
        let removed = self.world.0.iter().map(|object| (Some(object), None));
        let added = self.passing.0.iter().map(|object| (None, Some(object)));
        replaced.chain(removed).chain(added)
    }
}
