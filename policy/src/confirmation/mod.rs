//! Read your writes: what has to be read from the cluster itself before a verdict may be given.
//!
//! A watch lags behind the writes by milliseconds, and `kubectl apply -f` writes Service and Ingress faster than that. What
//! the inventory does not know may exist, and what it knows may be gone. So a verdict in which one end of a path is in
//! sight rests on live reads of the other end:
//!
//! ```text
//! Review::next(inventory, results) ──▶ Done: the verdict
//!        ▲                         └─▶ Read: whoever can read the cluster answers the questions
//!        └───────── results ◀──────────────────┘
//! ```
//!
//! An end is *in sight* unless what is known excludes it: an Ingress of a known class of another controller makes no ALB, a
//! Service that has been selecting a known ordinary workload is no gateway's. One that selects it since this change has it
//! read by name first: what was ordinary a moment ago may have made way for a gateway. With neither end in sight nothing is
//! read, and that is nearly every review. `front` asks about the front's end, `service` about the gateway's, `pods` whether
//! Pods are what their templates say, `subject` about the fronts that a change of anything else joins to it.

mod before;
mod front;
mod index;
mod network_gateway;
mod pods;
#[cfg(test)]
mod pods_tests;
mod review;
mod selected_pods;
mod service;
#[cfg(test)]
mod stale_tests;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use review::{Review, ReviewError, Step};
pub use selected_pods::{PodSelection, SelectedPods};

use crate::budget::{Budget, BudgetExceeded};
use crate::configuration::{Configuration, Date};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{Inventory, Overlay, Premise, Premises, Scope, World};
use crate::objects::{Facts, Object};
use crate::rules::Mode;
use crate::verdict::{Change, Judged, Verdict, review_within};

/// Something to be read from the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The object of this key, or its absence.
    Object(ObjectKey),
    /// All objects of a kind. Of EndpointSlices those that no endpoint slice controller made.
    Objects(Kind, Scope),
    /// These Pods, whole, except those that have ended: all that may be gateways, and of the others at least one.
    Pods(PodSelection),
    /// The same by their metadata, as a cache of the API server has it.
    PodMetadata(PodSelection),
    /// The ReplicaSet of this key, or its absence, also where it is a revision of another workload.
    Revision(ObjectKey),
    /// The Services of type `ExternalName` of all namespaces: few among many.
    Aliases,
}

impl Question {
    /// The kind of what is asked for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Object(key) | Self::Revision(key) => key.kind,
            Self::Objects(kind, _) => *kind,
            Self::Pods(_) | Self::PodMetadata(_) => Kind::Pod,
            Self::Aliases => Kind::Service,
        }
    }
}

/// What was found for a question.
#[derive(Clone, Debug)]
pub enum LiveResult {
    /// Objects; none where there is nothing.
    Objects(Vec<Object>),
    /// What the metadata of Pods shows.
    Pods(SelectedPods),
}

impl LiveResult {
    /// The objects that were found.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        match self {
            Self::Objects(objects) => objects,
            Self::Pods(_) => &[],
        }
    }
}

impl From<Vec<Object>> for LiveResult {
    fn from(objects: Vec<Object>) -> Self {
        Self::Objects(objects)
    }
}

/// A question, and what was found for it.
pub type Answer = (Question, LiveResult);

/// What was read from the cluster for one review.
#[derive(Clone, Debug, Default)]
struct Reads {
    overlay: Overlay,
    answered: BTreeSet<Question>,
    /// What metadata shows is no part of the world: it says which Pods have to be read.
    pods: BTreeMap<PodSelection, SelectedPods>,
    /// Nor are revisions: only of those that have Pods it matters what they are.
    revisions: BTreeMap<ObjectKey, Facts>,
}

impl Reads {
    /// Takes in the answer to a question. An object that no rule reads is no object.
    fn answer(&mut self, (question, result): Answer) {
        let objects = match (&question, result) {
            (Question::PodMetadata(selection), LiveResult::Pods(pods)) => {
                self.pods.insert(selection.clone(), pods);
                self.answered.insert(question);
                return;
            }
            (_, LiveResult::Objects(objects)) => objects,
            // It answers nothing that was asked.
            (_, LiveResult::Pods(_)) => return,
        };
        match &question {
            Question::Object(key) => match objects.into_iter().next() {
                Some(object) => self.overlay.put(object),
                None => self.overlay.hide(key.clone()),
            },
            Question::Objects(kind, scope) => self.overlay.replace(*kind, scope, objects),
            Question::Revision(key) => {
                if let Some(object) = objects.into_iter().next() {
                    self.revisions.insert(key.clone(), object.facts);
                }
            }
            Question::Pods(_) | Question::PodMetadata(_) | Question::Aliases => {
                for object in objects {
                    self.answered.insert(Question::Object(object.key.clone()));
                    self.overlay.put(object);
                }
            }
        }
        self.answered.insert(question);
    }

