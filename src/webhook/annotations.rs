//! What the API server writes to its audit log about a review.

use std::collections::BTreeMap;
use std::time::Duration;

use l7guard_policy::rules::{Finding, Mode};
use l7guard_policy::verdict::Verdict;

use super::confirmed::Confirmed;
use super::text::truncate;

/// The most characters of evidence: a hundred workloads may stand behind one Service.
const EVIDENCE: usize = 1000;

/// Annotations of a review that nobody had to judge.
pub(super) fn of_nothing() -> BTreeMap<String, String> {
    BTreeMap::from([("decision".to_owned(), "allow".to_owned())])
}

/// Annotations of a verdict: what was decided, by which rules in which mode and on what evidence; which exemption let
/// something pass; what could not be told; how old the inventory was and how many live reads stood beside it.
pub(super) fn of_verdict(
    confirmed: &Confirmed,
    decision: &str,
    age: Option<Duration>,
) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let mut insert = |key: &str, value: String| annotations.insert(key.to_owned(), value);
    insert("decision", decision.to_owned());
    let verdict = &confirmed.verdict;
    let rules = rules(verdict);
    if !rules.is_empty() {
        insert("rules", rules);
    }
    let shown = verdict
        .findings
        .iter()
        .find(|judged| judged.severity >= Mode::Audit);
    if let Some(judged) = shown {
        insert("mode", judged.severity.as_str().to_owned());
        insert("evidence", evidence(&judged.finding));
    }
    if let Some(exempted) = verdict.exempt.first() {
        insert(
            "exemption",
            format!("{} (until {})", exempted.exemption, exempted.expires),
        );
    }
    if let Some(unresolved) = verdict.unresolved.first() {
        insert("unresolved", unresolved.reason.clone());
    }
    if let Some(age) = age {
        insert("inventory-age-seconds", age.as_secs().to_string());
        insert("live-reads", confirmed.reads.to_string());
    }
    annotations
}

fn rules(verdict: &Verdict) -> String {
    let mut rules: Vec<&str> = verdict
        .findings
        .iter()
        .filter(|judged| judged.severity >= Mode::Audit)
        .map(|judged| judged.finding.rule.as_str())
        .collect();
    rules.dedup();
    rules.join(",")
}

/// The path in one line.
fn evidence(finding: &Finding) -> String {
    let hops = finding.path.iter();
    let hops = hops.map(|hop| format!("{} {}: {}", hop.role.as_str(), hop.object, hop.evidence));
    let mut evidence = hops.collect::<Vec<_>>().join(" -> ");
    truncate(&mut evidence, EVIDENCE);
    evidence
}
