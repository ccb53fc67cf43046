//! The front's end of a path, and the gateway's end where the front's is in sight.

use super::index::BINDINGS;
use super::live_query::LiveQuery;
use super::plan::Plan;
use crate::fronts::{self, Destination, Provisioning, Target};
use crate::gateways::service::Backends;
use crate::identity::ObjectKey;
use crate::inventory::Scope;
use crate::objects::Object;
use crate::paths;

impl Plan<'_> {
    /// Asks about one front: about its load balancer where it may route to a gateway, about what it routes to where it may
    /// make an ALB.
    pub(super) fn ask_about_front(&mut self, object: &Object) {
        let aws = &self.configuration.aws;
        let (front, of_making) = self.recorded(|world| fronts::of_object(world, aws, object));
        let Some(front) = front else {
            return;
        };
        let destinations = fronts::destinations(object);
        let istio = &self.configuration.istio;
        let mut open_target_groups = Vec::new();
        let (legs, _) = self
            .recorded(|world| paths::legs(world, istio, &destinations, &mut open_target_groups));
        let may_be_gateways = legs
            .iter()
            .any(|leg| leg.reach.backends != Backends::Ordinary)
            || !open_target_groups.is_empty();
        let may_be_alb = front.provisioning != Provisioning::Nothing;
        if may_be_gateways {
            self.ask_premises(of_making);
        }
        if may_be_alb {
            self.ask_about_target_groups(&destinations);
            for leg in &legs {
                if self.budget.is_spent() {
                    return;
                }
                self.ask_about_service(&leg.reach);
            }
        }
        if may_be_alb && may_be_gateways {
            self.ask(LiveQuery::Object(object.key.clone()));
        }
    }

    /// The bindings of target groups, where a front forwards to one.
    fn ask_about_target_groups(&mut self, destinations: &[Destination]) {
        let is_group = |to: &Destination| matches!(to.target, Target::TargetGroup(_));
        if destinations.iter().any(is_group) {
            for kind in BINDINGS {
                self.ask(LiveQuery::Objects(kind, Scope::Cluster));
            }
        }
    }

    /// The front of a key, as far as it is known.
    pub(super) fn ask_about_front_of(&mut self, key: &ObjectKey) {
        if let Some(front) = self.world().get(key) {
            self.ask_about_front(front);
        }
    }
}
