//! Which fronts, and which Services, an object can have part in: a superset, found through indexes.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashSet;

use crate::actions::{Action, ForwardTarget};
use crate::gateways::service::selects;
use crate::identity::{Kind, ObjectKey, ServiceKey, service_object};
use crate::inventory::{IndexKey, World, bound_group_key, target_group_key};
use crate::objects::gateway_api::{Gateway, Route, RouteTarget};
use crate::objects::ingress::{BackendTarget, Ingress};
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::workload::GATEWAY_NAME_LABELS;
use crate::objects::{Facts, Object};

/// What has to be looked at to judge an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Ingresses, routes and TargetGroupBindings.
    pub fronts: BTreeSet<ObjectKey>,
    /// Services whose own load balancers are asked about.
    pub services: BTreeSet<ObjectKey>,
    seen: HashSet<ServiceKey>,
    /// Names of target groups that were looked up, of which one front may name thousands of ARNs.
    groups: HashSet<Box<str>>,
    /// Routes that were looked at: they are found once for each of their parents.
    routes: HashSet<ObjectKey>,
}

impl Affected {
    /// Adds everything that `object`, as it is in `world`, can have part in.
    pub fn add(&mut self, world: &World<'_>, object: &Object) {
        let key = &object.key;
        match &object.facts {
            Facts::Ingress(ingress) => self.add_ingress(world, key, ingress),
            Facts::Route(route) => self.add_route(world, key, route),
            Facts::TargetGroupBinding(binding) => {
                self.fronts.insert(key.clone());
                if let Some(group) = &binding.target_group {
                    self.add_target_group(world, group);
                }
            }
            Facts::Service(_) => {
                self.add_service(world, &(Arc::clone(&key.namespace), Arc::clone(&key.name)));
            }
            Facts::IngressClass(class) => {
                self.add_ingresses(world, &IndexKey::OfIngressClass(Arc::clone(&key.name)));
                if class.is_default {
                    self.add_ingresses(world, &IndexKey::ClassLess);
                }
            }
            Facts::IngressClassParams(_) => {
                for class in world.find(&IndexKey::UsesParams(Arc::clone(&key.name))) {
                    self.add_ingresses(
                        world,
                        &IndexKey::OfIngressClass(Arc::clone(&class.key.name)),
                    );
                }
            }
            Facts::Gateway(gateway) => self.add_gateway(world, key, gateway),
            Facts::GatewayClass(_) => {
                for gateway in world.find(&IndexKey::OfGatewayClass(Arc::clone(&key.name))) {
                    if let Facts::Gateway(facts) = &gateway.facts {
                        self.add_gateway(world, &gateway.key, facts);
                    }
                }
            }
            Facts::ListenerSet(_) => self.add_routes(
                world,
                &IndexKey::AttachedToListenerSet(Arc::clone(&key.namespace), Arc::clone(&key.name)),
            ),
            Facts::Workload(_) => self.add_workload(world, object),
            Facts::Endpoints(list) => {
                self.add_service(
                    world,
                    &(Arc::clone(&key.namespace), Arc::clone(&list.service)),
                );
            }
            Facts::IstioOperator(operator) => {
                for service in &operator.ingress_gateways {
                    self.add_service(world, service);
                }
            }
            Facts::IstioGateway(gateway) => {
                for (label, value) in gateway.selector.iter() {
                    self.add_selecting(world, None, label, value);
                }
            }
        }
    }

    /// A Service and every front that leads to it, also through ExternalName Services and TargetGroupBindings.
    /// Aliases are kept in a list and not followed by recursion: as many as a cluster holds may stand one behind the other.
    fn add_service(&mut self, world: &World<'_>, service: &ServiceKey) {
        let mut open = vec![service.clone()];
        while let Some(service) = open.pop() {
            if self.seen.insert(service.clone()) {
                self.add_naming(world, &service, &mut open);
            }
        }
    }

    /// A Service and what names it; aliases are added to `open`.
    fn add_naming(&mut self, world: &World<'_>, service: &ServiceKey, open: &mut Vec<ServiceKey>) {
        self.services.insert(service_object(service));
        for object in world.find(&IndexKey::NamesService(service.clone())) {
            let key = &object.key;
            match &object.facts {
                Facts::Service(_) => {
                    open.push((Arc::clone(&key.namespace), Arc::clone(&key.name)));
                }
                _ => {
                    self.fronts.insert(key.clone());
                }
            }
        }
        for object in world.find(&IndexKey::BindsService(service.clone())) {
            self.fronts.insert(object.key.clone());
            if let Facts::TargetGroupBinding(binding) = &object.facts
                && let Some(group) = &binding.target_group
            {
                self.add_target_group(world, group);
            }
        }
    }

    /// Every front that names a target group, bindings among them: a front that is an ALB's proves it to be one's.
    fn add_target_group(&mut self, world: &World<'_>, group: &TargetGroup) {
        if !self.groups.insert(Box::from(group.name())) {
            return;
        }
        for index in [target_group_key(group), bound_group_key(group)] {
            for object in world.find(&index) {
                self.fronts.insert(object.key.clone());
            }
        }
    }

