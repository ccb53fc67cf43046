//! The gateway's end of a path: the Services on the way, and the workloads and endpoints behind the last one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::index::TEMPLATES;
use super::live_query::LiveQuery;
use super::plan::Plan;
use super::selected_pods::PodSelection;
use crate::gateways::selection::{rarest_pairs, selects_in};
use crate::gateways::service::{Backends, ServiceTrace, reach};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, Premise, Scope};
use crate::labels::Labels;
use crate::objects::service::Service;

/// From this many known workloads behind one Service on they are read by one list of their namespace.
const MANY: usize = 16;

impl Plan<'_> {
    /// Asks about a Service that is known to be on the way of a front, and about what is behind it.
    pub(super) fn ask_about_service(&mut self, way: &ServiceTrace) {
        let mut is_there = false;
        let aliases = way.services.len() - usize::from(way.service.is_some());
        for (at, hop) in way.services.iter().enumerate() {
            is_there = self.ask(LiveQuery::Object(hop.key.clone())) || hop.exists;
            if at < aliases && hop.exists {
                self.ask_about_alias(&hop.key);
            }
        }
        // Where the last one is missing, all else depends on what it will be found to be.
        let Some(last) = way.services.last().filter(|_| is_there) else {
            return;
        };
        if matches!(way.backends, Backends::Stated(_)) {
            return;
        }
        let service: ServiceKey = (Arc::clone(&last.key.namespace), Arc::clone(&last.key.name));
        let namespace = Scope::Namespace(Arc::clone(&service.0));
        let is_settled = way.backends == Backends::Ordinary;
        if let Some(facts) = &way.service {
            if !facts.selector.is_empty() {
                self.ask_about_selected(&service.0, way, facts);
            }
            if !is_settled {
                self.ask(LiveQuery::Objects(Kind::EndpointSlice, namespace));
            }
        }
        self.ask_about_evidence(&service, is_settled);
    }

    /// Endpoints that are made by hand for an ExternalName Service beat the name. The Pods that they name are read as well.
    fn ask_about_alias(&mut self, alias: &ObjectKey) {
        let namespace = Scope::Namespace(Arc::clone(&alias.namespace));
        if !self.ask(LiveQuery::Objects(Kind::EndpointSlice, namespace)) {
            return;
        }
        let istio = &self.configuration.istio;
        let service = (Arc::clone(&alias.namespace), Arc::clone(&alias.name));
        let (_, mut premises) = self.recorded(|world| reach(world, istio, &service));
        premises.retain(|premise| matches!(premise, Premise::Object(_)));
        self.ask_premises(premises);
    }

    /// The workloads that a selector selects: those that are known by name; where none is, all of the namespace, and where
    /// no template is among them, its Pods.
    fn ask_about_selected(&mut self, namespace: &Arc<str>, way: &ServiceTrace, service: &Service) {
        let selector = &service.selector;
        let mut templates = self.selected(namespace, selector);
        templates.retain(|key| key.kind != Kind::Pod);
        if !templates.is_empty() {
            self.ask_about_pods(way, service, namespace);
        }
        if !templates.is_empty() && templates.len() < MANY {
            for key in templates {
                self.ask(LiveQuery::Object(key));
            }
            return;
        }
        let here = Scope::Namespace(Arc::clone(namespace));
        let are_listed = TEMPLATES
            .map(|kind| self.ask(LiveQuery::Objects(kind, here.clone())))
            .into_iter()
            .all(|is_answered| is_answered);
        if are_listed && templates.is_empty() {
            self.ask(LiveQuery::Pods(PodSelection {
                namespace: Arc::clone(namespace),
                labels: selector.clone(),
            }));
        }
    }

    fn selected(&self, namespace: &Arc<str>, selector: &Labels) -> BTreeSet<ObjectKey> {
        let world = self.world();
        let pairs = rarest_pairs(&world, namespace, selector);
        let candidates = IndexKey::GatewayCandidates(Arc::clone(namespace));
        let mut keys = BTreeSet::new();
        for index in pairs.into_iter().flatten().chain([candidates]) {
            for object in world.find(&index) {
                let workload = object.facts.as_workload();
                if workload.is_some_and(|workload| selects_in(&world, selector, object, workload)) {
                    keys.insert(object.key.clone());
                }
            }
        }
        keys
    }

    /// What else the evidence rests on: Pods that endpoints name, Gateways and their classes, Istio Gateways, and the
    /// Service that an alias does not lead to only because it is not known. An ordinary workload settles the matter,
    /// whatever else there is.
    fn ask_about_evidence(&mut self, service: &ServiceKey, is_settled: bool) {
        let istio = &self.configuration.istio;
        let (_, premises) = self.recorded(|world| reach(world, istio, service));
        let is_evidence = |premise: &Premise| match premise {
            Premise::Object(_) => true,
            Premise::Index(_) => !is_settled,
        };
        self.ask_premises(premises.into_iter().filter(is_evidence).collect());
    }
}
