//! What came of an attempt to read something.

use crate::cluster::said;

/// What came of an attempt to read something of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen<T> {
    /// It is there.
    There(T),
    /// It is not there.
    Absent,
    /// Nobody could look, for this reason: a missing right, by name, or a failure.
    Unknown(String),
}

impl<T> Seen<T> {
    /// What it is, if it was seen.
    pub(super) fn there(&self) -> Option<&T> {
        match self {
            Self::There(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// What an error of the client means for a read that needs the right to `verb` `what`.
    pub(super) fn of_error(error: &kube::Error, verb: &str, what: &str) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 404 => Self::Absent,
            kube::Error::Api(status) if status.code == 403 => Self::Unknown(missing(verb, what)),
            other => Self::Unknown(format!("cannot {verb} {what}: {}", said(other))),
        }
    }

    /// A read that gave this.
    pub(super) fn of(result: Result<T, kube::Error>, verb: &str, what: &str) -> Self {
        match result {
            Ok(value) => Self::There(value),
            Err(error) => Self::of_error(&error, verb, what),
        }
    }
}

/// A right that the caller lacks.
pub(super) fn missing(verb: &str, what: &str) -> String {
    format!("you lack the right to {verb} {what}")
}
