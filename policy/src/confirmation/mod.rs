//! Read your writes: what has to be read from the cluster itself before a verdict may be given.
//!
//! A watch lags behind the writes by milliseconds, and `kubectl apply -f` writes Service and Ingress faster than that. What
//! the inventory does not know may exist, and what it knows may be gone. So a verdict in which one end of a path is in
//! sight rests on live reads of the other end:
//!
//! ```text
//! questions(inventory, reads, change) ──▶ none: review_over(inventory, reads, change) is the verdict
//!        ▲                           └──▶ some: whoever can read the cluster answers them
//!        └────────────── Reads::answer ◀────────┘
//! ```
//!
//! An end is *in sight* unless what is known excludes it: an Ingress of a known class of another controller makes no ALB, a
//! Service that has been selecting a known ordinary workload is no gateway's. One that selects it since this change has it
//! read by name first: what was ordinary a moment ago may have made way for a gateway. With neither end in sight nothing is
//! read, and that is nearly every review. `front` asks about the front's end, `service` about the gateway's, `subject` about
//! the fronts that a change of anything else joins to it.

mod front;
mod index;
mod service;
#[cfg(test)]
mod stale_tests;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::budget::{Budget, BudgetExceeded};
use crate::configuration::{Configuration, Date};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{Inventory, Overlay, Premise, Premises, Scope, World};
use crate::objects::Object;
use crate::rules::Mode;
use crate::verdict::{Change, review_within};

/// Something to be read from the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The object of this key, or its absence.
    Object(ObjectKey),
    /// All objects of a kind. Of EndpointSlices those that no endpoint slice controller made.
    Objects(Kind, Scope),
    /// The Pods of a namespace with this label: (namespace, key, value).
    Pods(Arc<str>, Arc<str>, Arc<str>),
    /// The Services of type `ExternalName` of all namespaces: few among many.
    Aliases,
}

/// What was found for a question: nothing where there is nothing.
pub type Answer = (Question, Vec<Object>);

/// What was read from the cluster for one review.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    overlay: Overlay,
    answered: BTreeSet<Question>,
}

impl Reads {
    /// Nothing was read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the answer to a question. An object that no rule reads is no object.
    pub fn answer(&mut self, (question, objects): Answer) {
        match &question {
            Question::Object(key) => match objects.into_iter().next() {
                Some(object) => self.overlay.put(object),
                None => self.overlay.hide(key.clone()),
            },
            Question::Objects(kind, scope) => self.overlay.replace(*kind, scope, objects),
            Question::Pods(..) | Question::Aliases => {
                for object in objects {
                    self.overlay.put(object);
                }
            }
        }
        self.answered.insert(question);
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answered.is_empty()
    }

    /// What to put over the inventory.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    fn answers(&self, question: &Question) -> bool {
        self.answered.contains(question)
            || match question {
                Question::Object(key) => self.overlay.replaces(key.kind, &Scope::of(key)),
                Question::Objects(kind, scope) => self.overlay.replaces(*kind, scope),
                Question::Pods(..) => false,
                Question::Aliases => self.overlay.replaces(Kind::Service, &Scope::Cluster),
            }
    }
}

/// What is still to be read before the verdict on a change may be given; nothing, if `reads` answers all.
/// For those who choose themselves what is judged: it takes as long as it takes.
#[must_use]
pub fn questions(
    inventory: &Inventory,
    reads: &Reads,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> BTreeSet<Question> {
    let budget = Budget::unlimited();
    all_questions(&budget, inventory, reads, configuration, change, today)
}

/// The same within a budget.
///
/// # Errors
///
/// It takes more steps than there are.
pub fn questions_within(
    budget: &Budget,
    inventory: &Inventory,
    reads: &Reads,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Result<BTreeSet<Question>, BudgetExceeded> {
    let questions = all_questions(budget, inventory, reads, configuration, change, today);
    budget.within(questions)
}

fn all_questions(
    budget: &Budget,
    inventory: &Inventory,
    reads: &Reads,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> BTreeSet<Question> {
    let is_tolerant = change.new.is_terminating || configuration.ratchet.holds(today);
    let is_same = |old: &Object| old.facts == change.new.facts;
    if is_tolerant && change.old.as_ref().is_some_and(is_same) {
        return BTreeSet::new();
    }
    let plan = |of: &Change| {
        let judged = of.judged();
        let overlay = reads.overlay.clone().under(judged.clone());
        let mut plan = Plan {
            budget,
            inventory,
            overlay: &overlay,
            reads,
            configuration,
            subject: &judged.key,
            old: of.old.as_ref(),
            open: BTreeSet::new(),
        };
        plan.ask_about_subject(&judged);
        let may_deny = plan.open.is_empty() && plan.ask_about_denials(of, today);
        (plan.open, may_deny)
    };
    let (open, may_deny) = plan(change);
    match &change.old {
        // Whether a path was there before decides as well.
        Some(old) if is_tolerant && may_deny && open.is_empty() => {
            let before = Change {
                new: old.clone(),
                old: None,
            };
            plan(&before).0
        }
        _ => open,
    }
}

/// The questions of one review as they are collected.
struct Plan<'a> {
    budget: &'a Budget,
    inventory: &'a Inventory,
    /// The reads, and over them the object under review.
    overlay: &'a Overlay,
    reads: &'a Reads,
    configuration: &'a Configuration,
    subject: &'a ObjectKey,
    /// The subject as it was.
    old: Option<&'a Object>,
    open: BTreeSet<Question>,
}

impl<'a> Plan<'a> {
    fn world(&self) -> World<'a> {
        World::with_overlay(self.inventory, self.overlay).within(self.budget)
    }

    /// What `look` sees, with the premises of it.
    fn recorded<T>(&self, look: impl FnOnce(&World<'a>) -> T) -> (T, Premises) {
        let world = self.world().recording();
        let seen = look(&world);
        (seen, world.into_premises())
    }

    /// Asks, unless it is answered or is the object under review, which nobody has to read. Returns whether the answer is
    /// there.
    fn ask(&mut self, question: Question) -> bool {
        let is_known = match &question {
            Question::Object(key) => key == self.subject,
            _ => false,
        };
        if is_known || self.reads.answers(&question) {
            return true;
        }
        self.open.insert(question);
        false
    }

    fn ask_premises(&mut self, premises: Premises) {
        for premise in premises {
            match premise {
                Premise::Object(key) => {
                    self.ask(Question::Object(key));
                }
                Premise::Index(key) => {
                    for question in index::questions(&key) {
                        self.ask(question);
                    }
                }
            }
        }
    }

    /// Everything on a path that denies, or would if it had not been there before, is read, however it was found. Returns
    /// whether there is any.
    fn ask_about_denials(&mut self, change: &Change, today: Date) -> bool {
        let verdict = review_within(
            self.budget,
            self.inventory,
            self.reads.overlay(),
            self.configuration,
            change,
            today,
        );
        // Where the budget is spent, no question counts.
        let verdict = verdict.unwrap_or_default();
        let denials = verdict.findings.iter();
        let mut denials = denials
            .filter(|judged| judged.severity == Mode::Deny)
            .peekable();
        let may_deny = denials.peek().is_some();
        for judged in denials {
            for key in &judged.finding.participants {
                self.ask(Question::Object(key.clone()));
            }
        }
        may_deny
    }
}
