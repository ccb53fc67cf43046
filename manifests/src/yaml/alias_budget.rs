//! A bound on what aliases stand for, so that reading is linear in the input's length.

/// What aliases may still add to a document: 8 for a value, and the bytes of its text. In proportion to the text, so
/// that reading is linear in the input's length.
#[derive(Debug)]
pub(crate) struct AliasBudget(usize);

impl AliasBudget {
    const NODE: usize = 8;

    /// For a source of `length` bytes.
    #[must_use]
    pub(crate) fn of_source(length: usize) -> Self {
        Self(16 * 1024 * 1024 + length.saturating_mul(10))
    }

    /// Takes off the share of a document of `length` bytes, the rest of which is to be put back.
    #[must_use]
    pub(crate) fn lend(&mut self, length: usize) -> Self {
        const MOST: usize = 64 * 1024 * 1024;
        let share = (1024 * 1024 + length.saturating_mul(20)).min(MOST);
        let share = Self(share.min(self.0));
        self.0 -= share.0;
        share
    }

    /// Puts back what is left of a share.
    pub(crate) fn put_back(&mut self, rest: &Self) {
        self.0 += rest.0;
    }

    /// Counts a value with a text of `bytes` bytes; false when the budget is used up.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(Self::NODE + bytes);
        self.0 = left.unwrap_or_default();
        left.is_some()
    }
}
