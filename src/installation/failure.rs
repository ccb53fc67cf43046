//! Why certificates of an installation cannot be kept.

use kube::core::Status;
use thiserror::Error;

use crate::pki::authority::IssueError;

/// Why certificates of an installation cannot be kept. The texts name the object and what to do.
#[derive(Debug, Error)]
pub enum Failure {
    /// The API server refused, or cannot be reached.
    #[error("cannot {verb} {what}: {}", reason(source))]
    Unanswered {
        /// What was to be done, as RBAC calls it.
        verb: &'static str,
        /// With which object.
        what: String,
        /// Why not.
        source: Box<kube::Error>,
    },
    /// A Secret of that name is not ours.
    #[error(
        "Secret {name} has the type {found:?} and not {expected:?}, so l7guard leaves it alone; delete or rename it"
    )]
    ForeignSecret {
        /// Its namespace and name.
        name: String,
        /// Its type.
        found: String,
        /// The type of ours.
        expected: &'static str,
    },
    /// Somebody else changes the same object all the time.
    #[error("{what} is changed by somebody else all the time; trying again")]
    Contended {
        /// The object.
        what: String,
    },
    /// No certificate could be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl Failure {
    /// Names what was to be done.
    pub(super) fn unanswered(
        verb: &'static str,
        what: impl Into<String>,
    ) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Unanswered {
            verb,
            what,
            source: Box::new(source),
        }
    }
}

/// The status of the API server's answer, if it gave one.
pub(super) fn status(error: &kube::Error) -> Option<&Status> {
    match error {
        kube::Error::Api(status) => Some(status),
        _ => None,
    }
}

/// What the API server says, or why it did not say anything, with its causes.
fn reason(error: &kube::Error) -> String {
    if let Some(status) = status(error) {
        return status.message.clone();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
