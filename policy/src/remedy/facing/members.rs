//! The Ingresses that share one ALB: members of a group that one controller builds. What cannot be told to be a member
//! says nothing of the ALB.

use std::collections::HashMap;

use serde_json::Value;

use crate::fronts::Provisioning;
use crate::fronts::aws::{AUTO_MODE_CONTROLLER, Aws};
use crate::fronts::ingress::{Group, group};
use crate::fronts::ingress_class;
use crate::identity::ObjectKey;
use crate::inventory::{IndexKey, World};
use crate::objects::Facts;
use crate::objects::ingress::Ingress;
use crate::remedy::documents::DocumentKey;
use crate::remedy::draft::Draft;
use crate::remedy::json::at;

/// The controller of Ingresses that are taken by annotation or by the name of a missing class.
const LOAD_BALANCER_CONTROLLER: &str = "ingress.k8s.aws/alb";

/// An ALB has at most 100 rules by default, and so few members.
const MOST_MEMBERS: usize = 100;

/// Ingresses that may make an ALB by the name of their explicit group, in order, each with its controller. Without one
/// it cannot be told whose it is.
pub(in crate::remedy) type Groups = HashMap<Box<str>, Vec<(ObjectKey, Option<Box<str>>)>>;

/// An Ingress and what its class says of the ALB.
pub(super) struct Stated {
    pub(super) object: Value,
    /// The IngressClassParams of its class, where these are in sight.
    pub(super) params: Option<Value>,
}

/// Who shares the ALB of an Ingress.
#[derive(Default)]
pub(super) struct Members {
    pub(super) known: Vec<Stated>,
    /// Ingresses that name the same group and of which it cannot be told whether they are members.
    pub(super) untold: Vec<ObjectKey>,
}

/// All groups of a world.
pub(in crate::remedy) fn groups(world: &World<'_>, aws: &Aws) -> Groups {
    let mut groups = Groups::new();
    for object in world.objects() {
        let Facts::Ingress(ingress) = &object.facts else {
            continue;
        };
        let Group::Explicit(name) = group(world, aws, ingress) else {
            continue;
        };
        if matches!(
            ingress_class::resolve(world, aws, ingress),
            Provisioning::Nothing
        ) {
            continue;
        }
        let controller = controller(world, aws, ingress).map(Box::from);
        let members = groups.entry(Box::from(name)).or_default();
        members.push((object.key.clone(), controller));
    }
    for members in groups.values_mut() {
        members.sort();
    }
    groups
}

/// The controller that makes an ALB of the Ingress, where that can be told.
///
/// Source: AWS Load Balancer Controller `pkg/ingress/group_loader.go` (`classifyIngress`).
fn controller<'a>(world: &World<'a>, aws: &Aws, ingress: &Ingress) -> Option<&'a str> {
    if ingress_class::is_matched_by_annotation(aws, ingress) {
        return Some(LOAD_BALANCER_CONTROLLER);
    }
    if let Some(class) = ingress_class::of_ingress(world, ingress) {
        let controller = &*class.controller;
        // Beside a class annotation only EKS Auto Mode reads the field.
        let is_read = ingress.class_annotation.is_none() || controller == AUTO_MODE_CONTROLLER;
        return Some(controller).filter(|controller| {
            is_read && !world.is_unrendered(controller) && aws.is_ingress_controller(controller)
        });
    }
    let is_taken = match (&ingress.class_annotation, &ingress.class_name) {
        (Some(_), _) => false,
        (None, Some(name)) => aws
            .well_known_class_names
            .iter()
            .any(|known| **known == **name),
        (None, None) => {
            aws.manages_classless_ingresses && world.at_most(&IndexKey::DefaultClass) == 0
        }
    };
    is_taken.then_some(LOAD_BALANCER_CONTROLLER)
}

/// The other members of the explicit group of an Ingress.
pub(super) fn of_ingress(draft: &Draft<'_>, own: &ObjectKey, ingress: &Ingress) -> Members {
    let (world, aws) = (draft.world, &draft.configuration.aws);
    let mut members = Members::default();
    let Group::Explicit(name) = group(world, aws, ingress) else {
        return members;
    };
    let own_controller = controller(world, aws, ingress);
    let others = draft.scene.in_group(world, aws, name).iter();
    for (key, controller) in others.filter(|(key, _)| key != own).take(MOST_MEMBERS) {
        let is_shared = match (own_controller, controller.as_deref()) {
            (Some(own), Some(other)) if own == other => true,
            (Some(_), Some(_)) => continue,
            _ => false,
        };
        match stated(draft, key).filter(|_| is_shared) {
            Some(other) if is_leaving(&other.object) => {}
            Some(other) => members.known.push(other),
            None => members.untold.push(key.clone()),
        }
    }
    members
}

/// What another Ingress says; `None` where its class has parameters that are not in sight, which may name another group.
fn stated(draft: &Draft<'_>, key: &ObjectKey) -> Option<Stated> {
    let Some(Facts::Ingress(ingress)) = draft.world.facts(key) else {
        return None;
    };
    let params = match params(draft, ingress) {
        Some(None) => return None,
        found => found.flatten(),
    };
    let object = draft.base(&key.into())?;
    Some(Stated { object, params })
}

/// An Ingress that is being deleted is no member any more.
fn is_leaving(object: &Value) -> bool {
    at(object, &["metadata", "deletionTimestamp"]).is_some_and(|at| !at.is_null())
}

/// The IngressClassParams of an Ingress, where its class has any; the inner `None`: they are not in sight.
#[expect(
    clippy::option_option,
    reason = "having none and not seeing them differ"
)]
pub(super) fn params(draft: &Draft<'_>, ingress: &Ingress) -> Option<Option<Value>> {
    let is_by_annotation =
        ingress_class::is_matched_by_annotation(&draft.configuration.aws, ingress);
    if ingress_class::undecided(draft.world, ingress).any(|class| class.params.is_some()) {
        // One of the default classes is in force, and perhaps its parameters.
        return Some(None);
    }
    let class = ingress_class::of_ingress(draft.world, ingress).filter(|_| !is_by_annotation)?;
    let key = class.params.as_ref()?.key();
    Some(draft.document(&DocumentKey::from(&key)))
}
