//! The work of judging one review: whose it is, and whether it may take long.

use l7guard_policy::identity::Kind;
use l7guard_policy::verdict::Change;

use super::body::SMALL;
use super::gate::size;
use super::review::Review;
use crate::shares::{Flow, Size, Turn, Turns};

/// One review's work. Long work waits for its turn, so that at least one processor is left for all that is short.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) flow: Flow,
    turns: &'a Turns,
    /// How long it may take; `None`: it is short.
    size: Option<Size>,
}

impl<'a> Work<'a> {
    /// The work of judging a change.
    pub(super) fn of(review: &Review<'_>, change: &Change, turns: &'a Turns) -> Self {
        let size = if joins_many(change.new.key.kind) {
            Some(Size::Large)
        } else {
            (review.length > SMALL).then(|| size(review.length))
        };
        Self {
            flow: review.flow(),
            turns,
            size,
        }
    }

    /// Waits for the turn that long work needs.
    pub(super) async fn turn(&self) -> Option<Turn> {
        Some(self.turns.take(self.flow, self.size?).await)
    }
}

/// Whether any number of fronts may hang on one object of a kind.
fn joins_many(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::IngressClass | Kind::GatewayClass | Kind::Gateway | Kind::ListenerSet
    )
}
