//! Why the cluster could not be read.

use std::sync::Arc;

use l7guard_policy::identity::Kind;
use thiserror::Error;

use super::discovery::DiscoveryError;
use super::error_text::said;
use crate::judge::ReadFailure;

/// Why the cluster could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The API server refused, or cannot be reached.
    #[error("cannot read {what} from the cluster: {}", said(.source))]
    Unanswered {
        /// What was to be read.
        what: String,
        /// What went wrong.
        source: Box<kube::Error>,
    },
    /// The metadata of Pods could not be read.
    #[error("cannot read the Pods of namespace {namespace} from the cluster: {source}")]
    Pods {
        /// Their namespace.
        namespace: Arc<str>,
        /// What went wrong.
        source: ReadFailure,
    },
    /// The API server does not serve the kind where it was to be found, and does not say where it does.
    #[error("{kind} objects cannot be read where they were to be found: {source}")]
    NotServed {
        /// The kind.
        kind: Kind,
        /// What went wrong when the API server was asked.
        source: DiscoveryError,
    },
}

impl ReadError {
    /// Whether the API server does not take the request as it was made.
    pub(super) fn is_bad_request(&self) -> bool {
        matches!(self, Self::Unanswered { source, .. }
            if matches!(&**source, kube::Error::Api(status) if status.code == 400))
    }
}
