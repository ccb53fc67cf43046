//! Evaluation and review of whatever world a text describes: order means nothing, both agree, and an update is refused
//! for nothing but what it adds.

use l7guard_policy::budget::Budget;
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{self, Inventory};
use l7guard_policy::objects::Object;
use l7guard_policy::rules::{Mode, PathId};
use l7guard_policy::verdict::{self, Change, Judged, Verdict};
use serde_json::Value;

use crate::world::World;

/// Tries all that is said here of verdicts on the world that `input` describes.
///
/// # Panics
///
/// Something of it does not hold.
pub fn holds(input: &[u8]) {
    let world = World::of(input);
    let configuration = Configuration::default();
    let inventory = World::inventory(&world.objects);
    let all = evaluate(&inventory, &configuration);
    order_means_nothing(&world, &inventory, &all, &configuration);
    findings_point_into_objects(&world, &all);
    for object in &world.objects {
        let without = World::inventory(world.objects.iter().filter(|o| o.key != object.key));
        creation_finds_what_evaluation_does(&inventory, &without, object, &all, &configuration);
        nothing_new_is_not_refused(&inventory, object, &configuration);
        if let Some(old) = world.old.get(&object.key) {
            an_update_is_refused_for_what_it_adds(&inventory, old, object, &configuration);
        }
    }
}

fn evaluate(inventory: &Inventory, configuration: &Configuration) -> Verdict {
    verdict::evaluate(&inventory::World::new(inventory), configuration, Date::MIN)
}

fn review(
    inventory: &Inventory,
    configuration: &Configuration,
    old: Option<&Object>,
    new: &Object,
) -> Verdict {
    let change = Change {
        new: new.clone(),
        old: old.cloned(),
    };
    verdict::review(inventory, configuration, &change, Date::MIN)
}

/// Objects that come in another order, or came and went before, make the same inventory and the same verdict.
fn order_means_nothing(
    world: &World,
    inventory: &Inventory,
    all: &Verdict,
    configuration: &Configuration,
) {
    let mut other = World::inventory(world.objects.iter().rev());
    assert_eq!(*inventory, other);
    assert_eq!(*all, evaluate(&other, configuration));
    for old in world.old.values() {
        other.remove(&old.key);
        other.apply(old.clone());
    }
    for object in &world.objects {
        other.apply(object.clone());
    }
    assert_eq!(*inventory, other);
    assert_eq!(*all, evaluate(&other, configuration));
}

/// A finding is about an object that exists and a field that stands in it, and speaks in one line.
fn findings_point_into_objects(world: &World, all: &Verdict) {
    for Judged { finding, .. } in &all.findings {
        let field = world
            .raw
            .get(&finding.object)
            .and_then(|raw| raw.value.pointer(&finding.field));
        assert!(
            field.is_some_and(|field| *field != Value::Null),
            "{} of {} is not there",
            finding.field,
            finding.object
        );
        assert!(!finding.identity.is_empty(), "{finding:?}");
        assert!(
            finding.participants.contains(&finding.object),
            "{finding:?}"
        );
        for hop in &finding.path {
            assert!(!hop.evidence.in_full().is_empty(), "{finding:?}");
        }
    }
    for unresolved in &all.unresolved {
        // What is not there may be why it cannot be told: then its place is.
        let (parent, _) = unresolved.field.rsplit_once('/').unwrap_or_default();
        let raw = world.raw.get(&unresolved.object);
        assert!(
            raw.is_some_and(|raw| raw.value.pointer(parent).is_some()),
            "{unresolved:?}"
        );
    }
}

/// To create an object completes exactly the paths that it has part in; what the inventory knows of it is not asked.
fn creation_finds_what_evaluation_does(
    inventory: &Inventory,
    without: &Inventory,
    object: &Object,
    all: &Verdict,
    configuration: &Configuration,
) {
    let created = review(without, configuration, None, object);
    assert_eq!(created, review(inventory, configuration, None, object));
    // What was there before the creation is marked so, which is another test's matter.
    let shown = |judged: &Judged| (judged.finding.clone(), judged.severity);
    let its_own = all
        .findings
        .iter()
        .filter(|judged| judged.finding.participants.contains(&object.key));
    assert_eq!(
        created.findings.iter().map(shown).collect::<Vec<_>>(),
        its_own.map(shown).collect::<Vec<_>>(),
        "creating {}",
        object.key
    );
}

/// An update that changes nothing is not refused, however bad the object is.
fn nothing_new_is_not_refused(
    inventory: &Inventory,
    object: &Object,
    configuration: &Configuration,
) {
    let verdict = review(inventory, configuration, Some(object), object);
    assert!(
        !verdict.is_denied(),
        "an unchanged {} is refused: {verdict:?}",
        object.key
    );
    a_budget_changes_no_verdict(inventory, object, configuration, &verdict);
}

/// A budget that is not spent changes nothing, and one that is gives no verdict; what it takes does not depend on what there is.
fn a_budget_changes_no_verdict(
    inventory: &Inventory,
    object: &Object,
    configuration: &Configuration,
    verdict: &Verdict,
) {
    let change = Change {
        new: object.clone(),
        old: Some(object.clone()),
    };
    let reads = inventory::Overlay::new();
    let within = |budget: &Budget| {
        verdict::review_within(budget, inventory, &reads, configuration, &change, Date::MIN)
    };
    let ample = Budget::of(Budget::REVIEW);
    assert_eq!(within(&ample).as_ref(), Ok(verdict));
    let exact = Budget::of(ample.taken() + 1);
    assert_eq!(within(&exact).as_ref(), Ok(verdict));
    let limits = [0, 1, ample.taken() / 2, ample.taken()];
    for limit in limits.into_iter().filter(|limit| *limit <= ample.taken()) {
        assert!(
            within(&Budget::of(limit)).is_err(),
            "{limit} of {}",
            ample.taken()
        );
    }
}

/// A refused update makes a path that was not there before, and one that makes such a path is refused.
fn an_update_is_refused_for_what_it_adds(
    inventory: &Inventory,
    old: &Object,
    new: &Object,
    configuration: &Configuration,
) {
    let mut before = inventory.clone();
    before.apply(old.clone());
    let before: Vec<(PathId, Mode)> = evaluate(&before, configuration)
        .findings
        .into_iter()
        .flat_map(|judged| {
            let severity = judged.severity;
            let paths = judged.finding.identity.into_iter();
            paths.map(move |path| (path, severity))
        })
        .collect();
    let verdict = review(inventory, configuration, Some(old), new);
    for judged in &verdict.findings {
        let mut paths = judged.finding.identity.iter();
        let had = |path: &PathId| {
            let same = |(was, effect): &(PathId, Mode)| was == path && *effect >= judged.severity;
            before.iter().any(same)
        };
        let ends = |path: &PathId| {
            let same = |(was, _): &(PathId, Mode)| was.object == path.object && was.to == path.to;
            before.iter().any(same)
        };
        if paths.clone().all(had) {
            assert!(judged.is_existing, "{judged:?}");
        }
        if judged.is_existing {
            assert!(paths.all(ends), "{judged:?}");
        }
    }
}
