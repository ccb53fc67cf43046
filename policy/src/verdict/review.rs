//! Judges one change: the write that *completes* a path is the one that is refused, whichever end it is of, and on an
//! update only the paths that it adds.

use std::collections::BTreeSet;

use super::Verdict;
use super::evaluate::of_object;
use crate::configuration::{Configuration, Date};
use crate::identity::ObjectKey;
use crate::inventory::{Inventory, Overlay, Premises, World};
use crate::objects::target_group_binding::Protocol;
use crate::objects::{Facts, Object};
use crate::paths::affected::Affected;
use crate::rules::PathId;

/// A change of one object. Both are of the same key.
#[derive(Clone, Debug)]
pub struct Change {
    /// The object as it is to be.
    pub new: Object,
    /// The object as it was; `None` on creation.
    pub old: Option<Object>,
}

impl Change {
    /// The object as it is judged.
    pub(crate) fn judged(&self) -> Object {
        let mut new = self.new.clone();
        if let Some(old) = &self.old {
            keep_protocol(old, &mut new);
        }
        new
    }
}

/// Judges a change in the world of `inventory`, whose own copy of the object is not looked at, on this day (UTC).
#[must_use]
pub fn review(
    inventory: &Inventory,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Verdict {
    review_over(inventory, &Overlay::new(), configuration, change, today)
}

/// The same with `reads`, what was read from the cluster itself, put over the inventory.
#[must_use]
pub fn review_over(
    inventory: &Inventory,
    reads: &Overlay,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Verdict {
    let overlays = Overlays::of(change, reads);
    let (new, old) = overlays.worlds(inventory);
    judge(&new, old.as_ref(), configuration, change, today)
}

/// What the verdict on a change rests on, besides the change itself: if nothing of it changes, the verdict does not.
#[must_use]
pub fn premises(inventory: &Inventory, configuration: &Configuration, change: &Change) -> Premises {
    let overlays = Overlays::of(change, &Overlay::new());
    let (new, old) = overlays.worlds(inventory);
    let (new, old) = (new.recording(), old.map(World::recording));
    judge(&new, old.as_ref(), configuration, change, Date::MIN);
    let mut premises = new.into_premises();
    premises.extend(old.map(World::into_premises).unwrap_or_default());
    premises
}

/// The object as it is to be and as it was, each to be put over the same inventory.
struct Overlays {
    new: Overlay,
    old: Option<Overlay>,
}

impl Overlays {
    fn of(change: &Change, reads: &Overlay) -> Self {
        let with = |object| reads.clone().under(object);
        Self {
            new: with(change.judged()),
            old: change.old.clone().map(with),
        }
    }

    fn worlds<'a>(&'a self, inventory: &'a Inventory) -> (World<'a>, Option<World<'a>>) {
        let old = self.old.as_ref();
        (
            World::with_overlay(inventory, &self.new),
            old.map(|old| World::with_overlay(inventory, old)),
        )
    }
}

fn judge(
    world: &World<'_>,
    old_world: Option<&World<'_>>,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Verdict {
    let key = &change.new.key;
    let mut affected = Affected::default();
    affected.add(world, &change.new);
    let before = match (old_world, &change.old) {
        (Some(old_world), Some(old)) => {
            affected.add(old_world, old);
            Some(old_world)
        }
        _ => None,
    };
    let mut verdict = of_affected(world, configuration, &affected);
    verdict.keep_part_of(key);
    if let Some(old_world) = before.filter(|_| !verdict.findings.is_empty()) {
        // A path that was there before is old, also if the object has part in it only now.
        let old = of_affected(old_world, configuration, &affected);
        // A finalizer has to be removable, whatever the ratchet says.
        if change.new.is_terminating || configuration.ratchet.holds(today) {
            verdict.mark_existing(&old);
        }
    }
    verdict.apply_exemptions(configuration, today);
    verdict.sort();
    verdict
}

impl Verdict {
    /// Keeps what the object does have part in.
    fn keep_part_of(&mut self, key: &ObjectKey) {
        self.findings
            .retain(|judged| judged.finding.participants.contains(key));
        self.unresolved
            .retain(|unresolved| unresolved.object == *key);
    }

    /// Marks the findings all of whose paths were there before.
    fn mark_existing(&mut self, old: &Verdict) {
        let paths = old.findings.iter().flat_map(|old| &old.finding.identity);
        let before: BTreeSet<&PathId> = paths.collect();
        for judged in &mut self.findings {
            let mut paths = judged.finding.identity.iter();
            judged.is_existing = paths.all(|path| before.contains(path));
        }
    }
}

/// Judges the fronts and Services that an object can have part in.
fn of_affected(world: &World<'_>, configuration: &Configuration, affected: &Affected) -> Verdict {
    let mut verdict = Verdict::default();
    for affected in affected.fronts.iter().chain(&affected.services) {
        if let Some(object) = world.get(affected) {
            of_object(world, configuration, object, &mut verdict);
        }
    }
    verdict
}

/// The protocol of a TargetGroupBinding can be changed without anybody asking AWS, so it stays HTTP if it was.
///
/// Source: AWS Load Balancer Controller `webhooks/elbv2/targetgroupbinding_validator.go` (immutable fields).
fn keep_protocol(old: &Object, new: &mut Object) {
    if let (Facts::TargetGroupBinding(old), Facts::TargetGroupBinding(new)) =
        (&old.facts, &mut new.facts)
        && old.protocol == Protocol::Http
    {
        new.protocol = Protocol::Http;
    }
}
