//! What a change joins: the fronts and Services that the object under review can have part in.

use std::sync::Arc;

use super::index::TEMPLATES;
use super::live_query::LiveQuery;
use super::plan::Plan;
use super::pods::with_label;
use crate::configuration::Configuration;
use crate::fronts::aws::NETWORK_GATEWAY_CONTROLLER;
use crate::gateways::kind;
use crate::gateways::service::{Backends, reach};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, Premise, Scope};
use crate::objects::gateway_api::{Gateway, GatewayClass};
use crate::objects::service::Service;
use crate::objects::target_group_binding::Protocol;
use crate::objects::workload::GATEWAY_NAME_LABELS;
use crate::objects::{Facts, Object};
use crate::paths::affected::Affected;

/// Of at most so many Gateways of one class the Pods are asked for that no template made.
const FEW_GATEWAYS: usize = 16;

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
            self.ask_about_network_gateways(&affected);
        }
        for front in &affected.fronts {
            if self.budget.is_spent() {
                return;
            }
            self.ask_about_front_of(front);
        }
    }

    /// Whether fronts that are not known may matter to the change.
    fn is_in_sight(&mut self, subject: &Object) -> bool {
        let key = &subject.key;
        match &subject.facts {
            Facts::Ingress(_)
            | Facts::Route(_)
            | Facts::StreamRoute(_)
            | Facts::IngressClassParams(_)
            | Facts::Workload(_)
            | Facts::Namespace(_)
            | Facts::Endpoints(_)
            | Facts::IstioGateway(_)
            | Facts::IstioOperator(_) => false,
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
                if self.configuration.istio.makes_gateways(&class.controller) {
                    self.ask_about_made_for_class(&key.name);
                }
                self.makes_ends(class) || *class.controller == *NETWORK_GATEWAY_CONTROLLER
            }
            Facts::Gateway(gateway) => {
                let is_in_sight = self.is_gateway_in_sight(gateway);
                if is_in_sight && self.may_be_istios(gateway) {
                    self.ask_about_made_for(key);
                    self.ask_about_pods_of(key);
                }
                is_in_sight
            }
            Facts::ListenerSet(set) => {
                let (namespace, name) = &set.gateway;
                let parent = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), Arc::clone(name));
                if !self.ask(LiveQuery::Object(parent.clone())) {
                    return false;
                }
                match self.world().facts(&parent) {
                    Some(Facts::Gateway(gateway)) => self.is_gateway_in_sight(gateway),
                    _ => false,
                }
            }
        }
    }

    fn may_be_gateways(&self, service: &ServiceKey) -> bool {
        reach(&self.world(), &self.configuration.istio, service).backends != Backends::Ordinary
    }

    /// Whether Gateways of a class are one end of a path or the other.
    fn makes_ends(&self, class: &GatewayClass) -> bool {
        let Configuration { aws, istio, .. } = self.configuration;
        aws.is_gateway_controller(&class.controller) || istio.makes_gateways(&class.controller)
    }

    /// What the Gateways of one of Istio's classes are made of; which these are is asked first. Pods cannot be read by one
    /// list, as other kinds are of very many namespaces.
    fn ask_about_made_for_class(&mut self, class: &Arc<str>) {
        if !self.ask(LiveQuery::Objects(Kind::Gateway, Scope::Cluster)) {
            return;
        }
        let world = self.world();
        let of_class = IndexKey::OfGatewayClass(Arc::clone(class));
        let gateways = world.find(&of_class);
        let keys: Vec<ObjectKey> = gateways.map(|gateway| gateway.key.clone()).collect();
        for key in &keys {
            self.ask_about_made_for(key);
            if keys.len() <= FEW_GATEWAYS {
                self.ask_about_pods_of(key);
            }
        }
    }

    /// The workloads that bear a Gateway's name in a label, which its class makes gateways, and the Services that select
    /// them, by that label or another one. Aliases of these may stand in any namespace, and fronts beside them.
    fn ask_about_made_for(&mut self, gateway: &ObjectKey) {
        for kind in TEMPLATES.into_iter().chain([Kind::Service]) {
            self.ask(LiveQuery::Objects(kind, Scope::of(gateway)));
        }
        self.ask(LiveQuery::Aliases);
    }

    /// The same of Pods that no template made.
    fn ask_about_pods_of(&mut self, gateway: &ObjectKey) {
        for label in GATEWAY_NAME_LABELS {
            let named = with_label(&gateway.namespace, label, &gateway.name);
            self.ask(LiveQuery::Pods(named));
        }
    }

    /// A gateway's Service. What is behind it is asked first: most Services that are new have no workload yet, and the
    /// fronts that may name one stand in every namespace. Where an ordinary workload is known, it is asked for (by name)
    /// only if the Service selects it since this change, is a front by itself (by what it asks its own load balancer to
    /// be) or an alias: a front that is known asks by itself, and one that is not was judged when it was written.
    fn is_service_in_sight(&mut self, key: &ObjectKey, service: &Service) -> bool {
        let own = (Arc::clone(&key.namespace), Arc::clone(&key.name));
        let istio = &self.configuration.istio;
        let way = reach(&self.world(), istio, &own);
        let is_end_by_itself = service.load_balancer.is_some() || service.external_name.is_some();
        let is_settled = way.backends == Backends::Ordinary && !self.selects_anew(service);
        if is_settled && !is_end_by_itself {
            return false;
        }
        self.ask_about_service(&way);
        if !self.open.is_empty() || way.confidence().is_none() {
            return false;
        }
        // They may stand in any namespace.
        self.ask(LiveQuery::Aliases);
        true
    }

    /// Whether a Gateway's workloads are gateways, as far as its class says.
    fn may_be_istios(&self, gateway: &Gateway) -> bool {
        let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
        match self.world().facts(&class) {
            Some(Facts::GatewayClass(class)) => {
                self.configuration.istio.makes_gateways(&class.controller)
            }
            _ => self.configuration.istio.has_built_in_class(&gateway.class),
        }
    }

    /// Whether a Service under review selects other workloads than before.
    fn selects_anew(&self, service: &Service) -> bool {
        let Some(Facts::Service(old)) = self.old.map(|old| &old.facts) else {
            return true;
        };
        let decides = |service: &Service| {
            let is_alias = service.external_name.is_some();
            (is_alias, kind::is_east_west_by_ports(service))
        };
        old.selector != service.selector || decides(old) != decides(service)
    }

    /// A Gateway whose class is an ALB's or Istio's. That is asked first, known or not: what it leads to is read by lists.
    fn is_gateway_in_sight(&mut self, gateway: &Gateway) -> bool {
        let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
        if !self.ask(LiveQuery::Object(class.clone())) {
            return false;
        }
        match self.world().facts(&class) {
            Some(Facts::GatewayClass(class)) => {
                self.makes_ends(class) || self.is_network_gateway(gateway)
            }
            _ => self.configuration.istio.has_built_in_class(&gateway.class),
        }
    }
}
