//! The verdict on a change, confirmed by reads of the cluster where an end of a path is in sight.

use std::collections::BTreeSet;
use std::time::Duration;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::confirmation::{Question, Reads, questions};
use l7guard_policy::verdict::{Change, Verdict, review_over};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use super::judge::JudgeError;
use super::work::Work;
use crate::clock;
use crate::known_world::KnownWorld;
use crate::shares::ReadAllowance;

/// How often answers may lead to further questions. The longest way through a cluster (class, Service, alias, workloads,
/// Pods, their ReplicaSets) takes half of it; a world that changes while it is read may take more.
const ROUNDS: usize = 16;

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

/// Judges a change: asks until nothing is open. In a world that is no copy of another one there is nothing to ask.
pub(super) async fn verdict<W: KnownWorld>(
    world: &W,
    configuration: &Configuration,
    change: &Change,
    work: Work<'_>,
    deadline: Instant,
) -> Result<Confirmed, JudgeError> {
    let today = clock::today();
    let mut reads = Reads::new();
    let mut count = 0;
    // It lives as long as what is read.
    let allowance = ReadAllowance::new(work.flow);
    let is_copy = world.age().is_some();
    for _ in 0..ROUNDS {
        let turn = work.turn().await;
        let step = world.with_inventory(|inventory| {
            let open = if is_copy {
                questions(inventory, &reads, configuration, change, today)
            } else {
                BTreeSet::new()
            };
            if open.is_empty() {
                let overlay = reads.overlay();
                Step::Done(review_over(
                    inventory,
                    overlay,
                    configuration,
                    change,
                    today,
                ))
            } else {
                Step::Open(open)
            }
        });
        drop(turn);
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
                    reads.answer(answer);
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
