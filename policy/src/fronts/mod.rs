//! The first end of a path: which objects make an AWS Layer-7 load balancer, and where they route.
//!
//! A [`Front`] is an Ingress, a route or a TargetGroupBinding with what is known of its load balancer ([`Provisioning`]) and
//! its [`Destination`]s. One file says it for each: [`ingress`] (with [`ingress_class`]), [`route`],
//! [`target_group_binding`].

pub mod aws;
pub mod ingress;
pub mod ingress_class;
pub mod route;
pub mod target_group_binding;

use std::sync::Arc;

use aws::Aws;

use crate::confidence::Confidence;
use crate::identity::{ObjectKey, ServiceKey};
use crate::inventory::World;
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::{Facts, Object};
use crate::wording::Wording;

/// An object that may make an AWS Layer-7 load balancer, or bind a Service to one.
#[derive(Clone, Debug)]
pub struct Front<'a> {
    /// The object.
    pub object: &'a Object,
    /// Whether it makes one.
    pub provisioning: Provisioning,
    /// Where it routes to, in the order in which the object says it.
    pub destinations: Vec<Destination>,
}

/// Whether an object makes an AWS Layer-7 load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// It does.
    Alb(Proof),
    /// Nothing says whether it does: a TargetGroupBinding without protocol.
    Undecided,
    /// It cannot be told, for this reason: what would decide it is missing, or the controller ignores the object.
    Unknown(Wording),
    /// It does not.
    Nothing,
}

/// What shows that an object makes an ALB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How sure it makes us.
    pub confidence: Confidence,
    /// What it is, in words, about the front.
    pub text: Wording,
    /// Objects beside the front that it rests on.
    pub rests_on: Vec<ObjectKey>,
}

/// A place that a front routes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The pointer of the field that names it. All targets of one action share it.
    pub field: Arc<str>,
    /// What it names.
    pub target: Target,
}

/// What a destination names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Service.
    Service(ServiceKey),
    /// An AWS target group; TargetGroupBindings say what is behind it.
    TargetGroup(TargetGroup),
    /// An action that the controller cannot read, and why: nothing is deployed.
    Unreadable {
        /// The action's name.
        action: Box<str>,
        /// The controller's reason.
        reason: Box<str>,
    },
}

/// The front that an object is; `None`: objects of this kind never are.
#[must_use]
pub fn of_object<'a>(world: &World<'a>, aws: &Aws, object: &'a Object) -> Option<Front<'a>> {
    let provisioning = provisioning(world, aws, object)?;
    let destinations = if provisioning == Provisioning::Nothing {
        Vec::new()
    } else {
        destinations(object)
    };
    Some(Front {
        object,
        provisioning,
        destinations,
    })
}

/// What the load balancer of an object is; `None`: objects of this kind never make one. Its destinations, which may be
/// many, are not looked at.
pub(crate) fn provisioning(world: &World<'_>, aws: &Aws, object: &Object) -> Option<Provisioning> {
    match &object.facts {
        Facts::Ingress(facts) => Some(ingress::provisioning(world, aws, facts)),
        Facts::Route(facts) => Some(route::provisioning(world, aws, facts)),
        Facts::TargetGroupBinding(facts) => Some(target_group_binding::provisioning(
            world, aws, object, facts,
        )),
        _ => None,
    }
}

/// Where an object would route, whatever it makes.
#[must_use]
pub fn destinations(object: &Object) -> Vec<Destination> {
    match &object.facts {
        Facts::Ingress(facts) => ingress::destinations(object, facts),
        Facts::Route(facts) => route::destinations(facts),
        Facts::TargetGroupBinding(facts) => target_group_binding::destinations(object, facts),
        _ => Vec::new(),
    }
}
