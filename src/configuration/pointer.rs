//! A JSON pointer that grows on the way down into a document.

use std::fmt;

use jsonptr::PointerBuf;

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pointer(PointerBuf);

impl Pointer {
    /// To the value of a key.
    #[must_use]
    pub(super) fn key(&self, key: &str) -> Self {
        Self(self.0.with_trailing_token(key))
    }

    /// To an element of a list.
    #[must_use]
    pub(super) fn index(&self, index: usize) -> Self {
        Self(self.0.with_trailing_token(index))
    }

    /// As text; empty for the document.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