    /// What to put over the inventory.
    fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// The Pods of a selection by their metadata, if they were asked for.
    fn pods(&self, selection: &PodSelection) -> Option<&SelectedPods> {
        self.pods.get(selection)
    }

    /// A ReplicaSet that was asked for as a revision.
    fn revision(&self, key: &ObjectKey) -> Option<&Facts> {
        self.revisions.get(key)
    }

    fn answers(&self, question: &Question) -> bool {
        self.answered.contains(question)
            || match question {
                Question::Object(key) => self.overlay.replaces(key.kind, &Scope::of(key)),
                Question::Objects(kind, scope) => self.overlay.replaces(*kind, scope),
                Question::Pods(_) | Question::PodMetadata(_) | Question::Revision(_) => false,
                Question::Aliases => self.overlay.replaces(Kind::Service, &Scope::Cluster),
            }
    }
}

/// The next step of a review: its verdict, or what has to be read first.
fn step(
    budget: &Budget,
    inventory: &Inventory,
    reads: &Reads,
    configuration: &Configuration,
    change: &Change,
    today: Date,
) -> Result<Step, BudgetExceeded> {
    let judged = |change: &Change| {
        let overlay = reads.overlay();
        review_within(budget, inventory, overlay, configuration, change, today)
    };
    let is_tolerant = change.new.is_terminating || configuration.ratchet.holds(today);
    let is_same = |old: &Object| old.facts == change.new.facts;
    if is_tolerant && change.old.as_ref().is_some_and(is_same) {
        return judged(change).map(Step::Done);
    }
    let begun = |of: &Change, most_selections: usize| {
        let subject = of.judged();
        let overlay = reads.overlay.clone().under(subject.clone());
        let mut plan = Plan {
            budget,
            inventory,
            overlay: &overlay,
            reads,
            configuration,
            subject: &subject.key,
            old: of.old.as_ref(),
            selections: BTreeSet::new(),
            most_selections,
            open: BTreeSet::new(),
        };
        plan.ask_about_subject(&subject);
        if !plan.open.is_empty() {
            return budget.within(Step::Read(plan.open));
        }
        let verdict = judged(of)?;
        plan.ask_about_denials(&verdict);
        if plan.open.is_empty() {
            Ok(Step::Done(verdict))
        } else {
            Ok(Step::Read(plan.open))
        }
    };
    let verdict = match begun(change, pods::most_selections(change.new.key.kind))? {
        Step::Done(verdict) if is_tolerant && may_deny(&verdict) => verdict,
        step => return Ok(step),
    };
    // Whether a path was there before decides as well.
    let open = match &change.old {
        Some(old) => {
            let before = Change {
                new: old.clone(),
                old: None,
            };
            // Pods that were not looked at for the new path are on no old one that is the same.
            match begun(&before, 0)? {
                Step::Read(open) => open,
                Step::Done(_) => BTreeSet::new(),
            }
        }
        None => before::questions(budget, inventory, reads, configuration, change),
    };
    budget.within(if open.is_empty() {
        Step::Done(verdict)
    } else {
        Step::Read(open)
    })
}

/// The findings that deny, or would if their path had not been there before.
fn denials(verdict: &Verdict) -> impl Iterator<Item = &Judged> {
    let findings = verdict.findings.iter();
    findings.filter(|judged| judged.severity == Mode::Deny)
}

fn may_deny(verdict: &Verdict) -> bool {
    denials(verdict).next().is_some()
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
    /// The Pods that were asked about, and how many such selections may be.
    selections: BTreeSet<PodSelection>,
    most_selections: usize,
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

    /// Everything on a path that denies, or would if it had not been there before, is read, however it was found.
    fn ask_about_denials(&mut self, verdict: &Verdict) {
        for judged in denials(verdict) {
            for key in &judged.finding.participants {
                self.ask(Question::Object(key.clone()));
            }
        }
    }
}
