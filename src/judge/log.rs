//! An outcome in the log.

use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::{Verdict, WouldBe};

use super::metrics::Decision;
use super::outcome::Outcome;
use crate::admission::{Review, truncate};
use crate::report::admission::SHOWN;

/// Logs a line for each finding, for each exempted one, and for each unresolved one, of each as many as an answer shows.
pub(super) fn log(review: &Review<'_>, outcome: &Outcome) {
    let (verdict, decision) = (&outcome.verdict, outcome.decision);
    log_findings(review, verdict, decision);
    log_others(verdict, decision);
    let more = |what: &'static str, count: usize| {
        let more = count.saturating_sub(SHOWN);
        if more > 0 {
            let decision = decision.as_str();
            tracing::info!(decision, more, "{what}");
        }
    };
    more(
        "there are more findings than are logged",
        verdict.findings.len(),
    );
    more("more is exempted than is logged", verdict.exempt.len());
    more(
        "more is unresolved than is logged",
        verdict.unresolved.len(),
    );
}

fn log_findings(review: &Review<'_>, verdict: &Verdict, decision: Decision) {
    for judged in verdict.findings.iter().take(SHOWN) {
        let finding = &judged.finding;
        tracing::info!(
            decision = decision.as_str(),
            rule = finding.rule.as_str(),
            mode = judged.severity.as_str(),
            would_be = judged.would_be.map(WouldBe::as_str),
            existing = judged.is_existing,
            confidence = finding.confidence.as_str(),
            object = %finding.object,
            field = %finding.field,
            user = %review.user_info.username,
            dry_run = review.dry_run,
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

fn log_others(verdict: &Verdict, decision: Decision) {
    for exempted in verdict.exempt.iter().take(SHOWN) {
        tracing::info!(
            decision = decision.as_str(),
            rule = exempted.finding.rule.as_str(),
            object = %exempted.finding.object,
            exemption = %exempted.exemption,
            expires = %exempted.expires,
            "exempted"
        );
    }
    for unresolved in verdict.unresolved.iter().take(SHOWN) {
        tracing::info!(
            decision = decision.as_str(),
            object = %unresolved.object,
            field = %unresolved.field,
            reason = unresolved.reason.in_full(),
            "unresolved"
        );
    }
}
