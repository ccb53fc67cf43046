//! HTTPRoute and GRPCRoute: a parent Gateway of an ALB's GatewayClass makes them part of an ALB.
//!
//! Attachment is judged conservatively: listeners, hostnames, section names, allowed namespaces and a missing
//! ReferenceGrant excuse nothing, as each of them can change later without a write to the route.
//!
//! Source: AWS Load Balancer Controller `pkg/gateway/routeutils`.

use std::sync::Arc;

use super::aws::Aws;
use super::{Destination, Proof, Provisioning, Target};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::Facts;
use crate::objects::route::{Parent, Route, RouteTarget};
use crate::objects::target_group_binding::TargetGroup;
use crate::wording::Wording;

/// What a route is part of. Of several parents the one that makes an ALB most surely counts.
pub(super) fn provisioning(world: &World<'_>, aws: &Aws, route: &Route) -> Provisioning {
    let mut best = Provisioning::Nothing;
    for parent in &route.parents {
        if !world.take(1) {
            break;
        }
        let provisioning = parent_provisioning(world, aws, parent);
        if rank(&provisioning) > rank(&best) {
            best = provisioning;
        }
    }
    best
}

/// Where a route routes.
pub(super) fn destinations(route: &Route) -> Vec<Destination> {
    let destinations = route.backends.iter().map(|backend| Destination {
        field: backend.field().into(),
        target: match &backend.target {
            RouteTarget::Service(namespace, name) => {
                Target::Service((Arc::clone(namespace), Arc::clone(name)))
            }
            RouteTarget::TargetGroupName(name) => {
                Target::TargetGroup(TargetGroup::Name(name.clone()))
            }
        },
    });
    destinations.collect()
}

fn rank(provisioning: &Provisioning) -> u8 {
    match provisioning {
        Provisioning::Nothing | Provisioning::Undecided => 0,
        Provisioning::Unknown(_) => 1,
        Provisioning::Alb(proof) => match proof.confidence {
            Confidence::Likely => 2,
            Confidence::Confirmed => 3,
        },
    }
}

fn parent_provisioning(world: &World<'_>, aws: &Aws, parent: &Parent) -> Provisioning {
    let mut rests_on = Vec::new();
    let (mut namespace, mut name) = (&parent.namespace, &parent.name);
    if parent.kind != Kind::Gateway {
        let key = parent.key();
        let Some(Facts::ListenerSet(set)) = world.facts(&key) else {
            return Provisioning::Unknown(Wording::of(&key).then(" ").then(world.absence()));
        };
        (namespace, name) = (&set.gateway.0, &set.gateway.1);
        rests_on.push(key);
    }
    let key = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), Arc::clone(name));
    let Some(Facts::Gateway(gateway)) = world.facts(&key) else {
        return Provisioning::Unknown(Wording::of(&key).then(" ").then(world.absence()));
    };
    let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&gateway.class));
    let parent = Wording::ours("parent ").name(&key);
    rests_on.push(key.clone());
    match world.facts(&class) {
        Some(Facts::GatewayClass(facts)) if !world.is_unrendered(&facts.controller) => {
            if !aws.is_gateway_controller(&facts.controller) {
                return Provisioning::Nothing;
            }
            let text = parent
                .then(" of ")
                .name(&class)
                .then(" (controller ")
                .said_by(&class, &facts.controller)
                .then(")");
            rests_on.push(class);
            alb(Confidence::Confirmed, text, rests_on)
        }
        _ if is_well_known(aws, &class.name) => {
            let text = parent
                .then(" of GatewayClass ")
                .said_by(&key, &class.name)
                .then(", a well-known name of an ALB's class (the GatewayClass ")
                .then(world.absence())
                .then(")");
            alb(Confidence::Likely, text, rests_on)
        }
        Some(_) => Provisioning::Unknown(
            Wording::ours("the controller of ")
                .name(&class)
                .then(" of ")
                .name(&key)
                .then(" is not rendered yet"),
        ),
        None => Provisioning::Unknown(
            Wording::ours("GatewayClass ")
                .said_by(&key, &class.name)
                .then(" of ")
                .name(&key)
                .then(" ")
                .then(world.absence()),
        ),
    }
}

fn is_well_known(aws: &Aws, class: &str) -> bool {
    aws.well_known_gateway_class_names
        .iter()
        .any(|known| **known == *class)
}

fn alb(confidence: Confidence, text: Wording, rests_on: Vec<ObjectKey>) -> Provisioning {
    Provisioning::Alb(Proof {
        confidence,
        text,
        rests_on,
    })
}
