//! What came of judging a review. It is made once; the answer, the log and the counts are made of it alone.

use std::time::Duration;

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::Verdict;

use super::confirm::Confirmed;
use super::metrics::Decision;
use crate::admission::Review;
use crate::report::admission::{self, Preview};

/// What came of judging a review.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What the API server is told.
    pub(super) decision: Decision,
    /// The severest mode of what was found; `None` where nothing was.
    pub(super) mode: Option<Mode>,
    /// Findings, exempted ones, and what is unresolved.
    pub(super) verdict: Verdict,
    /// Whether the answer shows what mode `audit` is silent about.
    pub(super) preview: Preview,
    /// How many live reads it rests on.
    pub(super) reads: usize,
    /// How old the inventory was; `None` where it is no copy of a cluster.
    pub(super) age: Option<Duration>,
}

impl Outcome {
    /// Of a verdict on a review, in an inventory of this age.
    pub(super) fn of(review: &Review<'_>, confirmed: Confirmed, age: Option<Duration>) -> Self {
        let verdict = confirmed.verdict;
        let preview = if review.dry_run {
            Preview::Shown
        } else {
            Preview::Hidden
        };
        let decision = if verdict.is_denied() {
            Decision::Deny
        } else if admission::has_warnings(&verdict, preview) {
            Decision::Warn
        } else {
            Decision::Allow
        };
        Self {
            decision,
            mode: verdict.findings.iter().map(|judged| judged.severity).max(),
            verdict,
            preview,
            reads: confirmed.reads,
            age,
        }
    }

    /// Of a review about which there is nothing to judge: another operation, a subresource, a kind that no rule reads.
    pub(super) fn nothing_to_judge(age: Option<Duration>) -> Self {
        Self {
            decision: Decision::Allow,
            mode: None,
            verdict: Verdict::default(),
            preview: Preview::Hidden,
            reads: 0,
            age,
        }
    }
}
