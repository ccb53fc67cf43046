//! The verdict on a change, confirmed by reads of the cluster where an end of a path is in sight.

use std::collections::BTreeSet;
use std::time::Duration;

use l7guard_policy::budget::{Budget, BudgetExceeded};
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::confirmation::{Question, Reads, questions_within};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::verdict::{Change, Verdict, review_within};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use super::JudgeError;
use super::cluster_view::ClusterView;
use super::work::Work;
use crate::clock;
use crate::shares::{ReadAllowance, off_workers};

/// How often answers may lead to further questions. The longest way through a cluster (class, Service, alias, workloads,
/// Pods, their ReplicaSets) takes half of it; a world that changes while it is read may take more.
const ROUNDS: usize = 16;

/// What takes no more steps than this is judged where it stands: a millisecond. What takes more is begun again off the
/// workers. How many it takes shows only on the way: it depends on the world as much as on the object.
const BRIEF: u64 = 10_000;

/// The world changed faster than it could be read.
#[derive(Debug, Error)]
#[error("the cluster changes faster than it can be read; the next attempt may do better")]
struct Unsettled;

/// How long before the end of a review it is given up, so that what it waited for can be said.
const TO_SAY_SO: Duration = Duration::from_millis(5);

/// A verdict, and how it came about.
pub(super) struct Confirmed {
    pub(super) verdict: Verdict,
    /// How many live reads it rests on.
    pub(super) reads: usize,
}

/// Judges a change: asks until nothing is open. In a world that is no copy of another one there is nothing to ask. All
/// rounds together have the budget of one review.
pub(super) async fn verdict<W: ClusterView>(
    world: &W,
    configuration: &Configuration,
    change: &Change,
    work: Work<'_>,
    deadline: Instant,
) -> Result<Confirmed, JudgeError> {
    let mut round = Round {
        configuration,
        change,
        today: clock::today(),
        reads: Reads::new(),
        is_copy: world.age().is_some(),
    };
    let mut left = Budget::REVIEW;
    let mut count = 0;
    // It lives as long as what is read.
    let allowance = ReadAllowance::new(work.flow);
    let mut is_long = work.is_large();
    for _ in 0..ROUNDS {
        let brief = round.brief_step(world, &mut left, &mut is_long);
        let step = if let Some(step) = brief {
            step
        } else {
            let turn = work.turn().await;
            let step = off_workers(|| round.long_step(world, &mut left));
            drop(turn);
            step?
        };
        match step {
            Step::Done(verdict) => {
                return Ok(Confirmed {
                    verdict,
                    reads: count,
                });
            }
            Step::Open(open) => {
                let awaited = kinds(&open);
                let end = deadline.checked_sub(TO_SAY_SO).unwrap_or(deadline);
                let answers = timeout_at(end, world.answer(open, &allowance)).await;
                for answer in answers.map_err(|_| JudgeError::Unread { awaited })?? {
                    count += 1;
                    round.reads.answer(answer);
                }
            }
        }
    }
    Err(JudgeError::Failed(Box::new(Unsettled)))
}

/// The kinds that are asked for, in words.
fn kinds(questions: &BTreeSet<Question>) -> String {
    let kinds: BTreeSet<&str> = questions
        .iter()
        .map(|question| question.kind().label())
        .collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

enum Step {
    Done(Verdict),
    Open(BTreeSet<Question>),
}

/// What a round of questions knows.
struct Round<'a> {
    configuration: &'a Configuration,
    change: &'a Change,
    today: Date,
    reads: Reads,
    is_copy: bool,
}

impl Round<'_> {
    /// One step where it stands, if it is a brief one; `None`, and from then on, if it is not. `left` is what is left of the
    /// review's budget.
    fn brief_step<W: ClusterView>(
        &self,
        world: &W,
        left: &mut u64,
        is_long: &mut bool,
    ) -> Option<Step> {
        if *is_long {
            return None;
        }
        let budget = Budget::of(BRIEF.min(*left));
        let step = world.with_inventory(|inventory| self.step(&budget, inventory));
        if step.is_ok() {
            *left -= budget.taken();
        } else {
            *is_long = true;
        }
        step.ok()
    }

    /// One step, however long, within the budget.
    fn long_step<W: ClusterView>(&self, world: &W, left: &mut u64) -> Result<Step, BudgetExceeded> {
        let budget = Budget::of(*left);
        let step = world.with_inventory_at_length(|inventory| self.step(&budget, inventory));
        *left = budget.left();
        step.map_err(|_| BudgetExceeded {
            limit: Budget::REVIEW,
        })
    }

    fn step(&self, budget: &Budget, inventory: &Inventory) -> Result<Step, BudgetExceeded> {
        let Self {
            configuration,
            change,
            today,
            reads,
            is_copy,
        } = self;
        if *is_copy {
            let open = questions_within(budget, inventory, reads, configuration, change, *today)?;
            if !open.is_empty() {
                return Ok(Step::Open(open));
            }
        }
        let overlay = reads.overlay();
        review_within(budget, inventory, overlay, configuration, change, *today).map(Step::Done)
    }
}
