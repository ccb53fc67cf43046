//! The policy's verdict as an answer, with everything that goes with it: warnings, audit annotations, log lines, counts.

use std::time::Duration;

use l7guard_policy::rules::{Finding, Mode};
use l7guard_policy::verdict::{Judged, Verdict};

use super::annotations;
use super::confirm::Confirmed;
use crate::admission::Review;
use crate::admission::truncate;
use crate::admission::{Answer, Cause};
use crate::judge::metrics::{Decision, Effect, ReviewMetrics};
use crate::report::admission::{self, SHOWN};
use crate::report::disclosure::Disclosure;

/// The answer to a review about which there is nothing to judge: another operation, a subresource, a kind that no rule
/// reads. `age` is how old the inventory was; `None` where it is no copy of a cluster.
pub(super) fn nothing_to_judge(age: Option<Duration>) -> Answer {
    let mut answer = Answer::allow();
    answer.audit_annotations = annotations::of_nothing(age);
    answer
}

/// The answer that a verdict gives to `review`, with as much as `disclosure` lets its reader learn. `age` is how old the
/// inventory was; `None` where it is no copy of a cluster.
///
/// Findings are counted and logged here.
pub(super) fn answer(
    review: &Review<'_>,
    confirmed: &Confirmed,
    disclosure: Disclosure<'_>,
    age: Option<Duration>,
    metrics: &ReviewMetrics,
) -> Answer {
    let verdict = &confirmed.verdict;
    let warnings = admission::warnings(verdict, disclosure);
    let mut answer = if verdict.is_denied() {
        let message = admission::denial(verdict, disclosure);
        Answer::deny(message, causes(verdict, disclosure))
    } else {
        Answer::allow()
    };
    let decision = match (answer.allowed, warnings.is_empty()) {
        (false, _) => Decision::Deny,
        (true, false) => Decision::Warn,
        (true, true) => Decision::Allow,
    };
    answer.warnings = warnings;
    answer.mode = severest(verdict);
    answer.audit_annotations =
        annotations::of_verdict(confirmed, disclosure, decision.as_str(), age);
    tell(review, verdict, decision, metrics);
    answer
}

fn severest(verdict: &Verdict) -> Option<Mode> {
    verdict.findings.iter().map(|judged| judged.severity).max()
}

fn causes(verdict: &Verdict, disclosure: Disclosure<'_>) -> Vec<Cause> {
    let shown = verdict.denials().take(SHOWN);
    let findings = shown.map(|judged| disclosure.of(&judged.finding));
    findings
        .map(|finding| Cause {
            reason: finding.rule().to_string(),
            field: finding.field(),
            message: finding.message(),
        })
        .collect()
}

/// Counts all, and logs a line for each finding, for each exempted one, and for what cannot be told, of each as many as an
/// answer tells of; only at debug level where there is nothing of that.
fn tell(review: &Review<'_>, verdict: &Verdict, decision: Decision, metrics: &ReviewMetrics) {
    for judged in &verdict.findings {
        let finding = &judged.finding;
        metrics.finding(finding.rule, effect(judged), finding.confidence);
    }
    for exempted in &verdict.exempt {
        metrics.exempted(exempted.finding.rule);
    }
    tell_findings(review, verdict, decision);
    tell_others(review, verdict, decision);
    let more = |what: &'static str, count: usize| {
        let more = count.saturating_sub(SHOWN);
        if more > 0 {
            let uid = &review.uid;
            let decision = decision.as_str();
            tracing::info!(%uid, decision, more, "{what}");
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

fn tell_findings(review: &Review<'_>, verdict: &Verdict, decision: Decision) {
    for judged in verdict.findings.iter().take(SHOWN) {
        let finding = &judged.finding;
        tracing::info!(
            uid = %review.uid,
            decision = decision.as_str(),
            rule = finding.rule.as_str(),
            mode = judged.severity.as_str(),
            existing = judged.is_existing,
            confidence = finding.confidence.as_str(),
            object = %finding.object,
            field = %finding.field,
            operation = review.operation.as_str(),
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

fn tell_others(review: &Review<'_>, verdict: &Verdict, decision: Decision) {
    for exempted in verdict.exempt.iter().take(SHOWN) {
        tracing::info!(
            uid = %review.uid,
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
            uid = %review.uid,
            decision = decision.as_str(),
            object = %unresolved.object,
            field = %unresolved.field,
            reason = unresolved.reason.in_full(),
            "unresolved"
        );
    }
}

fn effect(judged: &Judged) -> Effect {
    if judged.is_existing && judged.severity == Mode::Deny {
        Effect::Tolerated
    } else {
        Effect::Mode(judged.severity)
    }
}
