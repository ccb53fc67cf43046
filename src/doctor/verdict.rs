//! How a check came out, and what it says.

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// As it should be.
    Good,
    /// Nobody could look.
    Unknown,
    /// It works, but not as most would want it, or not for long.
    Warning,
    /// It is wrong: objects are written that should be refused, or refused that should be written.
    Bad,
}

impl Outcome {
    /// As in the JSON output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// As in the text output.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Self::Good => '✔',
            Self::Unknown => '?',
            Self::Warning => '‼',
            Self::Bad => '✘',
        }
    }
}

/// What a check says, without which check it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) message: String,
    pub(super) next: Option<String>,
}

impl Verdict {
    pub(super) fn good(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Good,
            message: message.into(),
            next: None,
        }
    }

    /// `reason` says why nobody could look.
    pub(super) fn unknown(reason: impl Into<String>, next: impl Into<String>) -> Self {
        Self::with_next(Outcome::Unknown, reason.into(), next.into())
    }

    pub(super) fn warning(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::with_next(Outcome::Warning, message.into(), next.into())
    }

    pub(super) fn bad(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::with_next(Outcome::Bad, message.into(), next.into())
    }

    fn with_next(outcome: Outcome, message: String, next: String) -> Self {
        Self {
            outcome,
            message,
            next: Some(next),
        }
    }
}
