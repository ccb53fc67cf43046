//! What happens, in words that metrics, logs and audit annotations share.

use std::time::Duration;

use l7guard_policy::rules::Mode;

/// What came of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, and nothing was said.
    Allow,
    /// Allowed with a warning.
    Warn,
    /// Denied.
    Deny,
    /// We failed: HTTP 500.
    Error,
}

/// A review that was answered, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: &'static str,
    /// The kind of the object, as it came.
    pub kind: &'a str,
    /// What came of it.
    pub decision: Decision,
    /// The severest mode of its findings; `None` without any.
    pub mode: Option<Mode>,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// How long it took.
    pub duration: Duration,
}

/// What a finding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What its mode says.
    Mode(Mode),
    /// Nothing but a warning: it was there before the change.
    Tolerated,
}

/// Why a review was sent away to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// As many as are answered at the same time were being answered.
    Overload,
    /// The world is not known yet.
    NotReady,
}

/// Why a line of the log was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLoss {
    /// As many as may wait were waiting to be written.
    Full,
    /// Writing it failed.
    WriteError,
}

/// Why a connection did not get past the TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFailure {
    /// It took too long.
    Timeout,
    /// The client's certificate was missing or refused.
    ClientCertificate,
    /// The client refused our certificate.
    ServerCertificate,
    /// Anything else: another protocol, no version or cipher in common, a connection that ended.
    Other,
}

/// What a connection did when it had to leave for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evicted {
    /// It had not sent a whole request.
    BeforeRequest,
    /// A later request was not whole.
    Receiving,
    /// An answer was not read.
    Unread,
    /// Nothing.
    Idle,
}

/// A file, or several that belong together, that are read again when they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedFile {
    /// `--tls-cert` and `--tls-key`.
    Certificate,
    /// `--client-ca`.
    ClientAuthority,
    /// `--config`.
    Configuration,
    /// `--manifests`.
    Manifests,
}

/// How many exemptions of the configuration are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExemptionStates {
    /// In force for longer than the others.
    pub active: i64,
    /// In force, but not for much longer.
    pub expiring: i64,
    /// Not in force any more.
    pub expired: i64,
}

impl Decision {
    /// As written in metrics and audit annotations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

impl WatchedFile {
    /// As written in metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::ClientAuthority => "client_ca",
            Self::Configuration => "configuration",
            Self::Manifests => "manifests",
        }
    }
}
