//! What came of a review. It is made once, for every review that could be decoded; the answer, the line of the log and the counts are
//! made of it alone.

use std::sync::Arc;
use std::time::Duration;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::objects::Uid;
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{Change, Verdict};

use super::JudgeError;
use super::confirm::Confirmed;
use super::failure::Failure;
use super::metrics::Decision;
use super::undecodable::Remark;
use crate::admission::Review;
use crate::report::admission::{self, Preview};
use crate::report::submitted_changes::SubmittedChanges;

/// What came of a review.
#[derive(Debug)]
pub struct Outcome {
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
    /// What was judged; `None`: there was nothing to judge, or no verdict.
    pub(super) subject: Option<Subject>,
    /// What the writer of a refused object can change in it.
    pub(super) submitted: Option<SubmittedChanges>,
    /// What else is to be said.
    pub(super) remark: Option<Remark>,
    /// Why there is no verdict.
    pub(super) failure: Option<Failure>,
}

/// The object that was judged, and by what.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) key: ObjectKey,
    pub(super) uid: Option<Uid>,
    pub(super) configuration: Arc<Configuration>,
}

impl Subject {
    pub(super) fn of(change: &Change, configuration: Arc<Configuration>) -> Self {
        Self {
            key: change.new.key.clone(),
            uid: change.new.uid,
            configuration,
        }
    }
}

impl Outcome {
    /// Of a verdict on a review, in an inventory of this age.
    pub(super) fn of(
        review: &Review<'_>,
        confirmed: Confirmed,
        subject: Subject,
        age: Option<Duration>,
    ) -> Self {
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
            mode: verdict.findings.iter().map(|judged| judged.severity).max(),
            verdict,
            preview,
            reads: confirmed.reads,
            subject: Some(subject),
            ..Self::without_verdict(decision, age)
        }
    }

    /// Of a review about which there is nothing to judge: another operation, a subresource, a kind that no rule reads.
    #[must_use]
    pub fn nothing_to_judge(age: Option<Duration>) -> Self {
        Self::without_verdict(Decision::Allow, age)
    }

    /// Of a review on which there is no verdict, as we failed.
    #[must_use]
    pub fn failed(error: JudgeError) -> Self {
        Self {
            failure: Some(Failure::new(error)),
            ..Self::without_verdict(Decision::Error, None)
        }
    }

    /// A denial, as a judge of tests gives it.
    #[cfg(test)]
    pub(crate) fn denied() -> Self {
        Self::without_verdict(Decision::Deny, None)
    }

    pub(super) fn with_submitted(self, submitted: Option<SubmittedChanges>) -> Self {
        Self { submitted, ..self }
    }

    pub(super) fn with_remark(self, remark: Option<Remark>) -> Self {
        Self { remark, ..self }
    }

    fn without_verdict(decision: Decision, age: Option<Duration>) -> Self {
        Self {
            decision,
            mode: None,
            verdict: Verdict::default(),
            preview: Preview::Hidden,
            reads: 0,
            age,
            subject: None,
            submitted: None,
            remark: None,
            failure: None,
        }
    }
}
