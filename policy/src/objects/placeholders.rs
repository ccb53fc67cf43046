//! Which value of an object is not rendered yet.

use std::borrow::Cow;

use super::ingress::{Backend, BackendTarget, CLASS_ANNOTATION, GROUP_ANNOTATION, Ingress};
use super::metadata::ANNOTATIONS;
use super::route::RouteTarget;
use super::target_group_binding::TargetGroup;
use super::{Facts, Object, escape_pointer};
use crate::actions::{Action, ForwardTarget};
use crate::placeholder;

/// A value with a placeholder in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrendered<'a> {
    /// The pointer of the field, or of the list in which it stands.
    pub field: Cow<'static, str>,
    /// The value as it is written.
    pub value: &'a str,
}

impl Object {
    /// The first name, namespace, class, controller, ARN, group or host that rules read and that has a placeholder in it.
    #[must_use]
    pub fn first_unrendered(&self) -> Option<Unrendered<'_>> {
        let own = [
            ("/metadata/name", &self.key.name),
            ("/metadata/namespace", &self.key.namespace),
        ];
        own.into_iter()
            .find_map(|(field, value)| unrendered(field, value))
            .or_else(|| match &self.facts {
                Facts::Ingress(ingress) => of_ingress(ingress),
                Facts::Route(route) => {
                    let parents = route.parents.iter();
                    let mut parents = parents.flat_map(|parent| [&parent.namespace, &parent.name]);
                    let in_parents = parents.find_map(|name| unrendered("/spec/parentRefs", name));
                    in_parents.or_else(|| {
                        route.backends.iter().find_map(|backend| {
                            let names: [&str; 2] = match &backend.target {
                                RouteTarget::Service(namespace, name) => [namespace, name],
                                RouteTarget::TargetGroupName(name) => ["", name],
                            };
                            let mut names = names.into_iter();
                            names.find_map(|name| unrendered_at(|| backend.field(), name))
                        })
                    })
                }
                _ => self.first_reference(),
            })
    }

    /// The same among the references of kinds that have few.
    fn first_reference(&self) -> Option<Unrendered<'_>> {
        match &self.facts {
            Facts::IngressClass(class) => unrendered("/spec/controller", &class.controller)
                .or_else(|| unrendered("/spec/parameters/name", &class.params.as_ref()?.name)),
            Facts::IngressClassParams(params) => {
                unrendered("/spec/group/name", params.group.as_deref()?)
            }
            Facts::Service(service) => {
                let request = service.load_balancer.as_ref();
                let class = request.and_then(|request| request.class.as_deref());
                let host = service.external_name.as_deref();
                let of_host = host.and_then(|host| unrendered("/spec/externalName", host));
                of_host.or_else(|| unrendered("/spec/loadBalancerClass", class?))
            }
            Facts::Endpoints(list) => {
                let pods = list
                    .pods
                    .iter()
                    .flat_map(|(namespace, name)| [namespace, name]);
                let mut names = std::iter::once(&list.service).chain(pods);
                names.find_map(|name| unrendered("", name))
            }
            Facts::IstioOperator(operator) => {
                let services = operator.ingress_gateways.iter();
                let mut names = services.flat_map(|(namespace, name)| [namespace, name]);
                names.find_map(|name| unrendered("/spec/components/ingressGateways", name))
            }
            Facts::GatewayClass(class) => unrendered("/spec/controllerName", &class.controller),
            Facts::Gateway(gateway) => {
                let class = unrendered("/spec/gatewayClassName", &gateway.class);
                let name = gateway.name_override.as_deref();
                let mut hosts = gateway.hostnames.iter();
                class
                    .or_else(|| unrendered(ANNOTATIONS, name?))
                    .or_else(|| hosts.find_map(|host| unrendered("/spec/addresses", host)))
            }
            Facts::ListenerSet(set) => {
                let (namespace, name) = &set.gateway;
                let mut names = [namespace, name].into_iter();
                names.find_map(|name| unrendered("/spec/parentRef", name))
            }
            Facts::StreamRoute(route) => {
                let mut parents = route.parents.iter().flat_map(|attached| {
                    let section = attached.section.as_deref().unwrap_or_default();
                    let parent = &attached.parent;
                    [&*parent.namespace, &*parent.name, section]
                });
                let services = route.services.iter();
                let mut services = services.flat_map(|(namespace, name)| [namespace, name]);
                let in_parents = parents.find_map(|name| unrendered("/spec/parentRefs", name));
                in_parents.or_else(|| services.find_map(|name| unrendered("/spec/rules", name)))
            }
            Facts::TargetGroupBinding(binding) => {
                unrendered("/spec/serviceRef/name", &binding.service).or_else(|| {
                    match binding.target_group.as_ref()? {
                        TargetGroup::Arn(arn) => unrendered("/spec/targetGroupARN", arn),
                        TargetGroup::Name(name) => unrendered("/spec/targetGroupName", name),
                    }
                })
            }
            Facts::Ingress(_)
            | Facts::Route(_)
            | Facts::Workload(_)
            | Facts::Namespace(_)
            | Facts::IstioGateway(_) => None,
        }
    }
}

fn of_ingress(ingress: &Ingress) -> Option<Unrendered<'_>> {
    let annotation = |key: &str| format!("{ANNOTATIONS}/{}", escape_pointer(key));
    let class = ingress.class_annotation.as_deref();
    let of_class = class.and_then(|class| unrendered_at(|| annotation(CLASS_ANNOTATION), class));
    let field = ingress.class_name.as_deref();
    let group = ingress.group_annotation.as_deref();
    of_class
        .or_else(|| unrendered("/spec/ingressClassName", field?))
        .or_else(|| unrendered_at(|| annotation(GROUP_ANNOTATION), group?))
        .or_else(|| {
            let mut backends = ingress.backends.iter();
            backends.find_map(|backend| of_backend(ingress, backend))
        })
}

fn of_backend<'a>(ingress: &'a Ingress, backend: &'a Backend) -> Option<Unrendered<'a>> {
    let at = |value| unrendered_at(|| ingress.field(backend), value);
    match &backend.target {
        BackendTarget::Service(name) => at(name),
        BackendTarget::Action {
            action: Ok(Action::Forward(targets)),
            ..
        } => targets.iter().find_map(|target| match target {
            ForwardTarget::Service(text)
            | ForwardTarget::TargetGroupArn(text)
            | ForwardTarget::TargetGroupName(text) => at(text),
        }),
        BackendTarget::Action { .. } => None,
    }
}

fn unrendered<'a>(field: &'static str, value: &'a str) -> Option<Unrendered<'a>> {
    placeholder::is_in(value).then_some(Unrendered {
        field: Cow::Borrowed(field),
        value,
    })
}

fn unrendered_at(field: impl Fn() -> String, value: &str) -> Option<Unrendered<'_>> {
    placeholder::is_in(value).then(|| Unrendered {
        field: Cow::Owned(field()),
        value,
    })
}
