//! What a change joins: the fronts and Services that the object under review can have part in.

use std::sync::Arc;

use super::{Plan, Question};
use crate::gateways::evidence::BUILT_IN_CLASSES;
use crate::gateways::service::{Behind, reach};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{Premise, Scope};
use crate::objects::gateway_api::Gateway;
use crate::objects::service::Service;
use crate::objects::target_group_binding::Protocol;
use crate::objects::{Facts, Object};
use crate::paths::affected::Affected;

impl Plan<'_> {
    /// Asks about the object under review and everything known that it can have part in.
    pub(super) fn ask_about_subject(&mut self, subject: &Object) {
        let (affected, joined) = self.recorded(|world| {
            let mut affected = Affected::default();
            affected.add(world, subject);
            affected
        });
        if self.is_in_sight(subject) {
            let joined = joined.into_iter();
            let indexes = joined.filter(|premise| matches!(premise, Premise::Index(_)));
            self.ask_premises(indexes.collect());
        }
        for front in &affected.fronts {
            self.ask_about_front_of(front);
        }
    }

    /// Whether fronts that are not known may matter to the change.
    fn is_in_sight(&mut self, subject: &Object) -> bool {
        let key = &subject.key;
        match &subject.facts {
            Facts::Ingress(_)
            | Facts::Route(_)
            | Facts::IngressClassParams(_)
            | Facts::Workload(_)
            | Facts::Endpoints(_)
            | Facts::IstioGateway(_) => false,
            Facts::TargetGroupBinding(binding) => {
                let service = (Arc::clone(&key.namespace), Arc::clone(&binding.service));
                binding.protocol != Protocol::Network && self.may_be_gateways(&service)
            }
            Facts::Service(service) => self.is_service_in_sight(key, service),
            Facts::IngressClass(class) => self
                .configuration
                .aws
                .is_ingress_controller(&class.controller),
            Facts::GatewayClass(class) => {
                self.configuration
                    .aws
                    .is_gateway_controller(&class.controller)
                    || self.configuration.istio.makes_gateways(&class.controller)
            }
            Facts::Gateway(gateway) => {
                let is_in_sight = self.is_gateway_in_sight(gateway);
                if is_in_sight {
                    // Those that select the Pods that are made for it.
                    self.ask(Question::Objects(Kind::Service, Scope::of(key)));
                }
                is_in_sight
            }
            Facts::ListenerSet(set) => {
                let (namespace, name) = &set.gateway;
                let parent = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), Arc::clone(name));
                let world = self.world();
                if let Some(Facts::Gateway(gateway)) = world.facts(&parent) {
                    return self.is_gateway_in_sight(gateway);
                }
                self.ask(Question::Object(parent));
                false
            }
        }
    }

    fn may_be_gateways(&self, service: &ServiceKey) -> bool {
        reach(&self.world(), &self.configuration.istio, service).behind != Behind::Ordinary
    }

    /// A gateway's Service. What is behind it is asked first: most Services that are new have no workload yet, and the
    /// fronts that may name one stand in every namespace. It is asked also where an ordinary workload is known, if the
    /// Service is a front by itself (by what it asks its own load balancer to be) or an alias.
    fn is_service_in_sight(&mut self, key: &ObjectKey, service: &Service) -> bool {
        let own = (Arc::clone(&key.namespace), Arc::clone(&key.name));
        let istio = &self.configuration.istio;
        let way = reach(&self.world(), istio, &own);
        let is_end_by_itself = service.load_balancer.is_some() || service.external_name.is_some();
        if way.behind == Behind::Ordinary && !is_end_by_itself {
            return false;
        }
        self.ask_about_service(&way);
        if !self.open.is_empty() || way.confidence().is_none() {
            return false;
        }
        // They may stand in any namespace.
        self.ask(Question::Aliases);
        true
    }

    /// A Gateway whose class is an ALB's, Istio's, or not known: that one is asked first.
    fn is_gateway_in_sight(&mut self, gateway: &Gateway) -> bool {
        let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
        let world = self.world();
        match world.facts(&class) {
            Some(Facts::GatewayClass(class)) => {
                self.configuration
                    .aws
                    .is_gateway_controller(&class.controller)
                    || self.configuration.istio.makes_gateways(&class.controller)
            }
            _ if BUILT_IN_CLASSES.contains(&&*gateway.class) => true,
            _ => {
                self.ask(Question::Object(class));
                false
            }
        }
    }
}
