//! Gateways of Network Load Balancers with a listener that ends TLS. In a cluster bindings alone say where it leads.

use std::sync::Arc;

use super::index::BINDINGS;
use super::live_query::LiveQuery;
use super::plan::Plan;
use crate::fronts::aws::NETWORK_GATEWAY_CONTROLLER;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::Scope;
use crate::objects::Facts;
use crate::objects::gateway_api::Gateway;
use crate::paths::affected::Affected;
use crate::paths::network_gateway::tls_legs;

impl Plan<'_> {
    /// Asks about every Gateway that a change may give a part in, and about what is behind the bindings made for it.
    pub(super) fn ask_about_network_gateways(&mut self, affected: &Affected) {
        let gateways = affected.services.iter();
        for key in gateways.filter(|key| key.kind == Kind::Gateway) {
            if self.ask(LiveQuery::Object(key.clone())) {
                self.ask_about_network_gateway(key);
            }
        }
    }

    fn ask_about_network_gateway(&mut self, key: &ObjectKey) {
        let world = self.world();
        let Some(object) = world.get(key) else {
            return;
        };
        let Facts::Gateway(gateway) = &object.facts else {
            return;
        };
        if gateway.tls.is_none() || !self.ask(LiveQuery::Object(class_of(gateway))) {
            return;
        }
        if !self.is_network_gateway(gateway) {
            return;
        }
        // A Service under review knows its own bindings.
        if self.subject.kind != Kind::Service {
            for kind in BINDINGS {
                self.ask(LiveQuery::Objects(kind, Scope::Cluster));
            }
        }
        for leg in tls_legs(&world, &self.configuration.istio, object) {
            self.ask_about_service(&leg.reach);
        }
    }

    /// Whether a Gateway has a listener that ends TLS at a Network Load Balancer, as far as its class is known.
    pub(super) fn is_network_gateway(&self, gateway: &Gateway) -> bool {
        gateway.tls.is_some()
            && matches!(self.world().facts(&class_of(gateway)), Some(Facts::GatewayClass(class))
                if *class.controller == *NETWORK_GATEWAY_CONTROLLER)
    }
}

fn class_of(gateway: &Gateway) -> ObjectKey {
    ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class))
}
