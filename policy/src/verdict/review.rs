//! Judges one change: the write that *completes* a path is the one that is refused, whichever end it is of, and only for
//! the paths that it adds.
//!
//! The world before an update holds the old object, the world before a creation none. A path that denied there already is
//! old, also where it was only likely: whoever puts a gateway's Service or an IngressClass back is not refused for the
//! Ingress that has been waiting for it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::of_object;
use super::{Judged, Verdict, WouldBe};
use crate::budget::{Budget, BudgetExceeded};
use crate::configuration::{Configuration, Date};
use crate::identity::ObjectKey;
use crate::inventory::{Inventory, Overlay, Premises, World};
use crate::objects::target_group_binding::Protocol;
use crate::objects::{Facts, Object};
use crate::paths::affected::Affected;
use crate::rules::{Finding, Mode, PathId};

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

/// Judges a change in the world of `inventory`, whose own copy of the object is not looked at, on this day (UTC). For those
/// who choose themselves what is judged: it takes as long as it takes.
#[must_use]
pub fn review(
    inventory: &Inventory,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Verdict {
    let reads = Overlay::new();
    verdict(inventory, &reads, configuration, change, today, None)
}

/// The same within a budget, with `reads`, what was read from the cluster itself, put over the inventory.
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
    let old_world = || world(overlays.old());
    judge(&new_world, old_world, configuration, change, today).0
}

/// What the verdict on a change rests on, besides the change itself: if nothing of it changes, the verdict does not.
#[must_use]
pub fn premises(inventory: &Inventory, configuration: &Configuration, change: &Change) -> Premises {
    let reads = Overlay::new();
    let overlays = Overlays::of(change, &reads);
    let world = World::with_overlay(inventory, &overlays.new).recording();
    let old_world = || World::with_overlay(inventory, overlays.old()).recording();
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

    fn old(&self) -> &Overlay {
        self.old.get_or_init(|| before(self.change, self.reads))
    }
}

/// What lies over the inventory in the world before a change: the old object, or none of that key.
pub(crate) fn before(change: &Change, reads: &Overlay) -> Overlay {
    let mut reads = reads.clone();
    if let Some(old) = &change.old {
        return reads.under(old.clone());
    }
    reads.hide(change.new.key.clone());
    reads
}

/// The verdict, and the world as it was, if that was looked at.
fn judge<'a>(
    world: &World<'a>,
    old_world: impl FnOnce() -> World<'a>,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> (Verdict, Option<World<'a>>) {
    let mut affected = Affected::default();
    affected.add(world, &change.new);
    let mut verdict = of_affected(world, configuration, &affected);
    verdict.keep_part_of(&change.new.key);
    // A finding that is left goes through the object as it is to be, so what it only was part of need not be looked at.
    let old_world = (!verdict.findings.is_empty()).then(old_world);
    if let Some(old_world) = &old_world {
        // A path that was there before is old, also if the object has part in it only now.
        let mut old = of_affected(old_world, configuration, &affected);
        old.apply_exemptions(configuration, today);
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

    /// What this verdict on a world adds to the one before: findings with a path that was not there with at least the same
    /// effect, and whatever else was not said.
    #[must_use]
    pub fn without(mut self, before: &Verdict) -> Self {
        self.mark_existing(before);
        self.findings.retain(|judged| !judged.is_existing);
        self.unresolved
            .retain(|unresolved| before.unresolved.binary_search(unresolved).is_err());
        let exempt: BTreeSet<_> = before
            .exempt
            .iter()
            .map(|exempted| &exempted.finding.identity)
            .collect();
        self.exempt
            .retain(|exempted| !exempt.contains(&exempted.finding.identity));
        self
    }

    /// Marks the findings all of whose paths were there before with at least the same effect. Of a finding of mode `audit` it is
    /// told too whether they would have been there with at least the effect that it would have.
    fn mark_existing(&mut self, old: &Verdict) {
        let before = effects(old, |judged| judged.severity);
        let intended = effects(old, Judged::intended);
        for judged in &mut self.findings {
            judged.is_existing = had_before(&before, &judged.finding, judged.severity);
            let would_deny = judged.would_be == Some(WouldBe::Deny);
            if would_deny && had_before(&intended, &judged.finding, Mode::Deny) {
                judged.would_be = Some(WouldBe::Tolerated);
            }
        }
    }
}

/// The greatest effect on each path.
fn effects(verdict: &Verdict, effect: impl Fn(&Judged) -> Mode) -> BTreeMap<PathId, Mode> {
    let mut effects: BTreeMap<PathId, Mode> = BTreeMap::new();
    for judged in &verdict.findings {
        for path in &judged.finding.identity {
            let greatest = effects.entry(path.way()).or_insert(Mode::Off);
            *greatest = effect(judged).max(*greatest);
        }
    }
    effects
}

/// Whether all paths of a finding were there with at least this effect.
fn had_before(before: &BTreeMap<PathId, Mode>, finding: &Finding, effect: Mode) -> bool {
    let had = |way: &PathId| before.get(way).is_some_and(|was| *was >= effect);
    let mut paths = finding.identity.iter().map(PathId::way);
    paths.all(|way| had(&way) || had(&way.to_any_gateway()))
}

/// Judges the fronts and Services that an object can have part in.
pub(crate) fn of_affected(
    world: &World<'_>,
    configuration: &Configuration,
    affected: &Affected,
) -> Verdict {
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
