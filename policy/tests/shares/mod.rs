//! How often random worlds show each rule: a property that is never tried holds always.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::rules::RuleCode;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::worlds::{Manifests, Setting, setting, world};
use crate::{inventory, policy_answer};

/// Prints how many worlds show each rule, each confidence and something unresolved, so that the generator's weights can
/// be judged, and asks that no rule be rare.
#[test]
#[ignore = "for whoever changes the generator"]
fn every_rule_is_met_in_more_than_one_of_a_hundred_worlds() {
    const WORLDS: u32 = 5_000;
    let mut runner = TestRunner::deterministic();
    let strategy = (world(), setting());
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..WORLDS {
        let (world, setting): (Manifests, Setting) = strategy
            .new_tree(&mut runner)
            .expect("a world can be drawn")
            .current();
        let answer = policy_answer(&inventory(&world.0), &setting.configuration);
        let mut shown = BTreeSet::new();
        for found in &answer.findings {
            shown.insert(found.rule.as_str().to_owned());
            shown.insert(format!(
                "{} {}",
                found.rule.as_str(),
                found.confidence.as_str()
            ));
            shown.insert(found.confidence.as_str().to_owned());
        }
        if !answer.unresolved.is_empty() {
            shown.insert("unresolved".to_owned());
        }
        for name in shown {
            *counts.entry(name).or_default() += 1;
        }
    }
    for (name, count) in &counts {
        println!(
            "{name:20} {:5.1} %",
            f64::from(*count) * 100.0 / f64::from(WORLDS)
        );
    }
    for rule in RULES {
        let count = counts.get(rule.as_str()).copied().unwrap_or_default();
        assert!(count > WORLDS / 100, "{} is rare", rule.as_str());
    }
}

const RULES: [RuleCode; 10] = [
    RuleCode::L7G001,
    RuleCode::L7G002,
    RuleCode::L7G003,
    RuleCode::L7G004,
    RuleCode::L7G101,
    RuleCode::L7G102,
    RuleCode::L7G103,
    RuleCode::L7G104,
    RuleCode::L7G105,
    RuleCode::L7G106,
];
