//! Why a review that could be judged later has to come again.

use thiserror::Error;

use crate::judge::metrics::Shed;

/// Why a review has to come again.
#[derive(Debug, Error)]
#[error("{text}")]
pub(super) struct RetryLater {
    pub(super) reason: Shed,
    pub(super) text: String,
}
