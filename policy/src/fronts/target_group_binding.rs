//! TargetGroupBinding: does its target group belong to an ALB?

use std::sync::Arc;

use super::aws::{Aws, NETWORK_GATEWAY_CONTROLLER};
use super::ingress::{Group, group};
use super::{Destination, Proof, Provisioning, Target};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, World, target_group_key};
use crate::objects::target_group_binding::{Protocol, TargetGroup, TargetGroupBinding};
use crate::objects::{Facts, Object};
use crate::wording::Wording;

/// The field that names the Service.
pub const SERVICE_FIELD: &str = "/spec/serviceRef/name";

/// Labels by which the AWS Load Balancer Controller tracks the bindings that it makes.
///
/// Source: AWS Load Balancer Controller `pkg/deploy/tracking/provider.go`.
const INGRESS_STACK: &str = "ingress.k8s.aws/stack";
const INGRESS_STACK_NAMESPACE: &str = "ingress.k8s.aws/stack-namespace";
const INGRESS_STACK_NAME: &str = "ingress.k8s.aws/stack-name";
const GATEWAY_STACK_NAMESPACE: &str = "gateway.k8s.aws.alb/stack-namespace";
const GATEWAY_STACK_NAME: &str = "gateway.k8s.aws.alb/stack-name";
const SERVICE_STACK_NAMESPACE: &str = "service.k8s.aws/stack-namespace";
const SERVICE_STACK_NAME: &str = "service.k8s.aws/stack-name";

/// So many backends are looked through without a thought.
const FEW: usize = 16;

/// The Service that a binding binds.
pub(super) fn destinations(object: &Object, binding: &TargetGroupBinding) -> Vec<Destination> {
    vec![Destination {
        field: SERVICE_FIELD.into(),
        target: Target::Service(service_of(object, binding)),
    }]
}

fn service_of(object: &Object, binding: &TargetGroupBinding) -> ServiceKey {
    (
        Arc::clone(&object.key.namespace),
        Arc::clone(&binding.service),
    )
}

/// What a binding's target group belongs to.
///
/// A binding that a controller made for a front which stands and routes to that Service is that front's path and no
/// front of its own.
pub(super) fn provisioning(
    world: &World<'_>,
    aws: &Aws,
    object: &Object,
    binding: &TargetGroupBinding,
) -> Provisioning {
    if binding.protocol == Protocol::Network {
        return Provisioning::Nothing;
    }
    let service = &service_of(object, binding);
    // A Service of a name that is not rendered yet is nobody else's.
    let is_known = !world.is_unrendered(&service.0) && !world.is_unrendered(&service.1);
    if is_known && is_made_for_a_front(world, aws, object, binding, service) {
        return Provisioning::Nothing;
    }
    if binding.protocol == Protocol::Http {
        return Provisioning::Alb(Proof {
            confidence: Confidence::Confirmed,
            text: "targetGroupProtocol HTTP or HTTPS, which only an ALB's target group has".into(),
            rests_on: Vec::new(),
        });
    }
    // Breaking a Network Load Balancer is worse than anything that a forged label could hide here: a front that
    // forwards to its target group is found as that front's own path.
    let is_own_service = is_known
        && binding.tracking.get(SERVICE_STACK_NAMESPACE) == Some(&service.0)
        && binding.tracking.get(SERVICE_STACK_NAME) == Some(&service.1);
    if is_own_service || is_made_for_network_gateway(world, binding) {
        return Provisioning::Nothing;
    }
    if let Some(named_by) = fronts_naming(world, aws, binding) {
        return named_by;
    }
    let alb_label = binding.tracking.iter().find(|(key, _)| {
        key.starts_with("ingress.k8s.aws/") || key.starts_with("gateway.k8s.aws.alb/")
    });
    match alb_label {
        Some((key, value)) => Provisioning::Alb(Proof {
            confidence: Confidence::Likely,
            text: Wording::ours("an ALB controller's tracking label ")
                .said(format_args!("{key}={value}")),
            rests_on: Vec::new(),
        }),
        None => Provisioning::Undecided,
    }
}

/// Whether the binding's tracking labels name a Gateway of a Network Load Balancer, or one that may be: it, or its class,
/// is not visible.
fn is_made_for_network_gateway(world: &World<'_>, binding: &TargetGroupBinding) -> bool {
    let Some((namespace, name)) = binding.network_gateway() else {
        return false;
    };
    if world.is_unrendered(namespace) || world.is_unrendered(name) {
        return false;
    }
    let gateway = ObjectKey::new(Kind::Gateway, namespace, name);
    let Some(Facts::Gateway(gateway)) = world.facts(&gateway) else {
        return true;
    };
    let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
    match world.facts(&class) {
        Some(Facts::GatewayClass(class)) => {
            world.is_unrendered(&class.controller)
                || *class.controller == *NETWORK_GATEWAY_CONTROLLER
        }
        _ => true,
    }
}

