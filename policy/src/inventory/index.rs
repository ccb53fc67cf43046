//! Under which keys an object is found: one enumeration for all indexes, so that an object's place in them is a
//! function of its facts and nothing else.

use std::sync::Arc;

use crate::actions::{Action, ForwardTarget};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::objects::endpoints::EndpointList;
use crate::objects::ingress::{BackendTarget, Ingress};
use crate::objects::route::{Parent, Route, RouteTarget};
use crate::objects::service::Service;
use crate::objects::service_host::ServiceHost;
use crate::objects::stream_route::StreamRoute;
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::workload::Workload;
use crate::objects::{Facts, Object};
use crate::placeholder;

/// A question that an index answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexKey {
    /// Ingresses, routes and ExternalName Services that name this Service.
    NamesService(ServiceKey),
    /// TargetGroupBindings of this Service. Fronts and bindings are found apart: for each binding of a Service its fronts are
    /// looked at, and of both there may be thousands.
    BindsService(ServiceKey),
    /// Ingresses and routes that name a target group of this name, by name or ARN.
    NamesTargetGroup(Box<str>),
    /// TargetGroupBindings of a target group of this name, by name or ARN.
    BindsTargetGroup(Box<str>),
    /// Ingresses whose `spec.ingressClassName` this is.
    OfIngressClass(Arc<str>),
    /// Ingresses without class annotation and class name.
    ClassLess,
    /// Ingresses of this explicit group by annotation.
    InGroup(Box<str>),
    /// IngressClasses marked as default.
    DefaultClass,
    /// IngressClasses that use these parameters.
    UsesParams(Arc<str>),
    /// Workloads of a namespace with this label: (namespace, key, value).
    WorkloadLabel(Arc<str>, Arc<str>, Arc<str>),
    /// All workloads of a namespace that may be gateways.
    GatewayCandidates(Arc<str>),
    /// Services of any namespace with this pair in their selector: (key, value).
    SelectorPair(Arc<str>, Arc<str>),
    /// EndpointSlices and Endpoints of this Service.
    EndpointsOf(ServiceKey),
    /// EndpointSlices and Endpoints that refer to this Pod: (namespace, name).
    EndpointsToPod(Arc<str>, Arc<str>),
    /// Istio Gateways with this pair in their selector.
    IstioSelector(Arc<str>, Arc<str>),
    /// All Istio Gateways.
    IstioGateways,
    /// Gateways of this GatewayClass.
    OfGatewayClass(Arc<str>),
    /// Gateways that would generate or that name (by address) this Service, and `IstioOperator`s that name its gateway.
    NamesGatewayService(ServiceKey),
    /// Routes and ListenerSets attached to this Gateway: (namespace, name).
    AttachedToGateway(Arc<str>, Arc<str>),
    /// Routes attached to this ListenerSet or `XListenerSet`.
    AttachedToListenerSet(ObjectKey),
    /// TargetGroupBindings whose tracking labels name this Gateway as a Network Load Balancer's: (namespace, name).
    MadeForNetworkGateway(Arc<str>, Arc<str>),
}

impl IndexKey {
    /// Whether a name in it is a placeholder or has one in it. Labels and their values are taken as they are written.
    pub(super) fn has_placeholder(&self) -> bool {
        match self {
            Self::NamesService((namespace, name))
            | Self::BindsService((namespace, name))
            | Self::EndpointsOf((namespace, name))
            | Self::NamesGatewayService((namespace, name))
            | Self::EndpointsToPod(namespace, name)
            | Self::AttachedToGateway(namespace, name)
            | Self::MadeForNetworkGateway(namespace, name) => {
                placeholder::is_in(namespace) || placeholder::is_in(name)
            }
            Self::AttachedToListenerSet(key) => key.has_placeholder(),
            Self::NamesTargetGroup(name) | Self::BindsTargetGroup(name) | Self::InGroup(name) => {
                placeholder::is_in(name)
            }
            Self::OfIngressClass(name) | Self::UsesParams(name) | Self::OfGatewayClass(name) => {
                placeholder::is_in(name)
            }
            Self::WorkloadLabel(namespace, ..) | Self::GatewayCandidates(namespace) => {
                placeholder::is_in(namespace)
            }
            Self::ClassLess
            | Self::DefaultClass
            | Self::SelectorPair(..)
            | Self::IstioSelector(..)
            | Self::IstioGateways => false,
        }
    }
}

/// Every index key of an object, each once.
pub(crate) fn index_keys(object: &Object) -> Vec<IndexKey> {
    let key = &object.key;
    let namespace = &key.namespace;
    let mut keys = match &object.facts {
        Facts::Ingress(ingress) => of_ingress(namespace, ingress),
        Facts::IngressClass(class) => {
            let default = class.is_default.then_some(IndexKey::DefaultClass);
            let params = class.params.as_ref().map(|params| Arc::clone(&params.name));
            let params = params.map(IndexKey::UsesParams);
            default.into_iter().chain(params).collect()
        }
        Facts::Service(service) => of_service(service),
        Facts::Workload(workload) => of_workload(namespace, workload),
        Facts::Endpoints(list) => of_endpoints(namespace, list),
        Facts::IstioGateway(gateway) => {
            let pairs = gateway.selector.iter();
            pairs
                .map(|(key, value)| IndexKey::IstioSelector(Arc::clone(key), Arc::clone(value)))
                .chain([IndexKey::IstioGateways])
                .collect()
        }
        Facts::IstioOperator(operator) => {
            let services = operator.ingress_gateways.iter().cloned();
            services.map(IndexKey::NamesGatewayService).collect()
        }
        Facts::Gateway(gateway) => {
            let services = gateway.services(key).into_iter();
            let mut keys: Vec<IndexKey> = services.map(IndexKey::NamesGatewayService).collect();
            keys.push(IndexKey::OfGatewayClass(Arc::clone(&gateway.class)));
            keys
        }
        Facts::ListenerSet(set) => {
            let (namespace, name) = set.gateway.clone();
            vec![IndexKey::AttachedToGateway(namespace, name)]
        }
        Facts::Route(route) => of_route(route),
        Facts::StreamRoute(route) => of_stream_route(route),
        Facts::TargetGroupBinding(binding) => {
            let service = (Arc::clone(namespace), Arc::clone(&binding.service));
            let group = binding.target_group.as_ref().map(bound_group_key);
            let binds = IndexKey::BindsService(service);
            let gateway = binding.network_gateway();
            let made = gateway.map(|(namespace, name)| {
                IndexKey::MadeForNetworkGateway(Arc::from(namespace), Arc::from(name))
            });
            std::iter::once(binds).chain(group).chain(made).collect()
        }
        Facts::GatewayClass(_) | Facts::IngressClassParams(_) | Facts::Namespace(_) => Vec::new(),
    };
    keys.sort();
    keys.dedup();
    keys
}

