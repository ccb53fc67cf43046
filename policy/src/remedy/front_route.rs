//! A route loses its way to the gateway: the backends that lead there, the reference to the ALB's Gateway where the route has
//! other parents, or all of it where nothing else is left.

use std::sync::Arc;

use serde_json::Value;

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::json::{list, text};
use crate::fronts::{self, Provisioning, Target};
use crate::identity::{Kind, ObjectKey};
use crate::objects::route::{Parent, Route};
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::{Facts, Object};

/// The references of a route to Gateways of ALBs.
pub(super) fn alb_parents(
    draft: &Draft<'_>,
    key: &ObjectKey,
    object: &Value,
) -> Vec<(Parent, Value)> {
    let references = list(object, &["spec", "parentRefs"]).iter();
    let parents = references.filter_map(|reference| {
        let parent = parent(key, reference)?;
        is_albs(draft, key, &parent).then(|| (parent, reference.clone()))
    });
    parents.collect()
}

fn parent(key: &ObjectKey, reference: &Value) -> Option<Parent> {
    let kind = match text(reference, &["kind"]) {
        None | Some("Gateway") => Kind::Gateway,
        Some("ListenerSet") => Kind::ListenerSet,
        Some("XListenerSet") => Kind::XListenerSet,
        Some(_) => return None,
    };
    Some(Parent {
        kind,
        namespace: Arc::from(text(reference, &["namespace"]).unwrap_or(&key.namespace)),
        name: Arc::from(text(reference, &["name"])?),
    })
}

/// Whether a route with this parent alone would be an ALB's.
fn is_albs(draft: &Draft<'_>, key: &ObjectKey, parent: &Parent) -> bool {
    let route = Object {
        key: key.clone(),
        api_version: key.kind.api_version(),
        is_terminating: false,
        uid: None,
        facts: Facts::Route(Route {
            parents: Box::new([parent.clone()]),
            backends: Box::default(),
        }),
    };
    let provisioning = fronts::provisioning(draft.world, &draft.configuration.aws, &route);
    matches!(provisioning, Some(Provisioning::Alb(_)))
}

/// Takes the way to the gateway away. `false`: the route is not in sight.
pub(super) fn take_away(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    leads: &dyn Fn(&Target) -> bool,
) -> bool {
    let document = DocumentKey::from(key);
    let Some(object) = draft.document(&document) else {
        return false;
    };
    let is_gateways = |backend: &Value| target(key, backend).is_some_and(|target| leads(&target));
    let rules = list(&object, &["spec", "rules"]);
    let serves_others = rules.iter().any(|rule| {
        let backends = list(rule, &["backendRefs"]);
        backends.iter().any(|backend| !is_gateways(backend))
            || (backends.is_empty() && !is_to_https(rule))
    });
    if serves_others {
        let is_edited = draft.edit(&document, Phase::Front, |raw| edit(raw, &is_gateways));
        draft.explain(&document, "The route also serves other backends and keeps them; only what leads to the gateway goes. Where both share a host, that host's DNS can lead to one load balancer alone.");
        return is_edited;
    }
    let albs = alb_parents(draft, key, &object);
    let count = list(&object, &["spec", "parentRefs"]).len();
    if count > albs.len() {
        draft.explain(&document, "");
        let is_edited = draft.edit(&document, Phase::Front, |raw| {
            let references = raw["spec"]["parentRefs"].as_array_mut();
            for reference in references.into_iter().flatten() {
                if albs.iter().any(|(_, alb)| alb == reference) {
                    *reference = Value::Null;
                }
            }
        });
        draft.explain(
            &document,
            "The route stays with its other parents and leaves the ALB's Gateway.",
        );
        return is_edited;
    }
    draft.delete(&document, Phase::Front);
    true
}

fn target(key: &ObjectKey, backend: &Value) -> Option<Target> {
    let name = text(backend, &["name"])?;
    match text(backend, &["kind"]) {
        None | Some("Service") => {
            let namespace = text(backend, &["namespace"]).unwrap_or(&key.namespace);
            Some(Target::Service((Arc::from(namespace), Arc::from(name))))
        }
        Some("TargetGroupName") => Some(Target::TargetGroup(TargetGroup::Name(name.into()))),
        Some(_) => None,
    }
}

/// Whether a rule without backends leads callers to HTTPS on the same host.
fn is_to_https(rule: &Value) -> bool {
    list(rule, &["filters"]).iter().any(|filter| {
        let redirect = &filter["requestRedirect"];
        redirect["scheme"] == "https" && redirect["hostname"].is_null()
    })
}

/// Takes out the backends that lead to the gateway, and rules of which no backend is left.
fn edit(raw: &mut Value, is_gateways: &dyn Fn(&Value) -> bool) {
    let rules = raw.pointer_mut("/spec/rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let backends = rule.get_mut("backendRefs");
        let Some(backends) = backends.and_then(Value::as_array_mut) else {
            continue;
        };
        let mut is_touched = false;
        for backend in backends.iter_mut().filter(|backend| !backend.is_null()) {
            if is_gateways(backend) {
                *backend = Value::Null;
                is_touched = true;
            }
        }
        if is_touched && backends.iter().all(Value::is_null) {
            *rule = Value::Null;
        }
    }
}
