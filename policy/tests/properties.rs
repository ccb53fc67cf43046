//! Properties of the policy over random worlds, with a second, naive implementation of the definition as oracle.
//!
//! `PROPTEST_CASES` sets the number of worlds for each. The shares of worlds that show each rule are printed by
//! `cargo test --test properties -- --ignored --nocapture`.

#[cfg(test)]
mod found;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod lagging;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod worlds;

use std::collections::BTreeSet;

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, Origin, Premise, Premises, World};
use l7guard_policy::objects::Object;
use l7guard_policy::rules::{Mode, PathId, RuleCode};
use l7guard_policy::verdict::{Change, Judged, Verdict, evaluate, premises, review};
use naive::{Answer, Found};
use proptest::prelude::*;
use serde_json::Value;
use worlds::{History, Manifest, Manifests, Step, key, view};

/// Nothing expires in these worlds.
const TODAY: Date = Date::MIN;

fn configured() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_asked { default.cases } else { 512 },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(configured())]

    #[test]
    fn the_naive_oracle_and_the_policy_find_the_same(
        world in worlds::world(),
        setting in worlds::setting(),
    ) {
        let naive = naive::judge(&world.0, &setting.configuration);
        let policy = policy_answer(&inventory(&world.0), &setting.configuration);
        prop_assert_eq!(naive, policy);
    }

    #[test]
    fn the_naive_oracle_and_the_policy_find_the_same_in_files(
        files in worlds::files(),
        setting in worlds::setting(),
    ) {
        let naive = naive::judge_files(&files.0, &setting.configuration);
        let policy = policy_answer(&inventory_of_files(&files.0), &setting.configuration);
        prop_assert_eq!(naive, without_instances(policy));
    }

    #[test]
    fn whatever_the_order_of_changes_the_inventory_and_the_verdict_are_the_same(
        history in worlds::histories(),
        setting in worlds::setting(),
    ) {
        let straight = inventory(&history.world.0);
        let mut winding = Inventory::new();
        for step in history.steps() {
            match step {
                Step::Put(object) => put(&mut winding, object),
                Step::Remove(object) => {
                    winding.remove(&key(object));
                }
            }
        }
        prop_assert_eq!(&straight, &winding);
        prop_assert_eq!(
            judge(&straight, &setting.configuration),
            judge(&winding, &setting.configuration)
        );
    }

    #[test]
    fn a_reset_of_a_kind_leaves_its_new_objects_and_everything_of_other_kinds(
        history in worlds::histories(),
        which in any::<prop::sample::Index>(),
    ) {
        if history.world.0.is_empty() {
            return Ok(());
        }
        let kind = key(which.get(&history.world.0)).kind;
        let mut reset = inventory(&history.world.0);
        let junk = history.before.0.iter().chain(&history.passing.0);
        for object in junk.filter(|object| key(object).kind == kind) {
            put(&mut reset, object);
        }
        reset.reset(kind, of_kind(&history.world.0, kind));
        prop_assert_eq!(inventory(&history.world.0), reset);
    }

    #[test]
    fn a_write_is_refused_exactly_if_it_adds_a_denial(
        (world, (Manifest(old), Manifest(new))) in worlds_with_an_update(),
        is_update in any::<bool>(),
        configuration in lagging::configurations(),
    ) {
        let base = inventory_without(&world.0, &new);
        let Some(object) = view(&new) else { return Ok(()) };
        let written = if is_update { keeping_protocol(&old, &new) } else { new };
        let old = view(&old).filter(|_| is_update);
        let mut before = base.clone();
        old.clone().map(|old| before.apply(old));
        let before = judge(&before, &configuration);
        let after = judge(&with(&base, &written), &configuration);
        let added = added_denials(&after, &before, &object, &configuration);
        let verdict = review(&base, &configuration, &Change { old, new: object }, TODAY);
        let denied: BTreeSet<Place> = verdict.denials().map(place).collect();
        prop_assert_eq!(denied, added, "before: {:?}", before.findings);
    }

    #[test]
    fn a_creation_is_judged_by_all_paths_that_then_run_through_the_object_and_no_others(
        (world, (_, Manifest(new))) in worlds_with_an_update(),
        setting in worlds::setting(),
    ) {
        let configuration = &setting.configuration;
        let base = inventory_without(&world.0, &new);
        let after = judge(&with(&base, &new), configuration);
        if let Some(new) = view(&new) {
            let change = Change { old: None, new };
            let mut verdict = review(&base, configuration, &change, TODAY);
            for judged in &mut verdict.findings {
                judged.is_existing = false;
            }
            let mut findings = after.findings;
            findings.retain(|judged| judged.finding.participants.contains(&change.new.key));
            prop_assert_eq!(&verdict.findings, &findings);
        }
    }

    #[test]
    fn what_is_not_among_the_premises_does_not_change_the_verdict(
        (history, (Manifest(old), Manifest(new))) in histories_with_an_update(),
        is_update in any::<bool>(),
        setting in worlds::setting(),
    ) {
        let base = inventory_without(&history.world.0, &new);
        let Some(new) = view(&new) else { return Ok(()) };
        let change = Change { old: view(&old).filter(|_| is_update), new };
        let judge = |inventory: &Inventory| review(inventory, &setting.configuration, &change, TODAY);
        let (verdict, premises) = (judge(&base), premises(&base, &setting.configuration, &change));
        for (before, after) in history.variations() {
            let versions = [before, after].map(|version| version.and_then(view));
            let changed = versions.iter().flatten().next().map(|object| object.key.clone());
            let Some(changed) = changed.filter(|key| *key != change.new.key) else { continue };
            if versions.iter().flatten().any(|version| is_covered(&premises, version)) {
                continue;
            }
            let mut varied = base.clone();
            varied.remove(&changed);
            let [_, after] = versions;
            after.map(|object| varied.apply(object));
            prop_assert_eq!(&judge(&varied), &verdict, "{} is no premise", changed);
        }
    }

    #[test]
    fn no_manifest_makes_the_policy_panic(
        world in worlds::world(),
        damages in prop::collection::vec(hostile::damage(), 0..12),
        setting in worlds::setting(),
    ) {
        let mut objects = world.0;
        for damage in &damages {
            damage.inflict(&mut objects);
        }
        let mut inventory = Inventory::new();
        let views: Vec<Object> = objects.iter().filter_map(hostile::view).collect();
        for object in &views {
            inventory.apply(object.clone());
        }
        judge(&inventory, &setting.configuration);
        for new in views {
            let change = Change { old: None, new };
            let _verdict = review(&inventory, &setting.configuration, &change, TODAY);
        }
    }
}