fn of_ingress(namespace: &Arc<str>, ingress: &Ingress) -> Vec<IndexKey> {
    let mut keys = Vec::new();
    match (&ingress.class_annotation, &ingress.class_name) {
        (_, Some(class)) => keys.push(IndexKey::OfIngressClass(Arc::clone(class))),
        (None, None) => keys.push(IndexKey::ClassLess),
        (Some(_), None) => {}
    }
    keys.extend(ingress.group_annotation.clone().map(IndexKey::InGroup));
    for backend in &ingress.backends {
        backend_keys(namespace, &backend.target, &mut keys);
    }
    keys
}

fn of_service(service: &Service) -> Vec<IndexKey> {
    if let Some(external) = &service.external_name {
        let host = ServiceHost::parse_alias(external);
        let target = host.map(|host| IndexKey::NamesService(host.service));
        return target.into_iter().collect();
    }
    let pairs = service.selector.iter();
    pairs
        .map(|(key, value)| IndexKey::SelectorPair(Arc::clone(key), Arc::clone(value)))
        .collect()
}

fn of_workload(namespace: &Arc<str>, workload: &Workload) -> Vec<IndexKey> {
    let pairs = workload.labels.iter();
    let mut keys: Vec<IndexKey> = pairs
        .map(|(key, value)| {
            IndexKey::WorkloadLabel(Arc::clone(namespace), Arc::clone(key), Arc::clone(value))
        })
        .collect();
    if workload.may_be_gateway() {
        keys.push(IndexKey::GatewayCandidates(Arc::clone(namespace)));
    }
    keys
}

fn of_endpoints(namespace: &Arc<str>, list: &EndpointList) -> Vec<IndexKey> {
    let service = (Arc::clone(namespace), Arc::clone(&list.service));
    let pods = list
        .pods
        .iter()
        .map(|(namespace, pod)| IndexKey::EndpointsToPod(Arc::clone(namespace), Arc::clone(pod)));
    std::iter::once(IndexKey::EndpointsOf(service))
        .chain(pods)
        .collect()
}

fn of_stream_route(route: &StreamRoute) -> Vec<IndexKey> {
    let parents = route.parents.iter().map(|parent| attached(&parent.parent));
    let services = route.services.iter().cloned().map(IndexKey::NamesService);
    parents.chain(services).collect()
}

fn attached(parent: &Parent) -> IndexKey {
    let key = parent.key();
    if key.kind == Kind::Gateway {
        IndexKey::AttachedToGateway(key.namespace, key.name)
    } else {
        IndexKey::AttachedToListenerSet(key)
    }
}

fn of_route(route: &Route) -> Vec<IndexKey> {
    let parents = route.parents.iter().map(attached);
    let backends = route.backends.iter().map(|backend| match &backend.target {
        RouteTarget::Service(namespace, name) => {
            IndexKey::NamesService((Arc::clone(namespace), Arc::clone(name)))
        }
        RouteTarget::TargetGroupName(name) => IndexKey::NamesTargetGroup(name.clone()),
    });
    parents.chain(backends).collect()
}

fn backend_keys(namespace: &Arc<str>, target: &BackendTarget, keys: &mut Vec<IndexKey>) {
    match target {
        BackendTarget::Service(name) => keys.push(IndexKey::NamesService((
            Arc::clone(namespace),
            Arc::clone(name),
        ))),
        BackendTarget::Action {
            action: Ok(Action::Forward(targets)),
            ..
        } => {
            for target in targets {
                keys.push(match target {
                    ForwardTarget::Service(name) => {
                        IndexKey::NamesService((Arc::clone(namespace), Arc::from(&**name)))
                    }
                    ForwardTarget::TargetGroupArn(arn) => {
                        target_group_key(&TargetGroup::Arn(arn.clone()))
                    }
                    ForwardTarget::TargetGroupName(name) => {
                        target_group_key(&TargetGroup::Name(name.clone()))
                    }
                });
            }
        }
        BackendTarget::Action { .. } => {}
    }
}

/// Target groups are indexed by name, as a name joins every ARN that bears it.
pub(crate) fn target_group_key(group: &TargetGroup) -> IndexKey {
    IndexKey::NamesTargetGroup(Box::from(group.name()))
}

/// The same of bindings.
pub(crate) fn bound_group_key(group: &TargetGroup) -> IndexKey {
    IndexKey::BindsTargetGroup(Box::from(group.name()))
}
