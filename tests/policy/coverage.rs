//! The lists that the fixtures go through have no holes.

use std::collections::BTreeSet;

use l7guard_policy::rules::Rule;
use libtest_mimic::Trial;

use super::Outcome;
use super::fixture::{Fixture, entries, file_name, require, root};

/// Ways by which a naive check is got past. 42 to 44 leave no trace in objects: `docs/limits.md`.
const BYPASSES: [std::ops::RangeInclusive<u32>; 2] = [1..=41, 45..=45];
/// What must never be refused.
const TRAPS: [std::ops::RangeInclusive<u32>; 1] = [1..=25];
/// Ways in which gateways are installed, and what only looks like one.
const GATEWAYS: [std::ops::RangeInclusive<u32>; 1] = [1..=30];

pub(super) fn trials(fixtures: &[Fixture]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (group, numbers) in [
        ("bypass", &BYPASSES[..]),
        ("trap", &TRAPS[..]),
        ("gateway", &GATEWAYS[..]),
    ] {
        let wanted: BTreeSet<u32> = numbers.iter().cloned().flatten().collect();
        let fixtures = fixtures.iter().filter(|fixture| fixture.group == group);
        let found: BTreeSet<u32> = fixtures.filter_map(Fixture::number).collect();
        trials.push(Trial::test(
            format!("coverage/every number of the group {group} has a fixture"),
            move || {
                let missing: Vec<&u32> = wanted.difference(&found).collect();
                require(missing.is_empty(), || format!("none for {missing:?}"))
            },
        ));
    }
    let all = fixtures.to_vec();
    trials.push(Trial::test(
        "coverage/every rule is expected somewhere",
        move || every_rule(&all),
    ));
    let all = fixtures.to_vec();
    trials.push(Trial::test(
        "coverage/everything in the directory is a fixture",
        move || nothing_else(&all),
    ));
    trials
}

fn every_rule(fixtures: &[Fixture]) -> Outcome {
    let mut expected = Vec::new();
    for fixture in fixtures {
        expected.extend(fixture.header()?.expected);
    }
    for rule in Rule::all() {
        let start = format!("{} {} ", rule.code, rule.default_mode.as_str());
        require(expected.iter().any(|line| line.starts_with(&start)), || {
            format!("{start}is expected nowhere")
        })?;
    }
    Ok(())
}

/// A file with another extension, or without a number, would be passed over in silence.
fn nothing_else(fixtures: &[Fixture]) -> Outcome {
    const CHANGE: [&str; 3] = ["new.yaml", "old.yaml", "world.yaml"];
    for fixture in fixtures {
        let path = fixture.path.display();
        require(fixture.number().is_some(), || format!("{path}: no number"))?;
        if fixture.is_change() {
            for file in entries(&fixture.path) {
                let is_known = CHANGE.contains(&&*file_name(&file));
                require(is_known, || format!("{}: unknown", file.display()))?;
            }
        } else {
            let is_yaml = fixture.path.extension().is_some_and(|e| e == "yaml");
            require(is_yaml, || format!("{path}: not .yaml"))?;
        }
    }
    let loose: Vec<String> = entries(&root())
        .iter()
        .filter(|path| path.is_file())
        .map(|path| file_name(path))
        .collect();
    require(loose == ["README.md"], || format!("{loose:?}"))
}
