//! An outcome in the metrics.

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::Judged;

use super::metrics::{Effect, ReviewMetrics};
use super::outcome::Outcome;

/// Counts each finding and each exempted one.
pub(super) fn count(outcome: &Outcome, metrics: &ReviewMetrics) {
    for judged in &outcome.verdict.findings {
        let finding = &judged.finding;
        metrics.finding(
            finding.rule,
            effect(judged),
            judged.would_be,
            finding.confidence,
        );
    }
    for exempted in &outcome.verdict.exempt {
        metrics.exempted(exempted.finding.rule);
    }
}

fn effect(judged: &Judged) -> Effect {
    if judged.is_existing && judged.severity == Mode::Deny {
        Effect::Tolerated
    } else {
        Effect::Mode(judged.severity)
    }
}
