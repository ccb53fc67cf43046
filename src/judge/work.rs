//! The work of judging one review: whose it is, and whether it may take long.

use crate::admission::Review;
use crate::shares::{Flow, SMALL, Size, Turn, Turns, size};

/// One review's work. Long work waits for its turn, so that at least one processor is left for all that is short. A large review
/// is long work; that any other is shows when it is begun.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) flow: Flow,
    turns: &'a Turns,
    /// How large it is; `None`: small.
    size: Option<Size>,
}

impl<'a> Work<'a> {
    /// The work of judging a review.
    pub(super) fn of(review: &Review<'_>, turns: &'a Turns) -> Self {
        Self {
            flow: review.flow(),
            turns,
            size: (review.body.len() > SMALL).then(|| size(review.body.len())),
        }
    }

    /// Whether the review is large.
    pub(super) fn is_large(&self) -> bool {
        self.size.is_some()
    }

    /// Waits for the turn that long work needs. What is long and comes of a small review leads to very much.
    pub(super) async fn turn(&self) -> Turn {
        let size = self.size.unwrap_or(Size::Large);
        self.turns.take(self.flow, size).await
    }
}