fn worlds_with_an_update() -> impl Strategy<Value = (Manifests, (Manifest, Manifest))> {
    worlds::world().prop_flat_map(|world| {
        let update = worlds::update(&world.0);
        (Just(world), update)
    })
}

fn histories_with_an_update() -> impl Strategy<Value = (History, (Manifest, Manifest))> {
    worlds::histories().prop_flat_map(|history| {
        let update = worlds::update(&history.world.0);
        (Just(history), update)
    })
}

fn inventory(objects: &[Value]) -> Inventory {
    let mut inventory = Inventory::new();
    for object in objects {
        put(&mut inventory, object);
    }
    inventory
}

/// The objects of files, where those of unknown names are told apart.
fn inventory_of_files(objects: &[Value]) -> Inventory {
    let mut inventory = Inventory::new().with_origin(Origin::Files);
    for (instance, object) in (1..).zip(objects) {
        if let Some(mut object) = view(object) {
            if object.key.has_placeholder() {
                object.key = object.key.with_instance(instance);
            }
            inventory.apply(object);
        }
    }
    inventory
}

fn without_instances(answer: Answer) -> Answer {
    let known = |key: ObjectKey| key.with_instance(0);
    let findings = answer.findings.into_iter().map(|found| Found {
        object: known(found.object),
        gateways: found.gateways.into_iter().map(known).collect(),
        ..found
    });
    Answer {
        findings: findings.collect(),
        unresolved: answer.unresolved.into_iter().map(known).collect(),
    }
}

/// Everything but the object of this key.
fn inventory_without(objects: &[Value], object: &Value) -> Inventory {
    let mut inventory = inventory(objects);
    inventory.remove(&key(object));
    inventory
}

