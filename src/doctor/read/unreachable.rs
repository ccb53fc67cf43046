//! Why nothing can be said of an installation.

use thiserror::Error;

use crate::cluster::ConnectionError;

/// Why nothing can be said of an installation.
#[derive(Debug, Error)]
pub enum Unreachable {
    /// There is no connection to make.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The API server does not answer, or does not know who asks.
    #[error("the API server cannot be reached: {0}")]
    Unanswered(String),
    /// There are several installations.
    #[error(
        "there are several installations: {}; name one with --namespace and --service", .0.join(", ")
    )]
    Several(Vec<String>),
}
