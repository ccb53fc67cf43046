//! An Ingress loses its way to the gateway: the backends that lead there, or all of it where nothing else is left.

use serde_json::Value;

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::json::{annotation, set, settled, text, unset};
use crate::actions::{self, Action, ForwardTarget};
use crate::fronts::Target;
use crate::identity::ObjectKey;
use crate::objects::ingress::ACTION_ANNOTATION_PREFIX;
use crate::objects::target_group_binding::TargetGroup;

/// The port name that makes a backend's service name the name of an action.
const USE_ANNOTATION: &str = "use-annotation";

/// What a backend is to this remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It leads to the gateway and to nothing else.
    Gateway,
    /// It leads to the gateway among others.
    Shared,
    /// It sends callers of plain HTTP to HTTPS on the same host: part of the way to whatever stands there.
    ToHttps,
    /// It serves something else.
    Other,
}

/// One Ingress, and which of its targets lead to the gateway.
struct Front<'f> {
    object: &'f Value,
    namespace: &'f str,
    leads: &'f dyn Fn(&Target) -> bool,
}

/// Takes the way to the gateway away. `false`: the Ingress is not in sight.
pub(super) fn take_away(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    leads: &dyn Fn(&Target) -> bool,
) -> bool {
    let document = DocumentKey::from(key);
    let Some(object) = draft.document(&document) else {
        return false;
    };
    let front = Front {
        object: &object,
        namespace: &key.namespace,
        leads,
    };
    let parts: Vec<Part> = backends(&object)
        .map(|backend| front.part(backend))
        .collect();
    let serves_others = parts
        .iter()
        .any(|part| matches!(part, Part::Other | Part::Shared));
    if !serves_others {
        draft.delete(&document, Phase::Front);
        return true;
    }
    let is_edited = draft.edit(&document, Phase::Front, |raw| {
        edit(raw, &key.namespace, leads);
    });
    draft.explain(
        &document,
        "The Ingress also serves other backends and keeps them; only what leads to the gateway goes. A host whose paths were shared by both is one name in DNS: route the paths that stay on the ALB through the mesh as well, or give them a host of their own, before that host's DNS moves. What is left of an action may be one that the controller refuses: L7G106.",
    );
    is_edited
}

/// All backends of an Ingress of any version.
fn backends(object: &Value) -> impl Iterator<Item = &Value> {
    let spec = &object["spec"];
    let default = [&spec["defaultBackend"], &spec["backend"]];
    let rules = spec["rules"].as_array().into_iter().flatten();
    let paths = rules.flat_map(|rule| rule["http"]["paths"].as_array().into_iter().flatten());
    default
        .into_iter()
        .chain(paths.map(|path| &path["backend"]))
        .filter(|backend| !backend.is_null())
}

/// The name of a backend's Service or action, and whether it is an action's.
fn named(backend: &Value) -> Option<(&str, bool)> {
    if let Some(name) = text(backend, &["service", "name"]) {
        return Some((
            name,
            text(backend, &["service", "port", "name"]) == Some(USE_ANNOTATION),
        ));
    }
    let name = text(backend, &["serviceName"])?;
    Some((
        name,
        text(backend, &["servicePort"]) == Some(USE_ANNOTATION),
    ))
}

fn action_key(name: &str) -> String {
    format!("{ACTION_ANNOTATION_PREFIX}{name}")
}

