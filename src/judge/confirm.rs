//! The verdict on a change, confirmed by reads of the cluster where an end of a path is in sight.

use std::collections::BTreeSet;
use std::time::Duration;

use l7guard_policy::budget::{Budget, BudgetExceeded};
use l7guard_policy::configuration::Configuration;
use l7guard_policy::confirmation::{LiveQuery, LiveRead, Review, ReviewError, Step};
use l7guard_policy::inventory::Overlay;
use l7guard_policy::verdict::{Change, Verdict};
use tokio::time::{Instant, timeout_at};

use super::JudgeError;
use super::cluster_view::ClusterView;
use super::work::Work;
use crate::clock;
use crate::shares::{ReadAllowance, off_workers};

/// What takes no more steps than this is judged where it stands: a millisecond. What takes more is begun again off the
/// workers. How many it takes shows only on the way: it depends on the world as much as on the object.
const BRIEF: u64 = 10_000;

/// How long before the end of a review it is given up, so that what it waited for can be said.
const TO_SAY_SO: Duration = Duration::from_millis(5);

/// A verdict, and how it came about.
pub(super) struct Confirmed {
    pub(super) verdict: Verdict,
    /// How many live reads it rests on.
    pub(super) reads: usize,
    /// What these found, over the inventory.
    pub(super) overlay: Overlay,
}

/// Judges a change: reads until nothing is open. In a world that is no copy of another one there is nothing to read. All
/// rounds together have the budget of one review.
pub(super) async fn verdict<W: ClusterView>(
    world: &W,
    configuration: &Configuration,
    change: &Change,
    work: Work<'_>,
    deadline: Instant,
) -> Result<Confirmed, JudgeError> {
    let is_copy = world.age().is_some();
    let begin = if is_copy {
        Review::new
    } else {
        Review::of_the_world_itself
    };
    let mut rounds = Rounds {
        review: begin(configuration, change, clock::today()),
        left: Budget::REVIEW,
        is_long: work.is_large(),
    };
    let mut reads = 0;
    // It lives as long as what is read.
    let allowance = ReadAllowance::new(work.flow);
    let mut answers = Vec::new();
    loop {
        let step = if let Some(step) = rounds.brief_step(world, &mut answers)? {
            step
        } else {
            let turn = work.turn().await;
            let step = off_workers(|| rounds.long_step(world, &mut answers));
            drop(turn);
            step?
        };
        match step {
            Step::Done(verdict) => {
                return Ok(Confirmed {
                    verdict,
                    reads,
                    overlay: rounds.review.into_overlay(),
                });
            }
            Step::Read(open) => {
                let awaited = kinds(&open);
                let end = deadline.checked_sub(TO_SAY_SO).unwrap_or(deadline);
                let read = timeout_at(end, world.read(open, &allowance)).await;
                answers = read.map_err(|_| JudgeError::Unread { awaited })??;
                reads += answers.len();
            }
        }
    }
}

/// The kinds that are asked for, in words.
fn kinds(queries: &BTreeSet<LiveQuery>) -> String {
    let kinds: BTreeSet<&str> = queries.iter().map(|query| query.kind().label()).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// A review, and what is left of its budget.
struct Rounds<'a> {
    review: Review<'a>,
    left: u64,
    is_long: bool,
}

impl Rounds<'_> {
    /// One step where it stands, if it is a brief one; `None`, and from then on, if it is not.
    fn brief_step<W: ClusterView>(
        &mut self,
        world: &W,
        answers: &mut Vec<LiveRead>,
    ) -> Result<Option<Step>, ReviewError> {
        if self.is_long {
            return Ok(None);
        }
        let budget = Budget::of(BRIEF.min(self.left));
        let answers = answers.drain(..);
        match world.with_inventory(|inventory| self.review.next(&budget, inventory, answers)) {
            Ok(step) => {
                self.left -= budget.taken();
                Ok(Some(step))
            }
            Err(ReviewError::Exceeded(_)) => {
                self.is_long = true;
                Ok(None)
            }
            Err(error @ ReviewError::Unsettled) => Err(error),
        }
    }

    /// One step, however long, within the budget.
    fn long_step<W: ClusterView>(
        &mut self,
        world: &W,
        answers: &mut Vec<LiveRead>,
    ) -> Result<Step, ReviewError> {
        let budget = Budget::of(self.left);
        let answers = answers.drain(..);
        let step = world
            .with_inventory_at_length(|inventory| self.review.next(&budget, inventory, answers));
        self.left = budget.left();
        step.map_err(|error| match error {
            ReviewError::Exceeded(_) => ReviewError::Exceeded(BudgetExceeded {
                limit: Budget::REVIEW,
            }),
            ReviewError::Unsettled => error,
        })
    }
}
