//! Properties of the policy over random worlds, with a second, naive implementation of the definition as oracle.

#[cfg(test)]
mod naive;
#[cfg(test)]
mod worlds;

use std::collections::BTreeSet;

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::rules::RuleCode;
use l7guard_policy::verdict::evaluate;
use naive::{Answer, Found};
use proptest::prelude::*;
use serde_json::Value;

/// Nothing expires in these worlds.
const TODAY: Date = Date::MIN;

fn inventory(objects: &[Value]) -> Inventory {
    let mut inventory = Inventory::new();
    for object in objects.iter().filter_map(worlds::view) {
        inventory.apply(object);
    }
    inventory
}

/// What the policy finds, as far as the naive oracle speaks of it.
fn policy_answer(objects: &[Value], configuration: &Configuration) -> Answer {
    let inventory = inventory(objects);
    let verdict = evaluate(&World::new(&inventory), configuration, TODAY);
    let findings = verdict.findings.into_iter().map(|judged| {
        let finding = judged.finding;
        let is_about_action = finding.rule == RuleCode::L7G106 || finding.rule == RuleCode::L7G105;
        Found {
            rule: finding.rule,
            object: finding.object,
            to: finding
                .identity
                .first()
                .map(|path| path.to.clone())
                .unwrap_or_default(),
            gateways: finding
                .identity
                .iter()
                .filter(|_| !is_about_action)
                .filter_map(|path| path.gateway.clone())
                .collect(),
            confidence: finding.confidence,
        }
    });
    let unresolved = verdict.unresolved.into_iter().map(|open| open.object);
    Answer {
        findings: findings.collect(),
        unresolved: unresolved.collect::<BTreeSet<_>>(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_naive_oracle_and_the_policy_find_the_same(
        world in worlds::world(),
        setting in worlds::setting(),
    ) {
        let (naive, policy) = (naive::judge(&world.0, &setting.configuration), policy_answer(&world.0, &setting.configuration));
        prop_assert_eq!(naive, policy);
    }
}