fn with(base: &Inventory, object: &Value) -> Inventory {
    let mut inventory = base.clone();
    put(&mut inventory, object);
    inventory
}

/// An object in its new version; one that the policy has no view of (any more) is none.
fn put(inventory: &mut Inventory, object: &Value) {
    match view(object) {
        Some(view) => {
            inventory.apply(view);
        }
        None => {
            inventory.remove(&key(object));
        }
    }
}

fn of_kind(objects: &[Value], kind: Kind) -> Vec<Object> {
    let objects = objects.iter().filter(|object| key(object).kind == kind);
    objects.filter_map(view).collect()
}

fn judge(inventory: &Inventory, configuration: &Configuration) -> Verdict {
    evaluate(&World::new(inventory), configuration, TODAY)
}

/// What the policy finds, as far as the naive oracle speaks of it.
fn policy_answer(inventory: &Inventory, configuration: &Configuration) -> Answer {
    let verdict = judge(inventory, configuration);
    let findings = verdict.findings.into_iter().map(|judged| {
        let finding = judged.finding;
        let to = finding.identity.first().map(|path| path.to.clone());
        Found {
            rule: finding.rule,
            object: finding.object,
            to: to.unwrap_or_default(),
            gateways: finding
                .identity
                .into_iter()
                .filter_map(|path| path.gateway)
                .collect(),
            confidence: finding.confidence,
        }
    });
    Answer {
        findings: findings.collect(),
        unresolved: verdict
            .unresolved
            .into_iter()
            .map(|open| open.object)
            .collect(),
    }
}

/// A finding by its rule, object and field.
type Place = (RuleCode, ObjectKey, String);

fn place(judged: &Judged) -> Place {
    let finding = &judged.finding;
    (finding.rule, finding.object.clone(), finding.field.clone())
}

/// The denials through the object that the world before has not, as the definition says it: the same front, Service and
/// gateway, with none before standing for any.
fn added_denials(
    after: &Verdict,
    before: &Verdict,
    object: &Object,
    configuration: &Configuration,
) -> BTreeSet<Place> {
    let is_deny = |judged: &&Judged| judged.severity == Mode::Deny;
    let had: Vec<&PathId> = before
        .findings
        .iter()
        .filter(is_deny)
        .flat_map(|judged| &judged.finding.identity)
        .collect();
    let is_old = |path: &PathId| {
        had.iter().any(|old| {
            let of_binding =
                |path: &PathId| matches!(path.rule, RuleCode::L7G003 | RuleCode::L7G103);
            (old.rule == path.rule || (of_binding(old) && of_binding(path)))
                && (&old.object, &old.to) == (&path.object, &path.to)
                && (old.gateway.is_none() || old.gateway == path.gateway)
        })
    };
    // A finalizer has to be removable, whatever the ratchet says.
    let has_ratchet = object.is_terminating || configuration.ratchet.holds(TODAY);
    let denials = after.findings.iter().filter(is_deny);
    denials
        .filter(|judged| judged.finding.participants.contains(&object.key))
        .filter(|judged| !has_ratchet || !judged.finding.identity.iter().all(is_old))
        .map(place)
        .collect()
}

/// The new version of a TargetGroupBinding, which is of HTTP if the old one was.
fn keeping_protocol(old: &Value, new: &Value) -> Value {
    const PROTOCOL: &str = "/spec/targetGroupProtocol";
    let mut new = new.clone();
    let old = old.pointer(PROTOCOL).and_then(Value::as_str);
    if let (Some("HTTP" | "HTTPS"), Some(protocol)) = (old, new.pointer_mut(PROTOCOL)) {
        *protocol = Value::from("HTTP");
    }
    new
}

/// Whether a premise speaks of the object, by its key or by an index key that it bears.
fn is_covered(premises: &Premises, object: &Object) -> bool {
    let mut alone = Inventory::new();
    alone.apply(object.clone());
    let alone = World::new(&alone);
    premises.iter().any(|premise| match premise {
        Premise::Object(key) => *key == object.key,
        Premise::Index(index) => alone.find(index).next().is_some(),
    })
}
