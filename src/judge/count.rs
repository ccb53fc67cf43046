//! An outcome in the metrics.

use std::time::Duration;

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::Judged;

use super::metrics::{Effect, ReviewMetrics, Reviewed};
use super::outcome::Outcome;
use crate::admission::Review;

/// What is being done by a review that could not be decoded.
const UNKNOWN: &str = "unknown";

/// Counts a review that took so long, each of its findings and each exempted one.
pub(super) fn count(
    review: Option<&Review<'_>>,
    outcome: &Outcome,
    metrics: &ReviewMetrics,
    duration: Duration,
) {
    metrics.review(&Reviewed {
        operation: review.map_or(UNKNOWN, |review| review.operation.as_str()),
        kind: review.map_or(UNKNOWN, |review| &*review.kind.kind),
        decision: outcome.decision,
        mode: outcome.mode,
        dry_run: review.is_some_and(|review| review.dry_run),
        duration,
    });
    if let Some(kind) = outcome.remark.as_ref().and_then(|remark| remark.left_out) {
        metrics.unreadable_object(kind.label());
    }
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
