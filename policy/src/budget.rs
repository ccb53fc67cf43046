//! How much work one judgement may take, in steps: the policy has no clock, so that the same input gives the same result.
//!
//! A step is a look-up, an object that a look-up finds, an element of a list that a sender wrote, or 64 bytes of text that
//! are written down: some ten to some hundred nanoseconds each. The [`World`](crate::inventory::World) counts them. Work
//! stops soon after the budget is spent, and what has come out by then is thrown away: it is no verdict.

use std::cell::Cell;

/// How many bytes of text are one step.
const BYTES: usize = 64;

/// A number of steps, of which the ones that were taken are counted.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    left: Cell<u64>,
}

/// Judging takes more steps than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "judging it takes more than {limit} steps: the object, or what others have written that it leads to, is too much"
)]
pub struct BudgetExceeded {
    /// The steps that there were.
    pub limit: u64,
}

impl Budget {
    /// The steps of one review: three to seven seconds of one processor, at 0.3 to 0.7 µs a step. `tests/linearity` shows that no object that the API server
    /// stores needs more in the largest world that l7guard is made for.
    pub const REVIEW: u64 = 10_000_000;

    /// So many steps.
    #[must_use]
    pub fn of(limit: u64) -> Self {
        Self {
            limit,
            left: Cell::new(limit),
        }
    }

    /// As many steps as it takes, for those who choose themselves what is judged.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::of(u64::MAX)
    }

    /// Takes steps. Returns whether any are left.
    pub fn take(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let left = self.left.get().saturating_sub(steps);
        self.left.set(left);
        left > 0
    }

    /// How many steps were taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.limit - self.left.get()
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Whether nothing is left, so that nothing which comes out counts.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// What came out, if it was within the budget.
    ///
    /// # Errors
    ///
    /// Nothing is left of it.
    pub fn within<T>(&self, outcome: T) -> Result<T, BudgetExceeded> {
        if self.is_spent() {
            Err(BudgetExceeded { limit: self.limit })
        } else {
            Ok(outcome)
        }
    }
}

/// The steps of writing down so many bytes.
pub(crate) fn steps_of_text(bytes: usize) -> usize {
    bytes / BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_that_takes_the_last_one_is_too_many() {
        let budget = Budget::of(3);
        assert!(budget.take(2));
        assert_eq!((budget.taken(), budget.within("so far")), (2, Ok("so far")));
        assert!(!budget.take(1));
        assert_eq!(budget.within("more"), Err(BudgetExceeded { limit: 3 }));
        assert!(!budget.take(usize::MAX));
    }

    #[test]
    fn without_a_limit_there_is_always_more() {
        let budget = Budget::unlimited();
        assert!(budget.take(1_000_000_000));
        assert_eq!(budget.taken(), 1_000_000_000);
    }
}
