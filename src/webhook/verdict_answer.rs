//! The policy's verdict as an answer, with everything that goes with it: warnings, audit annotations, log lines, counts.

use std::time::Duration;

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{Judged, Verdict};

use super::annotations;
use super::confirmed::Confirmed;
use super::response::{Answer, Cause};
use super::review::Review;
use crate::metrics::{Decision, Effect, Metrics};
use crate::report::admission::{self, SHOWN};
use crate::visible_text::printable;

/// The answer to a review about which there is nothing to judge: another operation, a subresource, a kind that no rule
/// reads. `age` is how old the inventory was; `None` where it is no copy of a cluster.
pub(super) fn nothing_to_judge(age: Option<Duration>) -> Answer {
    let mut answer = Answer::allow();
    answer.audit_annotations = annotations::of_nothing(age);
    answer
}

/// The answer that a verdict gives to `review`. `age` is how old the inventory was; `None` where it is no copy of a cluster.
///
/// Findings are counted and logged here.
pub(super) fn answer(
    review: &Review<'_>,
    confirmed: &Confirmed,
    age: Option<Duration>,
    metrics: &Metrics,
) -> Answer {
    let verdict = &confirmed.verdict;
    let warnings = admission::warnings(verdict);
    let mut answer = if verdict.is_denied() {
        Answer::deny(admission::denial(verdict), causes(verdict))
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
    answer.audit_annotations = annotations::of_verdict(confirmed, decision.as_str(), age);
    tell(review, verdict, decision, metrics);
    answer
}

fn severest(verdict: &Verdict) -> Option<Mode> {
    verdict.findings.iter().map(|judged| judged.severity).max()
}

fn causes(verdict: &Verdict) -> Vec<Cause> {
    verdict
        .denials()
        .take(SHOWN)
        .map(|judged| Cause {
            reason: judged.finding.rule.to_string(),
            field: judged.finding.field.clone(),
            message: judged.finding.message.clone(),
        })
        .collect()
}

/// Counts all, and logs a line for each finding, for each exempted one, and for what cannot be told, of each as many as an
/// answer tells of; only at debug level where there is nothing of that.
fn tell(review: &Review<'_>, verdict: &Verdict, decision: Decision, metrics: &Metrics) {
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
            let uid = printable(&review.uid);
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
            uid = %printable(&review.uid),
            decision = decision.as_str(),
            rule = finding.rule.as_str(),
            mode = judged.severity.as_str(),
            existing = judged.is_existing,
            confidence = finding.confidence.as_str(),
            object = %printable(&finding.object.to_string()),
            field = %printable(&finding.field),
            operation = review.operation.as_str(),
            user = %printable(&review.user_info.username),
            dry_run = review.dry_run,
            "finding"
        );
    }
}

fn tell_others(review: &Review<'_>, verdict: &Verdict, decision: Decision) {
    for exempted in verdict.exempt.iter().take(SHOWN) {
        tracing::info!(
            uid = %printable(&review.uid),
            decision = decision.as_str(),
            rule = exempted.finding.rule.as_str(),
            object = %printable(&exempted.finding.object.to_string()),
            exemption = %printable(&exempted.exemption),
            expires = %exempted.expires,
            "exempted"
        );
    }
    for unresolved in verdict.unresolved.iter().take(SHOWN) {
        tracing::info!(
            uid = %printable(&review.uid),
            decision = decision.as_str(),
            object = %printable(&unresolved.object.to_string()),
            field = %printable(&unresolved.field),
            reason = %printable(&unresolved.reason),
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
