//! Who gives the verdict: policy over a view of the cluster. Nothing here knows HTTP.

mod annotations;
mod answer;
mod cluster_view;
mod conclusion;
mod confirm;
mod count;
mod failure;
mod log;
pub mod metrics;
mod outcome;
mod policy_judge;
mod record;
pub mod span;
mod undecodable;
mod work;

use std::error::Error;

use l7guard_policy::budget::BudgetExceeded;
use l7guard_policy::confirmation::ReviewError;
use thiserror::Error;
use tokio::time::Instant;

pub use cluster_view::{ClusterView, ReadFailure};
pub use conclusion::conclude;
pub use failure::Failure;
pub use outcome::Outcome;
pub use policy_judge::PolicyJudge;
pub use record::schema as record_schema;

use crate::admission::Review;

/// Gives the verdict on a review.
pub trait Judge: Send + Sync + 'static {
    /// What comes of `review`, whose objects it may take, before `deadline`. When that is over the future is dropped and the request fails.
    ///
    /// It is a future because a verdict may need to read the cluster. A judge that needs no such thing computes and
    /// returns; as it is not interrupted then, its time has to be bounded, and what may take longer than a moment belongs
    /// off the threads that serve others. Where something failed it is [`Outcome::failed`], never allowed or denied.
    fn judge(
        &self,
        review: &mut Review<'_>,
        deadline: Instant,
    ) -> impl Future<Output = Outcome> + Send;
}

/// Why there is no verdict.
#[derive(Debug, Error)]
pub enum JudgeError {
    /// A field that has to be read for the verdict does not have the type that its kind gives it. The caller is told.
    #[error("{field}: {problem}")]
    Field {
        /// The field as JSON pointer (RFC 6901) into the object under review, `/spec/rules/0/host`.
        field: String,
        /// What was expected and what is there, without the value.
        problem: String,
    },
    /// The cluster could not be read in the time that the review has. The caller is told.
    #[error(
        "the cluster could not be read in the time that the webhook has (awaited: {awaited}); try again, or raise timeoutSeconds"
    )]
    Unread {
        /// The kinds of what was still to be read.
        awaited: String,
    },
    /// It takes more work than one review may. The caller is told.
    #[error(transparent)]
    TooMuchWork(#[from] BudgetExceeded),
    /// The review could not be decoded, as decoding it panicked. The caller is told an id only; the log has the rest.
    #[error("panic: {0}")]
    Undecoded(String),
    /// Anything else that failed on our side. The caller is told an id only; the log has the rest.
    #[error(transparent)]
    Failed(#[from] Box<dyn Error + Send + Sync>),
}

impl From<ReviewError> for JudgeError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Exceeded(exceeded) => Self::TooMuchWork(exceeded),
            ReviewError::Unsettled => Self::Failed(Box::new(error)),
        }
    }
}
