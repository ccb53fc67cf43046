//! What exists, judged as it stands: only what no watch follows is read.
//!
//! A review comes faster than a watch. The audit does not: what is watched has arrived, and what arrives later makes it judge
//! again. But Pods, their ReplicaSets and Namespaces are not watched, so they are asked for as for a review.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::live_query::{LiveQuery, LiveRead};
use super::plan::Plan;
use super::reads::Reads;
use crate::budget::Budget;
use crate::configuration::{Configuration, Date};
use crate::gateways::service::reach;
use crate::inventory::{Inventory, World};
use crate::objects::{Facts, Object};
use crate::paths::network_gateway::tls_legs;
use crate::verdict::{Verdict, evaluate_each};

/// The judgement of objects as they stand in the inventory, with what was read for them so far. The inventory is believed in
/// every kind that is watched.
#[derive(Clone, Debug)]
pub struct Audit<'a> {
    configuration: &'a Configuration,
    today: Date,
    reads: Reads,
}

impl<'a> Audit<'a> {
    /// An audit for which nothing was read yet.
    #[must_use]
    pub fn new(configuration: &'a Configuration, today: Date) -> Self {
        Self {
            configuration,
            today,
            reads: Reads::default(),
        }
    }

    /// What is still to be read before an object may be judged; nothing, if what was read answers all.
    #[must_use]
    pub fn queries(&self, inventory: &Inventory, object: &Object) -> BTreeSet<LiveQuery> {
        let mut plan = Plan {
            budget: &Budget::unlimited(),
            inventory,
            overlay: self.reads.overlay(),
            reads: &self.reads,
            configuration: self.configuration,
            subject: &object.key,
            old: None,
            believes_watches: true,
            selections: BTreeSet::new(),
            most_selections: usize::MAX,
            open: BTreeSet::new(),
        };
        plan.ask_for_audit(object);
        plan.open
    }

    /// Takes in what was found for queries.
    pub fn take(&mut self, results: impl IntoIterator<Item = LiveRead>) {
        for result in results {
            self.reads.answer(result);
        }
    }

    /// The verdict on these objects, as far as what was read goes.
    #[must_use]
    pub fn verdict<'i>(
        &'i self,
        inventory: &'i Inventory,
        objects: impl IntoIterator<Item = &'i Object>,
    ) -> Verdict {
        let world = World::with_overlay(inventory, self.reads.overlay());
        evaluate_each(&world, self.configuration, objects, self.today)
    }
}

impl Plan<'_> {
    /// Asks about what is behind an object that a rule judges. What it has part in is judged by itself.
    fn ask_for_audit(&mut self, object: &Object) {
        let istio = &self.configuration.istio;
        match &object.facts {
            Facts::Service(service) if service.load_balancer.is_some() => {
                let key = &object.key;
                let own = (Arc::clone(&key.namespace), Arc::clone(&key.name));
                let way = reach(&self.world(), istio, &own);
                self.ask_about_service(&way);
            }
            Facts::Gateway(_) | Facts::ListenerSet(_) => {
                for leg in tls_legs(&self.world(), istio, object) {
                    self.ask_about_service(&leg.reach);
                }
            }
            _ => self.ask_about_front(object),
        }
    }
}
