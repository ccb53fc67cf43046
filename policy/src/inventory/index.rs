//! Under which keys an object is found: one enumeration for all indexes, so that an object's place in them is a
//! function of its facts and nothing else.

use std::sync::Arc;

use crate::actions::{Action, ForwardTarget};
use crate::gateways::naming;
use crate::identity::{Kind, ObjectKey};
use crate::labels::Labels;
use crate::objects::gateway_api::RouteTarget;
use crate::objects::ingress::BackendTarget;
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::{Facts, Object};

/// A Service as (namespace, name), whether it exists or not.
pub type ServiceKey = (Arc<str>, Arc<str>);

/// A question that an index answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexKey {
    /// Ingresses, routes, TargetGroupBindings and ExternalName Services that name this Service.
    NamesService(ServiceKey),
    /// Ingresses, routes and TargetGroupBindings that name a target group of this name, by name or ARN.
    NamesTargetGroup(Box<str>),
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
    /// Services with this pair in their selector: (namespace, key, value).
    SelectorPair(Arc<str>, Arc<str>, Arc<str>),
    /// EndpointSlices and Endpoints of this Service.
    EndpointsOf(ServiceKey),
    /// EndpointSlices and Endpoints that refer to this Pod: (namespace, name).
    EndpointsToPod(Arc<str>, Arc<str>),
    /// Istio Gateways with this pair in their selector.
    IstioSelector(Arc<str>, Arc<str>),
    /// Gateways of this GatewayClass.
    OfGatewayClass(Arc<str>),
    /// Gateways that would generate or that name (by address) this Service.
    NamesGatewayService(ServiceKey),
    /// Routes and ListenerSets attached to this Gateway: (namespace, name).
    AttachedToGateway(Arc<str>, Arc<str>),
    /// Routes attached to this ListenerSet: (namespace, name).
    AttachedToListenerSet(Arc<str>, Arc<str>),
}

/// Every index key of an object, each once.
pub(crate) fn index_keys(object: &Object) -> Vec<IndexKey> {
    let mut keys = Vec::new();
    let namespace = &object.key.namespace;
    match &object.facts {
        Facts::Ingress(ingress) => {
            match (&ingress.class_annotation, &ingress.class_name) {
                (_, Some(class)) => keys.push(IndexKey::OfIngressClass(Arc::clone(class))),
                (None, None) => keys.push(IndexKey::ClassLess),
                (Some(_), None) => {}
            }
            if let Some(group) = &ingress.group_annotation {
                keys.push(IndexKey::InGroup(group.clone()));
            }
            for backend in &ingress.backends {
                backend_keys(namespace, &backend.target, &mut keys);
            }
        }
        Facts::IngressClass(class) => {
            if class.is_default {
                keys.push(IndexKey::DefaultClass);
            }
            if let Some(params) = &class.params {
                keys.push(IndexKey::UsesParams(Arc::clone(params)));
            }
        }
        Facts::Service(service) => {
            if let Some(external) = &service.external_name {
                if let Some(host) = naming::ServiceHost::parse(external) {
                    keys.push(IndexKey::NamesService(host.service));
                }
            } else {
                for (key, value) in service.selector.iter() {
                    keys.push(IndexKey::SelectorPair(
                        Arc::clone(namespace),
                        Arc::clone(key),
                        Arc::clone(value),
                    ));
                }
            }
        }
        Facts::Workload(workload) => {
            label_keys(namespace, &workload.labels, &mut keys);
            if crate::gateways::evidence::is_candidate(workload) {
                keys.push(IndexKey::GatewayCandidates(Arc::clone(namespace)));
            }
        }
        Facts::Endpoints(list) => {
            keys.push(IndexKey::EndpointsOf((
                Arc::clone(namespace),
                Arc::clone(&list.service),
            )));
            for (pod_namespace, pod) in &list.pods {
                keys.push(IndexKey::EndpointsToPod(
                    Arc::clone(pod_namespace),
                    Arc::clone(pod),
                ));
            }
        }
        Facts::IstioGateway(gateway) => {
            for (key, value) in gateway.selector.iter() {
                keys.push(IndexKey::IstioSelector(Arc::clone(key), Arc::clone(value)));
            }
        }
        Facts::Gateway(gateway) => {
            keys.push(IndexKey::OfGatewayClass(Arc::clone(&gateway.class)));
            for service in naming::services_of_gateway(&object.key, gateway) {
                keys.push(IndexKey::NamesGatewayService(service));
            }
        }
        Facts::ListenerSet(set) => {
            let (namespace, name) = &set.gateway;
            keys.push(IndexKey::AttachedToGateway(
                Arc::clone(namespace),
                Arc::clone(name),
            ));
        }
        Facts::Route(route) => {
            for parent in &route.parents {
                let (namespace, name) = (Arc::clone(&parent.namespace), Arc::clone(&parent.name));
                keys.push(if parent.is_listener_set {
                    IndexKey::AttachedToListenerSet(namespace, name)
                } else {
                    IndexKey::AttachedToGateway(namespace, name)
                });
            }
            for backend in &route.backends {
                keys.push(match &backend.target {
                    RouteTarget::Service(namespace, name) => {
                        IndexKey::NamesService((Arc::clone(namespace), Arc::clone(name)))
                    }
                    RouteTarget::TargetGroupName(name) => IndexKey::NamesTargetGroup(name.clone()),
                });
            }
        }
        Facts::TargetGroupBinding(binding) => {
            keys.push(IndexKey::NamesService((
                Arc::clone(namespace),
                Arc::clone(&binding.service),
            )));
            if let Some(group) = &binding.target_group {
                keys.push(target_group_key(group));
            }
        }
        Facts::GatewayClass(_) | Facts::IngressClassParams(_) => {}
    }
    keys.sort();
    keys.dedup();
    keys
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

fn label_keys(namespace: &Arc<str>, labels: &Labels, keys: &mut Vec<IndexKey>) {
    for (key, value) in labels.iter() {
        keys.push(IndexKey::WorkloadLabel(
            Arc::clone(namespace),
            Arc::clone(key),
            Arc::clone(value),
        ));
    }
}

/// The key of a Service as an object.
pub(crate) fn service_object(service: &ServiceKey) -> ObjectKey {
    ObjectKey::new(
        Kind::Service,
        Arc::clone(&service.0),
        Arc::clone(&service.1),
    )
}
