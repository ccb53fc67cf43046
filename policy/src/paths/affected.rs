//! Which fronts, and which Services, an object can have part in: a superset, found through indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashSet;

use crate::actions::{Action, ForwardTarget};
use crate::gateways::selection::{rarest_pairs, selects_in};
use crate::identity::{Kind, ObjectKey, ServiceKey, service_object};
use crate::inventory::{IndexKey, World, bound_group_key, target_group_key};
use crate::objects::gateway_api::Gateway;
use crate::objects::ingress::{BackendTarget, Ingress};
use crate::objects::route::{Route, RouteTarget};
use crate::objects::stream_route::StreamRoute;
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::workload::GATEWAY_NAME_LABELS;
use crate::objects::{Facts, Object};

/// What has to be looked at to judge an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Ingresses, routes and TargetGroupBindings.
    pub fronts: BTreeSet<ObjectKey>,
    /// Services whose own load balancers are asked about, Gateways that istiod will make such Services for, and Gateways and
    /// ListenerSets whose listeners may end TLS.
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
            Facts::StreamRoute(route) => self.add_parents(world, route),
            Facts::TargetGroupBinding(binding) => {
                self.fronts.insert(key.clone());
                if let Some(group) = &binding.target_group {
                    self.add_target_group(world, group);
                }
            }
            Facts::Service(_) => {
                let service = (Arc::clone(&key.namespace), Arc::clone(&key.name));
                self.add_service(world, &service);
                // While the Service was missing, its Gateway stood for it.
                for gateway in world.find(&IndexKey::NamesGatewayService(service)) {
                    self.services.insert(gateway.key.clone());
                }
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
            Facts::Gateway(gateway) => self.add_gateways(world, &[(key, gateway)]),
            Facts::GatewayClass(_) => {
                let of_class = IndexKey::OfGatewayClass(Arc::clone(&key.name));
                let gateways = world.find(&of_class);
                let gateways = gateways.filter_map(|object| match &object.facts {
                    Facts::Gateway(gateway) => Some((&object.key, &**gateway)),
                    _ => None,
                });
                self.add_gateways(world, &gateways.collect::<Vec<_>>());
            }
            Facts::ListenerSet(_) => {
                self.services.insert(key.clone());
                self.add_routes(world, &IndexKey::AttachedToListenerSet(key.clone()));
            }
            Facts::Workload(_) => self.add_workloads(world, &[object]),
            Facts::Namespace(_) => {
                let candidates = IndexKey::GatewayCandidates(Arc::clone(&key.name));
                let workloads: Vec<&Object> = world.find(&candidates).collect();
                self.add_workloads(world, &workloads);
            }
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
                    let selecting = IndexKey::SelectorPair(Arc::clone(label), Arc::clone(value));
                    self.add_selecting(world, &selecting, |_| true);
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
                Facts::StreamRoute(route) => self.add_parents(world, route),
                _ => {
                    self.fronts.insert(key.clone());
                }
            }
        }
        for object in world.find(&IndexKey::BindsService(service.clone())) {
            self.fronts.insert(object.key.clone());
            let Facts::TargetGroupBinding(binding) = &object.facts else {
                continue;
            };
            if let Some((namespace, name)) = binding.network_gateway() {
                let gateway = ObjectKey::new(Kind::Gateway, namespace, name);
                self.services.insert(gateway);
            }
            if let Some(group) = &binding.target_group {
                self.add_target_group(world, group);
            }
        }
    }

    /// The Gateways and ListenerSets whose listeners lead to a route.
    fn add_parents(&mut self, world: &World<'_>, route: &StreamRoute) {
        if !world.take(route.parents.len()) {
            return;
        }
        let parents = route.parents.iter().map(|parent| parent.parent.key());
        self.services.extend(parents);
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
                    self.services.insert(object.key.clone());
                    let attached = IndexKey::AttachedToListenerSet(object.key.clone());
                    self.add_routes(world, &attached);
                }
                _ => {}
            }
        }
    }

    /// A Gateway may be an ALB's (then its routes are fronts) or Istio's (then its Services are gateways').
    ///
    /// All Gateways of a class are added together: Gateways of thousands of namespaces may have one name, and what was made for
    /// them may bear one label.
    fn add_gateways(&mut self, world: &World<'_>, gateways: &[(&ObjectKey, &Gateway)]) {
        let mut made = Vec::new();
        let mut names: BTreeMap<&Arc<str>, HashSet<&Arc<str>>> = BTreeMap::new();
        for (key, gateway) in gateways {
            self.services.insert((*key).clone());
            let (namespace, name) = (&key.namespace, &key.name);
            let attached = IndexKey::AttachedToGateway(Arc::clone(namespace), Arc::clone(name));
            self.add_routes(world, &attached);
            for service in gateway.services(key) {
                self.add_service(world, &service);
            }
            for label in GATEWAY_NAME_LABELS.map(Arc::from) {
                let bearing =
                    IndexKey::WorkloadLabel(Arc::clone(namespace), label, Arc::clone(name));
                made.extend(world.find(&bearing));
            }
            names.entry(name).or_default().insert(namespace);
        }
        for (name, namespaces) in names {
            for label in GATEWAY_NAME_LABELS.map(Arc::from) {
                let selecting = IndexKey::SelectorPair(label, Arc::clone(name));
                self.add_selecting(world, &selecting, |namespace| {
                    namespaces.contains(namespace)
                });
            }
        }
        self.add_workloads(world, &made);
    }

    /// Services that have this pair in their selector, of some namespaces.
    fn add_selecting(
        &mut self,
        world: &World<'_>,
        selecting: &IndexKey,
        is_meant: impl Fn(&Arc<str>) -> bool,
    ) {
        for object in world.find(selecting) {
            let key = &object.key;
            if is_meant(&key.namespace) {
                self.services.insert(key.clone());
                self.add_service(world, &(Arc::clone(&key.namespace), Arc::clone(&key.name)));
            }
        }
    }

    /// The Services that select one of these workloads or name it as an endpoint.
    ///
    /// Each label is looked up once, and each Service is looked at once, from which the workloads that it selects are few steps
    /// away: thousands of workloads and Services may have a label in common.
    fn add_workloads(&mut self, world: &World<'_>, objects: &[&Object]) {
        let keys: HashSet<&ObjectKey> = objects.iter().map(|object| &object.key).collect();
        let labels = objects
            .iter()
            .filter_map(|object| object.facts.as_workload());
        let labels: BTreeSet<&(Arc<str>, Arc<str>)> =
            labels.flat_map(|workload| workload.labels.iter()).collect();
        let namespaces: HashSet<&Arc<str>> = keys.iter().map(|key| &key.namespace).collect();
        let mut seen: HashSet<&ObjectKey> = HashSet::default();
        for (label, value) in labels {
            let index = IndexKey::SelectorPair(Arc::clone(label), Arc::clone(value));
            for service in world.find(&index) {
                let key = &service.key;
                let is_candidate = namespaces.contains(&key.namespace) && seen.insert(key);
                if is_candidate && selects_one_of(world, service, &keys) {
                    self.services.insert(key.clone());
                    self.add_service(world, &(Arc::clone(&key.namespace), Arc::clone(&key.name)));
                }
            }
        }
        for pod in keys.iter().filter(|key| key.kind == Kind::Pod) {
            let (namespace, name) = (Arc::clone(&pod.namespace), Arc::clone(&pod.name));
            for slice in world.find(&IndexKey::EndpointsToPod(namespace, name)) {
                if let Facts::Endpoints(list) = &slice.facts {
                    let service = (Arc::clone(&slice.key.namespace), Arc::clone(&list.service));
                    self.add_service(world, &service);
                }
            }
        }
    }
}

/// Whether a Service selects one of these workloads.
fn selects_one_of(world: &World<'_>, service: &Object, keys: &HashSet<&ObjectKey>) -> bool {
    let Facts::Service(facts) = &service.facts else {
        return false;
    };
    let selector = &facts.selector;
    rarest_pairs(world, &service.key.namespace, selector)
        .into_iter()
        .flatten()
        .any(|pair| {
            world.find(&pair).any(|object| {
                let workload = object.facts.as_workload();
                keys.contains(&object.key)
                    && workload
                        .is_some_and(|workload| selects_in(world, selector, object, workload))
            })
        })
}
