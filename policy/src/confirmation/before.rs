//! The world before a creation, which decides whether what the creation shows was there already.

use std::collections::BTreeSet;

use super::live_query::LiveQuery;
use super::plan::Plan;
use super::reads::Reads;
use crate::budget::Budget;
use crate::configuration::Configuration;
use crate::gateways::service::reach_from;
use crate::inventory::{Inventory, World};
use crate::objects::Facts;
use crate::paths::affected::Affected;
use crate::verdict::{Change, before, of_affected};

/// What has to be read before it can be told which of a creation's paths were there without it.
pub(super) fn queries(
    budget: &Budget,
    inventory: &Inventory,
    reads: &Reads,
    configuration: &Configuration,
    change: &Change,
) -> BTreeSet<LiveQuery> {
    let created = reads.overlay().clone().under(change.new.clone());
    let mut affected = Affected::default();
    affected.add(
        &World::with_overlay(inventory, &created).within(budget),
        &change.new,
    );
    let overlay = before(change, reads.overlay());
    let mut plan = Plan {
        budget,
        inventory,
        overlay: &overlay,
        reads,
        configuration,
        subject: &change.new.key,
        old: None,
        believes_watches: false,
        selections: BTreeSet::new(),
        // Pods that were not looked at for the new path are on no old one that is the same.
        most_selections: 0,
        open: BTreeSet::new(),
    };
    plan.ask_about_standing(&affected);
    plan.open
}

impl Plan<'_> {
    /// Asks about fronts and Services that stand without the object under review, and about every path of theirs.
    fn ask_about_standing(&mut self, affected: &Affected) {
        for front in &affected.fronts {
            self.ask_about_front_of(front);
        }
        self.ask_about_network_gateways(affected);
        for key in &affected.services {
            let is_front = matches!(self.world().facts(key), Some(Facts::Service(service)) if service.load_balancer.is_some());
            if is_front {
                let way = reach_from(&self.world(), &self.configuration.istio, key.clone());
                self.ask_about_service(&way);
            }
        }
        let verdict = of_affected(&self.world(), self.configuration, affected);
        for judged in &verdict.findings {
            for key in &judged.finding.participants {
                self.ask(LiveQuery::Object(key.clone()));
            }
        }
    }
}
