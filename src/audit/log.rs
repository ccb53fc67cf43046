//! New and gone findings in the log.

use l7guard_policy::verdict::WouldBe;

use super::observed::{FindingId, Observed};

/// How many lines one pass writes at most: what comes on top is a number.
const LINES: usize = 200;

/// Findings are new.
pub(super) fn found(new: &[&Observed]) {
    for observed in new.iter().take(LINES) {
        let id = &observed.id;
        tracing::warn!(
            rule = id.rule.as_str(),
            object = %id.object,
            target_of_path = &*id.target,
            mode = observed.mode.as_str(),
            would_be = observed.would_be.map(WouldBe::as_str),
            confidence = observed.confidence.as_str(),
            "audit: new finding"
        );
    }
    if new.len() > LINES {
        let more = new.len() - LINES;
        tracing::warn!(more, "audit: more new findings");
    }
}

/// Findings are gone.
pub(super) fn gone(gone: &[&FindingId]) {
    for id in gone.iter().take(LINES) {
        tracing::info!(
            rule = id.rule.as_str(),
            object = %id.object,
            target_of_path = &*id.target,
            "audit: a finding is gone"
        );
    }
    if gone.len() > LINES {
        let more = gone.len() - LINES;
        tracing::info!(more, "audit: more findings are gone");
    }
}
