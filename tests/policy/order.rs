//! The order in which objects are applied does not matter: whatever it is, the write that completes a path is refused, or
//! one before it, with which the path was likely already.

use std::collections::BTreeSet;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::{Inventory, Origin, World};
use l7guard_policy::objects::Object;
use l7guard_policy::rules::{Finding, RuleCode};
use l7guard_policy::verdict::{self, Change};
use libtest_mimic::Trial;

use super::fixture::{Fixture, require};
use super::said::is_reviewed;
use super::setting::Setting;
use super::world::{read, verdict};
use super::{Outcome, TODAY};

/// Worlds of at most this many objects are applied in every order, larger ones in as many as these have.
const ALL_ORDERS_OF: usize = 5;
const ORDERS: usize = 120;

/// One test for each world in which something is refused.
pub(super) fn trials(fixtures: &[Fixture]) -> Vec<Trial> {
    let refused = fixtures.iter().filter(|fixture| {
        let header = fixture.header().unwrap_or_default();
        let is_refusal = |line: &String| line.starts_with("L7G0") && line.contains(" deny ");
        !fixture.is_change() && header.expected.iter().any(is_refusal)
    });
    refused
        .map(|fixture| {
            let name = format!("order/{}/{}", fixture.group, fixture.name);
            let fixture = fixture.clone();
            Trial::test(name, move || in_every_order(&fixture))
        })
        .collect()
}

fn in_every_order(fixture: &Fixture) -> Outcome {
    let setting = fixture.header()?.setting;
    let world = read(std::slice::from_ref(&fixture.path), &setting);
    let verdict = verdict(&world, &setting);
    let denials: Vec<&Finding> = verdict.denials().map(|judged| &judged.finding).collect();
    require(!denials.is_empty(), || "nothing is refused".to_owned())?;
    let mut objects: Vec<&Object> = World::new(&world.inventory).objects().collect();
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    let is_asked = |object: &&Object| is_reviewed(object.key.kind);
    let (mut asked, others): (Vec<&Object>, Vec<&Object>) = objects.into_iter().partition(is_asked);
    let mut apply = |order: &[&Object]| apply(&others, order, &denials, &setting);
    if asked.len() <= ALL_ORDERS_OF {
        let all = asked.len();
        return permute(&mut asked, all, &mut apply);
    }
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..ORDERS {
        random.shuffle(&mut asked);
        apply(&asked)?;
    }
    Ok(())
}

/// Heap's algorithm.
fn permute<'a>(
    order: &mut Vec<&'a Object>,
    length: usize,
    then: &mut impl FnMut(&[&'a Object]) -> Outcome,
) -> Outcome {
    if length <= 1 {
        return then(order);
    }
    for at in 0..length {
        permute(order, length - 1, then)?;
        let other = if length.is_multiple_of(2) { at } else { 0 };
        order.swap(other, length - 1);
    }
    Ok(())
}

/// Creates the objects one after another, when those stand that admission is not asked about. A finding has to be
/// refused with the last object that has part in it, or with an earlier one.
fn apply(
    standing: &[&Object],
    order: &[&Object],
    denials: &[&Finding],
    setting: &Setting,
) -> Outcome {
    let mut inventory = Inventory::new().with_origin(Origin::Files);
    for object in standing {
        inventory.apply((*object).clone());
    }
    let mut refused: Vec<BTreeSet<(RuleCode, ObjectKey)>> = Vec::new();
    for object in order {
        let change = Change {
            new: (*object).clone(),
            old: None,
        };
        let verdict = verdict::review(&inventory, &setting.configuration, &change, TODAY);
        let findings = verdict.denials().map(|judged| &judged.finding);
        refused.push(findings.map(|f| (f.rule, f.object.clone())).collect());
        inventory.apply(change.new);
    }
    for denial in denials {
        let last = order
            .iter()
            .rposition(|object| denial.participants.contains(&object.key))
            .ok_or_else(|| format!("nothing has part in {}", denial.message.in_full()))?;
        let wanted = (denial.rule, denial.object.clone());
        let mut until_then = refused[..=last].iter();
        require(until_then.any(|refused| refused.contains(&wanted)), || {
            let names: Vec<String> = order.iter().map(|object| object.key.to_string()).collect();
            format!(
                "{} of {} is not refused until {}, applied in the order {}",
                denial.rule.as_str(),
                denial.object,
                order[last].key,
                names.join(", ")
            )
        })?;
    }
    Ok(())
}
