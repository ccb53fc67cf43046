//! Holds the policy against the Go program in this directory: what Go's `encoding/json` makes of an action annotation, and
//! what Kubernetes' own label selectors select.
//!
//! The inputs are the same on every run. `ORACLE_SEED` (default 1) gives others, `ORACLE_INPUTS` (default 100000) another
//! number of them. `cargo test --test oracle -- --nocapture` shows how they came out.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod action;
mod answer;
mod go;
mod hostile;
mod labels;
mod random;
mod shares;
mod text;

use l7guard_policy::labels::Labels;
use serde_json::{Value, json};

use crate::answer::{agree, our_answer};
use crate::hostile::Input;
use crate::random::Random;
use crate::shares::Shares;

fn number_from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number"))
    })
}

fn random() -> Random {
    Random::new(number_from_environment("ORACLE_SEED", 1))
}

fn input_count() -> u64 {
    number_from_environment("ORACLE_INPUTS", 100_000)
}

#[test]
fn actions_are_read_as_go_reads_them() {
    let Some(oracle) = go::oracle() else { return };
    let mut random = random();
    let inputs: Vec<Input> = (0..input_count())
        .map(|_| hostile::input(&mut random))
        .collect();
    let texts: Vec<Vec<u8>> = inputs.iter().map(|input| input.text.clone()).collect();
    let answers = go::ask(oracle, "actions", &texts);

    let mut different: Vec<(&[u8], Value, &Value)> = Vec::new();
    let mut shares = Shares::default();
    for (input, theirs) in inputs.iter().zip(&answers) {
        let ours = our_answer(&input.text);
        if !agree(&ours, theirs) {
            different.push((&input.text, ours, theirs));
        }
        shares.count(input, theirs);
    }
    println!("{shares}");
    different.sort_by_key(|(text, ..)| text.len());
    if let Some((text, ours, theirs)) = different.first() {
        panic!(
            "{} of {} inputs are read differently. The shortest:\n{}\nours:   {ours}\ntheirs: {theirs}",
            different.len(),
            inputs.len(),
            text.escape_ascii()
        );
    }
    shares.assert_that_all_occur();
}

#[test]
fn label_selectors_select_what_they_select_in_kubernetes() {
    let Some(oracle) = go::oracle() else { return };
    let mut random = random();
    let pairs: Vec<(labels::Pairs, labels::Pairs)> = (0..input_count())
        .map(|_| labels::selector_and_labels(&mut random))
        .collect();
    let questions: Vec<Vec<u8>> = pairs
        .iter()
        .map(|(selector, labels)| {
            json!({"selector": selector, "labels": labels})
                .to_string()
                .into_bytes()
        })
        .collect();
    let answers = go::ask(oracle, "labels", &questions);

    let mut selecting = 0;
    let mut valid = 0;
    for ((selector, labels), theirs) in pairs.iter().zip(&answers) {
        let ours = Labels::new(pairs_of(selector)).selects(&Labels::new(pairs_of(labels)));
        assert_eq!(
            theirs["selects"], ours,
            "selector {selector:?}, labels {labels:?}"
        );
        selecting += usize::from(ours);
        valid += usize::from(theirs["valid"] == true);
    }
    let count = pairs.len();
    println!("{count} selectors: {selecting} select, {valid} are valid in Kubernetes");
    assert!((count / 4..count * 3 / 4).contains(&selecting));
    assert!(valid > count / 10);
}

fn pairs_of(pairs: &labels::Pairs) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(key, value)| (&**key, &**value))
}
