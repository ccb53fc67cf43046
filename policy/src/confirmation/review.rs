//! A review on its way to its verdict, without any input or output of its own: whoever can read a cluster answers what it
//! asks, round by round.

use std::collections::BTreeSet;

use thiserror::Error;

use super::live_query::{LiveQuery, LiveRead};
use super::plan::{Plan, may_deny};
use super::reads::Reads;
use super::{before, pods};
use crate::budget::{Budget, BudgetExceeded};
use crate::configuration::{Configuration, Date};
use crate::inventory::{Inventory, Overlay};
use crate::objects::Object;
use crate::verdict::{Change, Verdict, review_within};

/// How often answers may lead to further queries. The longest way through a cluster (class, Service, alias, workloads,
/// Pods, their ReplicaSets) takes half of it; a world that changes while it is read may take more.
const ROUNDS: usize = 16;

/// What a review needs next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nothing: this is the verdict.
    Done(Verdict),
    /// The answers to these queries, of which there is at least one.
    Read(BTreeSet<LiveQuery>),
}

/// Why a review comes to no verdict.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// It takes more steps than there are.
    #[error(transparent)]
    Exceeded(#[from] BudgetExceeded),
    /// The world changed faster than it could be read.
    #[error("the cluster changes faster than it can be read; the next attempt may do better")]
    Unsettled,
}

/// The judgement of one change, with what was read for it so far.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    configuration: &'a Configuration,
    change: &'a Change,
    today: Date,
    reads: Reads,
    rounds: usize,
    is_of_the_world_itself: bool,
}

impl<'a> Review<'a> {
    /// A review for which nothing was read yet.
    #[must_use]
    pub fn new(configuration: &'a Configuration, change: &'a Change, today: Date) -> Self {
        Self {
            configuration,
            change,
            today,
            reads: Reads::default(),
            rounds: 0,
            is_of_the_world_itself: false,
        }
    }

    /// A review in a world that is no copy of another one, such as a directory of manifests: there is nothing to read.
    #[must_use]
    pub fn of_the_world_itself(
        configuration: &'a Configuration,
        change: &'a Change,
        today: Date,
    ) -> Self {
        Self {
            is_of_the_world_itself: true,
            ..Self::new(configuration, change, today)
        }
    }

    /// Takes in what was found for the queries of the last step, and takes the next one. The inventory may have moved on
    /// in between.
    ///
    /// # Errors
    ///
    /// The step takes more than `budget` has: it may be taken again with a larger one, without results, as these are kept.
    /// Or the queries do not end.
    pub fn next(
        &mut self,
        budget: &Budget,
        inventory: &Inventory,
        results: impl IntoIterator<Item = LiveRead>,
    ) -> Result<Step, ReviewError> {
        for answer in results {
            self.reads.answer(answer);
        }
        let step = if self.is_of_the_world_itself {
            Step::Done(self.verdict_on(self.change, budget, inventory)?)
        } else {
            self.step(budget, inventory)?
        };
        if let Step::Read(_) = step {
            self.rounds += 1;
            if self.rounds == ROUNDS {
                return Err(ReviewError::Unsettled);
            }
        }
        Ok(step)
    }

    /// What was read for it, to be laid over the inventory.
    #[must_use]
    pub fn into_overlay(self) -> Overlay {
        self.reads.into_overlay()
    }

    fn step(&self, budget: &Budget, inventory: &Inventory) -> Result<Step, BudgetExceeded> {
        let change = self.change;
        let is_tolerant = change.new.is_terminating || self.configuration.ratchet.holds(self.today);
        let is_same = |old: &Object| old.facts == change.new.facts;
        if is_tolerant && change.old.as_ref().is_some_and(is_same) {
            return self.verdict_on(change, budget, inventory).map(Step::Done);
        }
        let most_selections = pods::most_selections(change.new.key.kind);
        let verdict = match self.asked(change, most_selections, budget, inventory)? {
            Step::Done(verdict) if is_tolerant && may_deny(&verdict) => verdict,
            step => return Ok(step),
        };
        // Whether a path was there before decides as well.
        let open = self.open_before(budget, inventory)?;
        Ok(if open.is_empty() {
            Step::Done(verdict)
        } else {
            Step::Read(open)
        })
    }

