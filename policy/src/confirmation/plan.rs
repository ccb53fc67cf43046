//! The queries of one review as they are collected; the other files of this room ask them.

use std::collections::BTreeSet;

use super::index;
use super::live_query::LiveQuery;
use super::reads::Reads;
use super::selected_pods::PodSelection;
use crate::budget::Budget;
use crate::configuration::Configuration;
use crate::identity::ObjectKey;
use crate::inventory::{Inventory, Overlay, Premise, Premises, World};
use crate::objects::Object;
use crate::rules::Mode;
use crate::verdict::{Judged, Verdict};

/// The queries of one review as they are collected.
pub(super) struct Plan<'a> {
    pub(super) budget: &'a Budget,
    pub(super) inventory: &'a Inventory,
    /// The reads, and over them the object under review.
    pub(super) overlay: &'a Overlay,
    pub(super) reads: &'a Reads,
    pub(super) configuration: &'a Configuration,
    pub(super) subject: &'a ObjectKey,
    /// The subject as it was.
    pub(super) old: Option<&'a Object>,
    /// Whether what is watched has arrived, so that only the rest is asked about.
    pub(super) believes_watches: bool,
    /// The Pods that were asked about, and how many such selections may be.
    pub(super) selections: BTreeSet<PodSelection>,
    pub(super) most_selections: usize,
    pub(super) open: BTreeSet<LiveQuery>,
}

impl<'a> Plan<'a> {
    pub(super) fn world(&self) -> World<'a> {
        World::with_overlay(self.inventory, self.overlay).within(self.budget)
    }

    /// What `look` sees, with the premises of it.
    pub(super) fn recorded<T>(&self, look: impl FnOnce(&World<'a>) -> T) -> (T, Premises) {
        let world = self.world().recording();
        let seen = look(&world);
        (seen, world.into_premises())
    }

    /// Asks, unless it is answered or is the object under review, which nobody has to read. Returns whether the answer is
    /// there.
    pub(super) fn ask(&mut self, query: LiveQuery) -> bool {
        let is_known = match &query {
            LiveQuery::Object(key) if key == self.subject => true,
            _ => self.believes_watches && query.is_watched(),
        };
        if is_known || self.reads.answers(&query) {
            return true;
        }
        self.open.insert(query);
        false
    }

    pub(super) fn ask_premises(&mut self, premises: Premises) {
        for premise in premises {
            match premise {
                Premise::Object(key) => {
                    self.ask(LiveQuery::Object(key));
                }
                Premise::Index(key) => {
                    for query in index::queries(&key) {
                        self.ask(query);
                    }
                }
            }
        }
    }

    /// Everything on a path that denies, or would if it had not been there before, is read, however it was found.
    pub(super) fn ask_about_denials(&mut self, verdict: &Verdict) {
        for judged in denials(verdict) {
            for key in &judged.finding.participants {
                self.ask(LiveQuery::Object(key.clone()));
            }
        }
    }
}

/// The findings that deny, or would if their path had not been there before.
fn denials(verdict: &Verdict) -> impl Iterator<Item = &Judged> {
    let findings = verdict.findings.iter();
    findings.filter(|judged| judged.severity == Mode::Deny)
}

pub(super) fn may_deny(verdict: &Verdict) -> bool {
    denials(verdict).next().is_some()
}
