//! A second opinion on the policy: the definition, transcribed as plainly as it can be.
//!
//! It knows manifests and nothing else: no typed views, no indexes, no overlay, no sharing. Each question is a loop over
//! all objects. It is slow, and meant to be read next to the definition of the rules.
//!
//! Two simplifications, which the generated worlds keep to: command lines are `proxy ROLE` or absent, and actions are
//! well-formed JSON in the documented spelling, or plainly broken.

mod actions;
mod bindings;
mod files;
mod fronts;
mod gateway_class;
mod ingress_class;
mod load_balancer;
mod manifest;
mod network_gateway;
mod service;
mod static_evidence;
mod workload;

use std::collections::BTreeSet;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::rules::RuleCode;
use serde_json::Value;

pub(crate) use files::judge_files;

/// All objects there are, and the names that the policy was configured with.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    objects: &'a [Value],
    configuration: &'a Configuration,
    /// Whether there may be more than these objects, with other values where they are not rendered yet.
    is_of_files: bool,
}

/// A finding, as far as two implementations have to agree on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) rule: RuleCode,
    /// The front, or the Service whose load balancer is at fault.
    pub(crate) object: ObjectKey,
    /// `namespace/name` of the Service, or the target group as the front names it, or the name of the action.
    pub(crate) to: String,
    /// The gateway workloads in sight; empty: static evidence only, or a rule that asks for none.
    pub(crate) gateways: BTreeSet<ObjectKey>,
    pub(crate) confidence: Confidence,
}

/// What is found in a world.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) findings: BTreeSet<Found>,
    /// Fronts of which something cannot be told.
    pub(crate) unresolved: BTreeSet<ObjectKey>,
}

/// Judges every object of a cluster.
pub(crate) fn judge(objects: &[Value], configuration: &Configuration) -> Answer {
    judge_world(World {
        objects,
        configuration,
        is_of_files: false,
    })
}

fn judge_world(world: World<'_>) -> Answer {
    let mut answer = Answer::default();
    fronts::judge(world, &mut answer);
    load_balancer::judge(world, &mut answer);
    network_gateway::judge(world, &mut answer);
    answer
}

impl<'a> World<'a> {
    /// Every object of a kind.
    fn all(self, kind: Kind) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter(move |object| manifest::kind(object) == Some(kind))
    }

    /// The object of a kind, namespace and name.
    fn get(self, kind: Kind, namespace: &str, name: &str) -> Option<&'a Value> {
        let key = ObjectKey::new(kind, namespace, name);
        self.all(kind).find(|object| manifest::key(object) == key)
    }
}
