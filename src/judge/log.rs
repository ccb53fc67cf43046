//! An outcome in the log: one line a review.

use std::fmt;
use std::time::Duration;

use tracing::Level;

use super::metrics::Decision;
use super::outcome::Outcome;
use super::record::Record;
use crate::admission::{Review, truncate};
use crate::report::admission::SHOWN;
use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::Verdict;

/// Logs what came of a review. Of one that is allowed without remark there is a line for debugging only.
pub(super) fn log(review: Option<&Review<'_>>, outcome: &Outcome, duration: Duration) {
    if is_plain(outcome) {
        tracing::debug!(seconds = duration.as_secs_f64(), "allowed");
        return;
    }
    let record = Record::of(review, outcome, duration);
    // Of both forms only that is made which the log is written in.
    let text = fmt::from_fn(|f| f.write_str(&record.text()));
    let json = fmt::from_fn(|f| f.write_str(&record.json()));
    match outcome.decision {
        Decision::Error => {
            tracing::error!(facts = %text, facts.json = %json, "cannot judge a review");
        }
        Decision::Deny => tracing::info!(facts = %text, facts.json = %json, "denied"),
        Decision::Warn => {
            tracing::info!(facts = %text, facts.json = %json, "allowed with a warning");
        }
        Decision::Allow if outcome.remark.is_some() => {
            tracing::warn!(facts = %text, facts.json = %json, "allowed");
        }
        Decision::Allow => tracing::info!(facts = %text, facts.json = %json, "allowed"),
    }
    if tracing::enabled!(Level::DEBUG) {
        log_findings(&outcome.verdict);
    }
}

fn is_plain(outcome: &Outcome) -> bool {
    let verdict = &outcome.verdict;
    outcome.decision == Decision::Allow
        && outcome.remark.is_none()
        && verdict.findings.is_empty()
        && verdict.exempt.is_empty()
        && verdict.unresolved.is_empty()
}

/// Of each finding what the record has no room for, of as many as an answer shows.
fn log_findings(verdict: &Verdict) {
    for judged in verdict.findings.iter().take(SHOWN) {
        let finding = &judged.finding;
        tracing::debug!(
            rule = finding.rule.as_str(),
            object = %finding.object,
            message_in_full = evidence_line(finding.message.in_full().to_owned()),
            path = evidence_line(path(finding)),
            "finding"
        );
    }
}

/// The most characters of a message and of a path in the log. Their writers choose the length of labels and values, and a
/// line that is too long is cut, of JSON at the cost of its fields.
const EVIDENCE: usize = 2000;

fn evidence_line(mut text: String) -> String {
    truncate(&mut text, EVIDENCE);
    text
}

/// The path with all evidence, in a line.
fn path(finding: &Finding) -> String {
    let hops = finding.path.iter().take(SHOWN).map(|hop| {
        let evidence = hop.evidence.in_full();
        format!("{} {}: {evidence}", hop.role.as_str(), hop.object)
    });
    hops.collect::<Vec<_>>().join(" -> ")
}
