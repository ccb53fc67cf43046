//! A front goes, or loses its way to the gateway, once a Layer-4 load balancer leads there. All findings of one front are
//! repaired together, so that the time does not grow with their square.

use std::collections::{HashMap, HashSet};

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::facing::{self, Facing};
use super::{Reasons, front_ingress, front_route, owner, way};
use crate::fronts::{self, Target};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, World, bound_group_key};
use crate::objects::Facts;
use crate::paths::{self, Leg};
use crate::rules::Finding;

/// Repairs the findings of one front.
pub(super) fn repair(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    findings: &[&Finding],
    reasons: &mut Reasons,
) {
    let legs = legs(draft, key, findings);
    if legs.is_empty() {
        reasons.add(format!("the way from {key} to the gateway is not in sight"));
        return;
    }
    reasons.take(take_away(draft, key, &legs));
}

/// Takes the ways of the findings out of the front, whatever stands in for it then. Nothing is drafted where another tool writes
/// the front.
pub(super) fn leave_out(draft: &mut Draft<'_>, key: &ObjectKey, findings: &[&Finding]) {
    let document = DocumentKey::from(key);
    let is_own = draft
        .base(&document)
        .is_some_and(|object| !matches!(owner::maker(&object), Some(owner::Maker::Controller(_))));
    if is_own {
        let legs = legs(draft, key, findings);
        let firsts: HashSet<ServiceKey> = legs.iter().filter_map(first).collect();
        remove(draft, key, &firsts);
    }
}

/// Takes out what leads to these Services. `false`: the front is not at hand.
fn remove(draft: &mut Draft<'_>, key: &ObjectKey, firsts: &HashSet<ServiceKey>) -> bool {
    if firsts.is_empty() {
        return true;
    }
    let world = draft.world;
    let leads = |target: &Target| leads(world, firsts, target);
    match key.kind {
        Kind::Ingress => front_ingress::take_away(draft, key, &leads),
        Kind::HttpRoute | Kind::GrpcRoute => front_route::take_away(draft, key, &leads),
        _ => {
            draft.delete(&key.into(), Phase::Front);
            true
        }
    }
}

/// The ways that the findings are about.
fn legs(draft: &Draft<'_>, key: &ObjectKey, findings: &[&Finding]) -> Vec<Leg> {
    let (world, configuration) = (draft.world, draft.configuration);
    let front = world
        .get(key)
        .and_then(|object| fronts::of_object(world, &configuration.aws, object));
    let Some(front) = front else {
        return Vec::new();
    };
    let meant: HashSet<&str> = findings
        .iter()
        .filter_map(|finding| Some(&*finding.identity.first()?.to))
        .collect();
    let paths = paths::of_front(world, &configuration.istio, front);
    let mut seen = HashMap::new();
    for leg in paths.legs {
        if let Some(service) = leg.reach.services.first() {
            let name = service.key.qualified_name();
            if meant.contains(&*name) {
                seen.entry(name).or_insert(leg);
            }
        }
    }
    let mut found: Vec<Leg> = Vec::new();
    for finding in findings {
        let name = finding.identity.first().map(|path| &*path.to);
        found.extend(name.and_then(|name| seen.remove(name)));
    }
    found
}

fn take_away(draft: &mut Draft<'_>, key: &ObjectKey, legs: &[Leg]) -> Result<(), String> {
    let document = DocumentKey::from(key);
    let not_at_hand = || format!("the whole object of {key} is not at hand");
    let object = draft.base(&document).ok_or_else(not_at_hand)?;
    if let Some(owner::Maker::Controller(name)) = owner::maker(&object) {
        return Err(format!(
            "{key} is written by {name}, of which nothing is known here: change it there"
        ));
    }
    let facing = match key.kind {
        Kind::Ingress => facing::of_ingress(draft, key),
        Kind::HttpRoute | Kind::GrpcRoute => {
            facing::of_route(draft, &front_route::alb_parents(draft, key, &object))
        }
        _ => Facing::of_binding(key, &object),
    };
    let mut stands = Vec::new();
    let mut replaced: Vec<&Leg> = Vec::new();
    let mut reason = None;
    for leg in legs {
        match way::ensure(draft, &leg.reach, &facing) {
            Ok(what) => {
                stands.push(what);
                replaced.push(leg);
            }
            Err(why) => reason = reason.or(Some(why)),
        }
    }
    if replaced.is_empty() {
        return reason.map_or(Ok(()), Err);
    }
    let firsts: HashSet<ServiceKey> = replaced.iter().filter_map(|leg| first(leg)).collect();
    if !remove(draft, key, &firsts) {
        return Err(not_at_hand());
    }
    explain(draft, &document, &facing, stands);
    explain_bindings(draft, &document, &firsts);
    if matches!(
        key.kind,
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding
    ) {
        draft.explain(
            &document,
            "A front that forwards to its target group is L7G105 then. A binding that a controller made goes with the front that it was made for: labels alone do not prove that.",
        );
    }
    reason.map_or(Ok(()), Err)
}

/// The Service that the front names.
fn first(leg: &Leg) -> Option<ServiceKey> {
    let key = &leg.reach.services.first()?.key;
    Some((key.namespace.clone(), key.name.clone()))
}

fn explain(draft: &mut Draft<'_>, document: &DocumentKey, facing: &Facing, stands: Vec<String>) {
    for what in stands {
        draft.explain(document, what);
    }
    if !facing.certificates.is_empty() {
        draft.explain(document, way::certificates_move(facing));
    }
    for remark in &facing.remarks {
        draft.explain(document, remark.clone());
    }
    draft.explain(document, "Routing that it did belongs into a VirtualService or HTTPRoute of the mesh. Afterwards lower numTrustedProxies where it counts the ALB, or clients can forge X-Forwarded-For.");
}

/// Says what becomes of bindings of the same Services, which the front gave their meaning or their controller a reason.
fn explain_bindings(draft: &mut Draft<'_>, document: &DocumentKey, firsts: &HashSet<ServiceKey>) {
    let is_bound = |service: &ServiceKey| {
        draft
            .world
            .at_most(&IndexKey::BindsService(service.clone()))
            > 0
    };
    if firsts.iter().any(is_bound) {
        draft.explain(document, "The controller deletes the TargetGroupBindings that it made for this front. One that stays behind is a finding of its own: L7G003, or L7G103 where nothing says its protocol any more.");
    }
}

/// Whether a target of the front leads to one of these Services: by itself, or bound to it.
fn leads(world: &World<'_>, firsts: &HashSet<ServiceKey>, target: &Target) -> bool {
    match target {
        Target::Service(service) => firsts.contains(service),
        Target::TargetGroup(group) => world.find(&bound_group_key(group)).any(|object| {
            matches!(&object.facts, Facts::TargetGroupBinding(binding)
                if firsts.contains(&(object.key.namespace.clone(), binding.service.clone()))
                    && binding.target_group.as_ref().is_some_and(|bound| world.joins(bound, group)))
        }),
        Target::Unreadable { .. } => false,
    }
}
