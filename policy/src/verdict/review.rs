//! Judges one change: the write that *completes* a path is the one that is refused, whichever end it is of, and on an
//! update only the paths that it adds.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::Verdict;
use super::evaluate::of_object;
use crate::budget::{Budget, BudgetExceeded};
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

/// The same with `reads`, what was read from the cluster itself, put over the inventory. For those who choose themselves what
/// is judged: it takes as long as it takes.
#[must_use]
pub fn review_over(
    inventory: &Inventory,
    reads: &Overlay,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Verdict {
    verdict(inventory, reads, configuration, change, today, None)
}

/// The same within a budget.
///
/// # Errors
///
/// It takes more steps than there are.
pub fn review_within(
    budget: &Budget,
    inventory: &Inventory,
    reads: &Overlay,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Result<Verdict, BudgetExceeded> {
    budget.within(verdict(
        inventory,
        reads,
        configuration,
        change,
        today,
        Some(budget),
    ))
}

fn verdict(
    inventory: &Inventory,
    reads: &Overlay,
    configuration: &Configuration,
    change: &Change,
    today: Date,
    budget: Option<&Budget>,
) -> Verdict {
    let overlays = Overlays::of(change, reads);
    let world = |overlay| {
        let world = World::with_overlay(inventory, overlay);
        match budget {
            Some(budget) => world.within(budget),
            None => world,
        }
    };
    let new_world = world(&overlays.new);
    new_world.take(overlays.new.top_size());
    let old_world = || Some(world(overlays.old()?));
    judge(&new_world, old_world, configuration, change, today).0
}

/// What the verdict on a change rests on, besides the change itself: if nothing of it changes, the verdict does not.
#[must_use]
pub fn premises(inventory: &Inventory, configuration: &Configuration, change: &Change) -> Premises {
    let reads = Overlay::new();
    let overlays = Overlays::of(change, &reads);
    let world = World::with_overlay(inventory, &overlays.new).recording();
    let old_world = || Some(World::with_overlay(inventory, overlays.old()?).recording());
    let (_, old) = judge(&world, old_world, configuration, change, Date::MIN);
    let mut premises = world.into_premises();
    premises.extend(old.map(World::into_premises).unwrap_or_default());
    premises
}

/// The object as it is to be and as it was, each to be put over the same inventory.
struct Overlays<'a> {
    new: Overlay,
    /// Made when it is looked at, which few verdicts do.
    old: OnceCell<Overlay>,
    change: &'a Change,
    reads: &'a Overlay,
}

impl<'a> Overlays<'a> {
    fn of(change: &'a Change, reads: &'a Overlay) -> Self {
        Self {
            new: reads.clone().under(change.judged()),
            old: OnceCell::new(),
            change,
            reads,
        }
    }

    fn old(&self) -> Option<&Overlay> {
        let old = self.change.old.as_ref()?;
        Some(
            self.old
                .get_or_init(|| self.reads.clone().under(old.clone())),
        )
    }
}

/// The verdict, and the world as it was, if that was looked at.
fn judge<'a>(
    world: &World<'a>,
    old_world: impl FnOnce() -> Option<World<'a>>,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> (Verdict, Option<World<'a>>) {
    let mut affected = Affected::default();
    affected.add(world, &change.new);
    let mut verdict = of_affected(world, configuration, &affected);
    verdict.keep_part_of(&change.new.key);
    // A finding that is left goes through the object as it is to be, so what it only was part of need not be looked at.
    let old_world = if verdict.findings.is_empty() {
        None
    } else {
        old_world()
    };
    if let Some(old_world) = &old_world {
        // A path that was there before is old, also if the object has part in it only now.
        let old = of_affected(old_world, configuration, &affected);
        // A finalizer has to be removable, whatever the ratchet says.
        if change.new.is_terminating || configuration.ratchet.holds(today) {
            verdict.mark_existing(&old);
        }
    }
    verdict.apply_exemptions(configuration, today);
    verdict.sort();
    (verdict, old_world)
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
        if world.is_spent() {
            break;
        }
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
