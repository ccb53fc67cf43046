//! Our own failure with a review, and what its sender is told of it.

use std::fmt;

use super::JudgeError;

/// Why there is no verdict on a review. The log has it whole, under an id that the sender is told.
#[derive(Debug)]
pub struct Failure {
    id: String,
    error: JudgeError,
}

impl Failure {
    pub(super) fn new(error: JudgeError) -> Self {
        Self {
            id: new_id(),
            error,
        }
    }

    /// The id to find it in the log by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn into_error(self) -> JudgeError {
        self.error
    }

    /// What failed.
    #[must_use]
    pub fn error(&self) -> &JudgeError {
        &self.error
    }
}

/// What the sender is told: the cause only where it is about the object, or about time.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            error @ (JudgeError::Field { .. } | JudgeError::TooMuchWork(_)) => {
                write!(f, "l7guard cannot judge this object: {error}")?;
            }
            error @ JudgeError::Unread { .. } => {
                write!(f, "l7guard failed to judge this review: {error}")?;
            }
            JudgeError::Failed(_) => f.write_str("l7guard failed to judge this review")?,
            JudgeError::Undecoded(_) => f.write_str("l7guard failed to read this review")?,
        }
        write!(
            f,
            " (id {}, under which the log of l7guard has more)",
            self.id
        )
    }
}

/// An id to find a failure in the log by. It has to be rare, not secret.
fn new_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}
