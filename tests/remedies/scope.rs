//! What a list may touch: the front, the gateway's Services, and who makes those.

use serde_json::Value;

use crate::change::{Action, Change};
use crate::fault::Faults;
use crate::gateway::OF_CONTROLLERS;
use crate::manifests::{Identity, Manifests, fields, text};
use crate::subject::Subject;

pub(crate) fn faults(subjects: &[Subject<'_>], before: &Manifests, changes: &[Change]) -> Faults {
    let mut faults = Faults::default();
    let is_old = |change: &Change| {
        change.action == Action::Delete
            || subjects.iter().any(|subject| {
                subject.has_front() && subject.finding.object == change.target.identity()
            })
    };
    if let Some(at) = changes.iter().position(is_old) {
        let mut later = changes[at..].iter();
        let is_in_order =
            !later.any(|change| change.action == Action::Create && change.target.kind == "Service");
        let old = changes[at].target.identity();
        faults.require(is_in_order, "the old goes before the new", old);
    }
    for change in changes.iter().flat_map(Change::with_effect) {
        let target = change.target.identity();
        let is_about = subjects
            .iter()
            .any(|subject| subject.finding.object == target);
        match (change.action, target.kind.as_str()) {
            (Action::Create, "Service") => created(change, &target, subjects, &mut faults),
            (Action::Create, _) => faults.add("a creation of something else", &target),
            (Action::Patch, "Service") => {
                let is_gateways = before
                    .get(&target)
                    .is_some_and(|service| serves(service, subjects));
                faults.require(is_gateways, "a change of another Service", &target);
            }
            // Who makes the Service, what TLS moves to, and what goes by itself with its front.
            (Action::Values, _) | (Action::Patch, "Gateway" | "IstioOperator") => {}
            (Action::Delete, "TargetGroupBinding") if !changes.contains(change) => {}
            (Action::Patch | Action::Delete, _) => {
                faults.require(is_about, "a change of something else", &target);
            }
        }
    }
    faults
}

fn serves(service: &Value, subjects: &[Subject<'_>]) -> bool {
    let mut subjects = subjects.iter();
    subjects.any(|subject| subject.gateway.is_served_by(service))
}

/// What is created selects by nothing that a controller adds, stands where the gateway is, and is built by who builds there.
fn created(change: &Change, target: &Identity, subjects: &[Subject<'_>], faults: &mut Faults) {
    let Some(object) = &change.object else { return };
    let selector = &object["spec"]["selector"];
    let is_clean = fields(selector).all(|(key, _)| !OF_CONTROLLERS.contains(&key.as_str()));
    faults.require(is_clean, "a label of a controller in a selector", target);
    let is_home = subjects.iter().any(|subject| {
        let namespace = subject.gateway.namespace.as_ref();
        namespace.is_none_or(|namespace| *namespace == target.namespace)
    });
    faults.require(is_home, "a Service in another namespace", target);
    faults.require(serves(object, subjects), "a Service of other Pods", target);
    // A cluster that has both kinds of ALBs has both controllers.
    let mut fronts = subjects
        .iter()
        .filter(|subject| subject.has_front() && subject.gateway.is_served_by(object))
        .peekable();
    let is_auto_mode = fronts.peek().is_some() && fronts.all(|subject| subject.front.is_auto_mode);
    let is_right =
        !is_auto_mode || text(&object["spec"]["loadBalancerClass"]) != "service.k8s.aws/nlb";
    faults.require(is_right, "a load balancer that nobody builds", target);
}