    fn add_ingress(&mut self, world: &World<'_>, key: &ObjectKey, ingress: &Ingress) {
        self.fronts.insert(key.clone());
        for backend in &ingress.backends {
            let BackendTarget::Action {
                action: Ok(Action::Forward(targets)),
                ..
            } = &backend.target
            else {
                continue;
            };
            for target in targets {
                if !world.take(1) {
                    return;
                }
                match target {
                    ForwardTarget::Service(_) => {}
                    ForwardTarget::TargetGroupArn(arn) => {
                        self.add_target_group(world, &TargetGroup::Arn(arn.clone()));
                    }
                    ForwardTarget::TargetGroupName(name) => {
                        self.add_target_group(world, &TargetGroup::Name(name.clone()));
                    }
                }
            }
        }
    }

    fn add_route(&mut self, world: &World<'_>, key: &ObjectKey, route: &Route) {
        self.fronts.insert(key.clone());
        if !self.routes.insert(key.clone()) {
            return;
        }
        for backend in &route.backends {
            if let RouteTarget::TargetGroupName(name) = &backend.target {
                self.add_target_group(world, &TargetGroup::Name(name.clone()));
            }
        }
    }

    fn add_ingresses(&mut self, world: &World<'_>, index: &IndexKey) {
        for object in world.find(index) {
            if let Facts::Ingress(ingress) = &object.facts {
                self.add_ingress(world, &object.key, ingress);
            }
        }
    }

    fn add_routes(&mut self, world: &World<'_>, index: &IndexKey) {
        for object in world.find(index) {
            match &object.facts {
                Facts::Route(route) => self.add_route(world, &object.key, route),
                Facts::ListenerSet(_) => {
                    let (namespace, name) = (&object.key.namespace, &object.key.name);
                    let attached =
                        IndexKey::AttachedToListenerSet(Arc::clone(namespace), Arc::clone(name));
                    self.add_routes(world, &attached);
                }
                _ => {}
            }
        }
    }

    /// A Gateway may be an ALB's (then its routes are fronts) or Istio's (then its Services are gateways').
    fn add_gateway(&mut self, world: &World<'_>, key: &ObjectKey, gateway: &Gateway) {
        let (namespace, name) = (&key.namespace, &key.name);
        let attached = IndexKey::AttachedToGateway(Arc::clone(namespace), Arc::clone(name));
        self.add_routes(world, &attached);
        for service in gateway.services(key) {
            self.add_service(world, &service);
        }
        for label in GATEWAY_NAME_LABELS {
            let label = Arc::from(label);
            self.add_selecting(world, Some(namespace), &label, name);
            let made = IndexKey::WorkloadLabel(Arc::clone(namespace), label, Arc::clone(name));
            for workload in world.find(&made) {
                self.add_workload(world, workload);
            }
        }
    }

    /// Services of a namespace (`None`: of all) that have this pair in their selector.
    fn add_selecting(
        &mut self,
        world: &World<'_>,
        namespace: Option<&Arc<str>>,
        label: &Arc<str>,
        value: &Arc<str>,
    ) {
        let index = IndexKey::SelectorPair(Arc::clone(label), Arc::clone(value));
        for object in world.find(&index) {
            let key = &object.key;
            if namespace.is_none_or(|namespace| key.namespace == *namespace) {
                self.services.insert(key.clone());
                self.add_service(world, &(Arc::clone(&key.namespace), Arc::clone(&key.name)));
            }
        }
    }

    /// The Services that select a workload or name it as an endpoint.
    fn add_workload(&mut self, world: &World<'_>, object: &Object) {
        let Some(workload) = object.facts.as_workload() else {
            return;
        };
        let namespace = &object.key.namespace;
        let mut selecting: BTreeSet<&ObjectKey> = BTreeSet::new();
        // A Service is found once for each pair of its selector that the workload bears.
        let mut seen: HashSet<&ObjectKey> = HashSet::default();
        for (label, value) in workload.labels.iter() {
            let index = IndexKey::SelectorPair(Arc::clone(label), Arc::clone(value));
            for service in world.find(&index) {
                if service.key.namespace == *namespace
                    && seen.insert(&service.key)
                    && matches!(&service.facts, Facts::Service(facts)
                        if world.take(facts.selector.len())
                            && selects(&facts.selector, object, workload))
                {
                    selecting.insert(&service.key);
                }
            }
        }
        for key in selecting {
            self.services.insert(key.clone());
            self.add_service(world, &(Arc::clone(&key.namespace), Arc::clone(&key.name)));
        }
        if object.key.kind == Kind::Pod {
            let index =
                IndexKey::EndpointsToPod(Arc::clone(namespace), Arc::clone(&object.key.name));
            for slice in world.find(&index) {
                if let Facts::Endpoints(list) = &slice.facts {
                    let service = (Arc::clone(&slice.key.namespace), Arc::clone(&list.service));
                    self.add_service(world, &service);
                }
            }
        }
    }
}
