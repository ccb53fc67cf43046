//! What the API server writes to its audit log about a review.
//!
//! It is a part of the answer: audit logs are often shipped to where the teams of a cluster read them. So it says no more
//! of other namespaces than the message does; the log of l7guard has the rest, by the review's uid.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{Verdict, WouldBe};

use super::outcome::Outcome;
use crate::admission::truncate;
use crate::report::disclosure::{DisclosedFinding, Disclosure};
use crate::visible_text::one_line;

/// The most characters of evidence, of exemptions, of what cannot be told: a hundred workloads may stand behind one
/// Service.
const LENGTH: usize = 1000;

/// Annotations of an outcome about which there was nothing to judge.
pub(super) fn of_nothing(outcome: &Outcome) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let decision = outcome.decision.as_str().to_owned();
    annotate(&mut annotations, "decision", decision);
    annotate(&mut annotations, "mode", NO_MODE.to_owned());
    annotate_age(&mut annotations, outcome.age, outcome.reads);
    annotations
}

/// The mode of a review without a finding.
const NO_MODE: &str = "none";

/// Annotations of a verdict: what was decided, by which rules in which mode and on what evidence, and
/// what would be done if nothing were set to `audit`; which exemptions let
/// something pass; what could not be told; how old the inventory was and how many live reads stood beside it.
pub(super) fn of(outcome: &Outcome, disclosure: Disclosure<'_>) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let verdict = &outcome.verdict;
    // The severest comes first.
    let shown = verdict
        .findings
        .iter()
        .find(|judged| judged.severity >= Mode::Audit);
    let mode = shown.map_or(NO_MODE, |judged| judged.severity.as_str());
    annotate(
        &mut annotations,
        "decision",
        outcome.decision.as_str().to_owned(),
    );
    annotate(&mut annotations, "mode", mode.to_owned());
    let would_be = verdict.would_be().map_or("", WouldBe::as_str);
    annotate(&mut annotations, "would_be", would_be.to_owned());
    if let Some(judged) = shown {
        annotate(&mut annotations, "rules", rules(verdict));
        annotate(
            &mut annotations,
            "evidence",
            evidence(&disclosure.of(&judged.finding)),
        );
    }
    let exemptions = verdict.exempt.iter();
    let exemptions =
        exemptions.map(|exempted| format!("{} (until {})", exempted.exemption, exempted.expires));
    annotate(&mut annotations, "exemption", listed(exemptions, ", "));
    let reasons = verdict.unresolved.iter();
    let reasons = reasons.map(|unresolved| disclosure.reason(unresolved));
    annotate(&mut annotations, "unresolved", listed(reasons, "; "));
    annotate_age(&mut annotations, outcome.age, outcome.reads);
    annotations
}

/// Nothing is said where there is nothing to say.
fn annotate(annotations: &mut BTreeMap<String, String>, key: &str, mut value: String) {
    if !value.is_empty() {
        // Names of exemptions have not been made safe before.
        if let Cow::Owned(safe) = one_line(&value) {
            value = safe;
        }
        truncate(&mut value, LENGTH);
        annotations.insert(key.to_owned(), value);
    }
}

fn annotate_age(annotations: &mut BTreeMap<String, String>, age: Option<Duration>, reads: usize) {
    if let Some(age) = age {
        annotate(
            annotations,
            "inventory-age-seconds",
            age.as_secs().to_string(),
        );
        annotate(annotations, "live-reads", reads.to_string());
    }
}

/// Each text once, as many as have room.
fn listed(texts: impl Iterator<Item = String>, separator: &str) -> String {
    let mut seen = BTreeSet::new();
    let mut list = String::new();
    for text in texts {
        if list.len() > LENGTH * char::MAX.len_utf8() {
            break;
        }
        if !seen.contains(&text) {
            if !list.is_empty() {
                list.push_str(separator);
            }
            list.push_str(&text);
            seen.insert(text);
        }
    }
    list
}

fn rules(verdict: &Verdict) -> String {
    let rules: BTreeSet<&str> = verdict
        .findings
        .iter()
        .filter(|judged| judged.severity >= Mode::Audit)
        .map(|judged| judged.finding.rule.as_str())
        .collect();
    rules.into_iter().collect::<Vec<_>>().join(",")
}

/// The path in one line.
fn evidence(finding: &DisclosedFinding<'_>) -> String {
    let hops = finding.path().into_iter();
    let hops = hops.map(|(role, hop)| format!("{} {hop}", role.as_str()));
    hops.collect::<Vec<_>>().join(" -> ")
}