    /// The step for a change alone, without what was there before it.
    fn asked(
        &self,
        change: &Change,
        most_selections: usize,
        budget: &Budget,
        inventory: &Inventory,
    ) -> Result<Step, BudgetExceeded> {
        let subject = change.judged();
        let overlay = self.reads.overlay().clone().under(subject.clone());
        let mut plan = Plan {
            budget,
            inventory,
            overlay: &overlay,
            reads: &self.reads,
            configuration: self.configuration,
            subject: &subject.key,
            old: change.old.as_ref(),
            believes_watches: false,
            selections: BTreeSet::new(),
            most_selections,
            open: BTreeSet::new(),
        };
        plan.ask_about_subject(&subject);
        if !plan.open.is_empty() {
            return budget.within(Step::Read(plan.open));
        }
        let verdict = self.verdict_on(change, budget, inventory)?;
        plan.ask_about_denials(&verdict);
        Ok(if plan.open.is_empty() {
            Step::Done(verdict)
        } else {
            Step::Read(plan.open)
        })
    }

    /// What has to be read of the world before the change.
    fn open_before(
        &self,
        budget: &Budget,
        inventory: &Inventory,
    ) -> Result<BTreeSet<LiveQuery>, BudgetExceeded> {
        let Some(old) = &self.change.old else {
            let (reads, configuration) = (&self.reads, self.configuration);
            let open = before::queries(budget, inventory, reads, configuration, self.change);
            return budget.within(open);
        };
        let creation = Change {
            new: old.clone(),
            old: None,
        };
        // Pods that were not looked at for the new path are on no old one that is the same.
        match self.asked(&creation, 0, budget, inventory)? {
            Step::Read(open) => Ok(open),
            Step::Done(_) => Ok(BTreeSet::new()),
        }
    }

    fn verdict_on(
        &self,
        change: &Change,
        budget: &Budget,
        inventory: &Inventory,
    ) -> Result<Verdict, BudgetExceeded> {
        let (overlay, configuration) = (self.reads.overlay(), self.configuration);
        review_within(
            budget,
            inventory,
            overlay,
            configuration,
            change,
            self.today,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ingress, object};
    use super::*;

    #[test]
    fn queries_that_nobody_answers_end_in_an_error() {
        let (configuration, inventory) = (Configuration::default(), Inventory::new());
        let change = Change {
            old: None,
            new: object(&ingress("alb", "front")),
        };
        let mut review = Review::new(&configuration, &change, Date::MIN);
        let mut steps = 0;
        let error = loop {
            match review.next(&Budget::unlimited(), &inventory, []) {
                Ok(Step::Read(open)) => assert!(!open.is_empty()),
                Ok(Step::Done(verdict)) => panic!("it needs reads: {verdict:?}"),
                Err(error) => break error,
            }
            steps += 1;
        };
        assert_eq!((error, steps), (ReviewError::Unsettled, ROUNDS - 1));
    }

    #[test]
    fn a_step_that_was_too_long_goes_on_with_the_results_it_had() {
        let (configuration, inventory) = (Configuration::default(), Inventory::new());
        let change = Change {
            old: None,
            new: object(&ingress("alb", "front")),
        };
        let mut review = Review::new(&configuration, &change, Date::MIN);
        let unlimited = Budget::unlimited();
        let Ok(Step::Read(open)) = review.next(&unlimited, &inventory, []) else {
            panic!("it needs reads");
        };
        let nothing = |query| (query, Vec::new().into());
        let answers: Vec<_> = open.iter().cloned().map(nothing).collect();
        let exceeded = review.next(&Budget::of(1), &inventory, answers);
        assert!(
            matches!(exceeded, Err(ReviewError::Exceeded(_))),
            "{exceeded:?}"
        );
        match review.next(&unlimited, &inventory, []) {
            Ok(Step::Read(next)) => assert!(next.is_disjoint(&open), "{next:?}"),
            Ok(Step::Done(_)) => (),
            Err(error) => panic!("{error}"),
        }
    }
}
