//! How sure we are.

/// How sure we are of one end of a path, or of a path as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Static evidence: an object that would prove it is not visible (yet).
    Likely,
    /// Objects prove it.
    Confirmed,
}

impl Confidence {
    /// As written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}