impl Front<'_> {
    fn part(&self, backend: &Value) -> Part {
        match named(backend) {
            Some((name, true)) => self.action_part(name),
            Some((name, false)) if self.leads_to_service(name) => Part::Gateway,
            _ => Part::Other,
        }
    }

    fn leads_to_service(&self, name: &str) -> bool {
        (self.leads)(&Target::Service((self.namespace.into(), name.into())))
    }

    fn leads_to(&self, target: &ForwardTarget) -> bool {
        match target {
            ForwardTarget::Service(name) => self.leads_to_service(name),
            ForwardTarget::TargetGroupArn(arn) => {
                (self.leads)(&Target::TargetGroup(TargetGroup::Arn(arn.clone())))
            }
            ForwardTarget::TargetGroupName(name) => {
                (self.leads)(&Target::TargetGroup(TargetGroup::Name(name.clone())))
            }
        }
    }

    fn action_part(&self, name: &str) -> Part {
        let Some(text) = annotation(self.object, &action_key(name)) else {
            return Part::Other;
        };
        match actions::read(text) {
            Ok(Action::Forward(targets)) => {
                let leading = targets
                    .iter()
                    .filter(|target| self.leads_to(target))
                    .count();
                match leading {
                    0 => Part::Other,
                    all if all == targets.len() => Part::Gateway,
                    _ => Part::Shared,
                }
            }
            Ok(Action::Redirect) if is_to_https(text) => Part::ToHttps,
            _ => Part::Other,
        }
    }
}

/// Whether a redirect leads from HTTP to HTTPS on the same host.
fn is_to_https(action: &str) -> bool {
    let Ok(action) = actions::types::Action::read(action.as_bytes()) else {
        return false;
    };
    action.redirect_config.is_some_and(|redirect| {
        redirect.protocol.as_deref() == Some("HTTPS")
            && matches!(redirect.host.as_deref(), None | Some("" | "#{host}"))
    })
}

/// Takes out what leads to the gateway: paths, rules of which no path is left, the default backend, and actions or their
/// targets.
fn edit(raw: &mut Value, namespace: &str, leads: &dyn Fn(&Target) -> bool) {
    let object = settled(raw);
    let front = Front {
        object: &object,
        namespace,
        leads,
    };
    for key in ["defaultBackend", "backend"] {
        let backend = &object["spec"][key];
        if !backend.is_null() && front.part(backend) == Part::Gateway {
            unset(raw, &["spec", key]);
        }
    }
    let rules = raw.pointer_mut("/spec/rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let paths = rule.pointer_mut("/http/paths");
        let Some(paths) = paths.and_then(Value::as_array_mut) else {
            continue;
        };
        let mut is_touched = false;
        for path in paths.iter_mut().filter(|path| !path.is_null()) {
            if front.part(&path["backend"]) == Part::Gateway {
                *path = Value::Null;
                is_touched = true;
            }
        }
        if is_touched && paths.iter().all(Value::is_null) {
            *rule = Value::Null;
        }
    }
    let names: Vec<(String, Part)> = backends(&object)
        .filter_map(named)
        .filter(|(_, is_action)| *is_action)
        .map(|(name, _)| (name.to_owned(), front.action_part(name)))
        .collect();
    for (name, part) in names {
        let key = action_key(&name);
        match part {
            Part::Gateway => unset(raw, &["metadata", "annotations", &key]),
            Part::Shared => {
                if let Some(rest) = annotation(&object, &key).and_then(|text| without(text, &front))
                {
                    set(raw, &["metadata", "annotations", &key], rest);
                }
            }
            _ => {}
        }
    }
}

/// The action without the targets that lead to the gateway. Keys are read in any case, as the controller does.
fn without(action: &str, front: &Front<'_>) -> Option<String> {
    let mut action: Value = serde_json::from_str(action).ok()?;
    let config = field_mut(&mut action, "forwardConfig")?;
    let groups = field_mut(config, "targetGroups")?.as_array_mut()?;
    groups.retain_mut(|group| {
        let mut name =
            |key| field_mut(group, key).and_then(|value| value.as_str().map(Box::<str>::from));
        let target = name("targetGroupARN")
            .map(ForwardTarget::TargetGroupArn)
            .or_else(|| name("targetGroupName").map(ForwardTarget::TargetGroupName))
            .or_else(|| name("serviceName").map(ForwardTarget::Service));
        !target.is_some_and(|target| front.leads_to(&target))
    });
    serde_json::to_string(&action).ok()
}

fn field_mut<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let fields = object.as_object_mut()?.iter_mut();
    fields
        .filter(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
        .map(|(_, value)| value)
        .last()
}