/// Whether another visible ALB front names the binding's target group: then it is an ALB's.
fn fronts_naming(
    world: &World<'_>,
    aws: &Aws,
    binding: &TargetGroupBinding,
) -> Option<Provisioning> {
    let group = binding.target_group.as_ref()?;
    let mut proofs: Vec<(&ObjectKey, Proof)> = world
        .find(&target_group_key(group))
        .filter(|other| names(world, other, group))
        .filter_map(|other| match super::provisioning(world, aws, other)? {
            Provisioning::Alb(proof) => Some((&other.key, proof)),
            _ => None,
        })
        .collect();
    proofs.sort_by(|a, b| b.1.confidence.cmp(&a.1.confidence).then(a.0.cmp(b.0)));
    let (key, proof) = proofs.into_iter().next()?;
    let mut rests_on = proof.rests_on;
    rests_on.push(key.clone());
    Some(Provisioning::Alb(Proof {
        confidence: proof.confidence,
        text: Wording::of(key)
            .then(" forwards to its target group (")
            .and_of(key, &proof.text)
            .then(")"),
        rests_on,
    }))
}

/// Whether a front's destinations name the target group.
fn names(world: &World<'_>, object: &Object, group: &TargetGroup) -> bool {
    use crate::actions::{Action, ForwardTarget};
    use crate::objects::ingress::BackendTarget;
    use crate::objects::route::RouteTarget;

    if world.is_unrendered(group.as_str()) {
        return false;
    }
    let is_known = |name: &str| !world.is_unrendered(name);
    match &object.facts {
        Facts::Ingress(ingress) => ingress.backends.iter().any(|backend| {
            let BackendTarget::Action {
                action: Ok(Action::Forward(targets)),
                ..
            } = &backend.target
            else {
                return false;
            };
            world.take(targets.len())
                && targets.iter().any(|target| match target {
                    ForwardTarget::Service(_) => false,
                    ForwardTarget::TargetGroupArn(arn) => {
                        group.is_joined_by_arn(arn) && is_known(arn)
                    }
                    ForwardTarget::TargetGroupName(name) => {
                        *group.name() == **name && is_known(name)
                    }
                })
        }),
        Facts::Route(route) => {
            world.take(route.backends.len())
                && route.backends.iter().any(|backend| match &backend.target {
                    RouteTarget::TargetGroupName(name) => *group.name() == **name && is_known(name),
                    RouteTarget::Service(..) => false,
                })
        }
        _ => false,
    }
}

/// Whether the binding's tracking labels name a front that stands in this world, makes an ALB and routes to the very
/// Service.
fn is_made_for_a_front(
    world: &World<'_>,
    aws: &Aws,
    object: &Object,
    binding: &TargetGroupBinding,
    service: &ServiceKey,
) -> bool {
    let label = |key: &str| {
        let value = binding.tracking.get(key);
        let known = value.filter(|value| !world.is_unrendered(value));
        known.map(Arc::<str>::from)
    };
    let makes_alb = |front: &Object| {
        matches!(
            super::provisioning(world, aws, front),
            Some(Provisioning::Alb(_))
        )
    };
    if let (Some(namespace), Some(name)) =
        (label(INGRESS_STACK_NAMESPACE), label(INGRESS_STACK_NAME))
    {
        let key = ObjectKey::new(Kind::Ingress, namespace, name);
        return world.get(&key).is_some_and(|ingress| {
            is_in_group(world, aws, ingress, &Group::Implicit)
                && routes_to(world, ingress, service)
                && makes_alb(ingress)
        });
    }
    if let Some(stack) = label(INGRESS_STACK) {
        // The front routes to a Service of its own namespace, and the binding is made in the Service's.
        return world
            .find(&IndexKey::NamesService(service.clone()))
            .filter(|front| front.key.namespace == object.key.namespace)
            .any(|front| {
                is_in_group(world, aws, front, &Group::Explicit(&stack)) && makes_alb(front)
            });
    }
    if let (Some(namespace), Some(name)) =
        (label(GATEWAY_STACK_NAMESPACE), label(GATEWAY_STACK_NAME))
    {
        return world
            .find(&IndexKey::NamesService(service.clone()))
            .filter(|route| is_attached(world, route, &namespace, &name))
            .any(makes_alb);
    }
    false
}

/// Whether an Ingress routes to a Service: by its own backends where these are few, else by whatever names the Service.
fn routes_to(world: &World<'_>, object: &Object, service: &ServiceKey) -> bool {
    let named = IndexKey::NamesService(service.clone());
    let destinations = match &object.facts {
        Facts::Ingress(ingress) => ingress.backends.len(),
        _ => 0,
    };
    if destinations > FEW && world.at_most(&named) < destinations {
        return world.bears(object, &named);
    }
    world.take(destinations)
        && super::destinations(object)
            .iter()
            .any(|destination| destination.target == Target::Service(service.clone()))
}

fn is_in_group(world: &World<'_>, aws: &Aws, object: &Object, wanted: &Group<'_>) -> bool {
    matches!(&object.facts, Facts::Ingress(ingress) if group(world, aws, ingress) == *wanted)
}

fn is_attached(world: &World<'_>, object: &Object, namespace: &Arc<str>, name: &Arc<str>) -> bool {
    let Facts::Route(route) = &object.facts else {
        return false;
    };
    route.parents.iter().any(|parent| {
        if parent.kind == Kind::Gateway {
            return parent.namespace == *namespace && parent.name == *name;
        }
        matches!(world.facts(&parent.key()), Some(Facts::ListenerSet(set))
            if set.gateway.0 == *namespace && set.gateway.1 == *name)
    })
}
