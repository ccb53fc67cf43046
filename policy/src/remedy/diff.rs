//! The smallest patch that leads from an object to its draft.
//!
//! A draft keeps the elements of its lists in their places: `null` stands for one that was taken away, new ones stand
//! behind the last.

use serde_json::{Map, Value, json};

use super::change::Patch;
use crate::objects::escape_pointer;

/// Fields by which an element of a list is known again, as JSON pointers into it.
const IDENTIFYING: [&str; 11] = [
    "/name",
    "/host",
    "/port",
    "/kind",
    "/path",
    "/backend/service/name",
    "/backend/serviceName",
    "/http/paths/0/path",
    "/http/paths/0/backend/service/name",
    "/http/paths/0/backend/serviceName",
    "/backendRefs/0/name",
];

/// The patch; `None` where nothing differs.
///
/// It is a merge patch (RFC 7396) unless a list is changed, as a merge patch replaces lists whole.
pub(super) fn patch(base: &Value, draft: &Value) -> Option<Patch> {
    if base == draft {
        return None;
    }
    let merge = merge(base, draft);
    if has_list(&merge) {
        let mut operations = Vec::new();
        differ(base, draft, "", &mut operations);
        return Some(Patch::Json(operations));
    }
    Some(Patch::Merge(merge))
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(map) => map.values().any(has_list),
        _ => false,
    }
}

fn merge(base: &Value, draft: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (base, draft) else {
        return draft.clone();
    };
    let mut merged = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        merged.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match old.get(key) {
            Some(before) if before == value => {}
            Some(before) => {
                merged.insert(key.clone(), merge(before, value));
            }
            None => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(merged)
}

/// Operations that lead from one value to another of the same place.
fn differ(base: &Value, draft: &Value, pointer: &str, operations: &mut Vec<Value>) {
    match (base, draft) {
        _ if base == draft => {}
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let pointer = format!("{pointer}/{}", escape_pointer(key));
                if let Some(now) = new.get(key) {
                    differ(value, now, &pointer, operations);
                } else {
                    operations.push(json!({"op": "test", "path": pointer, "value": value}));
                    operations.push(json!({"op": "remove", "path": pointer}));
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                let pointer = format!("{pointer}/{}", escape_pointer(key));
                operations.push(json!({"op": "add", "path": pointer, "value": value}));
            }
        }
        (Value::Array(old), Value::Array(new)) => elements(old, new, pointer, operations),
        _ => {
            operations.push(json!({"op": "test", "path": pointer, "value": base}));
            operations.push(json!({"op": "replace", "path": pointer, "value": draft}));
        }
    }
}

/// Elements from the last to the first, so that no index is shifted before it is used; then the new ones.
fn elements(old: &[Value], new: &[Value], pointer: &str, operations: &mut Vec<Value>) {
    for (at, before) in old.iter().enumerate().rev() {
        let pointer = format!("{pointer}/{at}");
        match new.get(at) {
            Some(now) if now == before => {}
            None | Some(Value::Null) => {
                identify(old, at, &pointer, operations);
                operations.push(json!({"op": "remove", "path": pointer}));
            }
            Some(now) => {
                if before.is_object() {
                    identify(old, at, &pointer, operations);
                }
                differ(before, now, &pointer, operations);
            }
        }
    }
    for value in new.iter().skip(old.len()).filter(|value| !value.is_null()) {
        operations.push(json!({"op": "add", "path": format!("{pointer}/-"), "value": value}));
    }
}

/// Tests that an element is the one that is meant: by its identifying fields where these are no other's, else as a whole.
fn identify(all: &[Value], at: usize, pointer: &str, operations: &mut Vec<Value>) {
    let Some(element) = all.get(at) else {
        return;
    };
    let identity = |element: &Value| -> Vec<(&str, Value)> {
        let fields = IDENTIFYING.iter().filter_map(|field| {
            let value = element.pointer(field)?;
            let is_scalar = !(value.is_null() || value.is_object() || value.is_array());
            is_scalar.then(|| (*field, value.clone()))
        });
        fields.collect()
    };
    let own = identity(element);
    let is_shared = |other: &Value| {
        own.iter()
            .all(|(field, value)| other.pointer(field) == Some(value))
    };
    let is_unique = all
        .iter()
        .enumerate()
        .all(|(other, value)| other == at || !is_shared(value));
    if own.is_empty() || !is_unique {
        operations.push(json!({"op": "test", "path": pointer, "value": element}));
        return;
    }
    for (field, value) in own {
        let path = format!("{pointer}{field}");
        operations.push(json!({"op": "test", "path": path, "value": value}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_changed_by_a_merge_patch() {
        let base = json!({"spec": {"type": "ClusterIP", "ports": [1]}, "metadata": {"labels": {"a": "b"}}});
        let draft =
            json!({"spec": {"type": "LoadBalancer", "ports": [1]}, "metadata": {"labels": {}}});
        let wanted = json!({"spec": {"type": "LoadBalancer"}, "metadata": {"labels": {"a": null}}});
        assert_eq!(patch(&base, &draft), Some(Patch::Merge(wanted)));
        assert_eq!(patch(&base, &base), None);
    }

    #[test]
    fn elements_go_from_the_last_to_the_first_behind_a_test() {
        let base = json!({"rules": [{"host": "a"}, {"host": "b"}, {"host": "c"}]});
        let draft = json!({"rules": [null, {"host": "b"}, null, {"host": "d"}]});
        let wanted = vec![
            json!({"op": "test", "path": "/rules/2/host", "value": "c"}),
            json!({"op": "remove", "path": "/rules/2"}),
            json!({"op": "test", "path": "/rules/0/host", "value": "a"}),
            json!({"op": "remove", "path": "/rules/0"}),
            json!({"op": "add", "path": "/rules/-", "value": {"host": "d"}}),
        ];
        assert_eq!(patch(&base, &draft), Some(Patch::Json(wanted)));
    }

    #[test]
    fn an_element_that_is_like_another_is_tested_as_a_whole() {
        let base = json!({"paths": [{"path": "/", "pathType": "Exact"}, {"path": "/", "pathType": "Prefix"}]});
        let draft = json!({"paths": [null, {"path": "/", "pathType": "Prefix"}]});
        let wanted = vec![
            json!({"op": "test", "path": "/paths/0", "value": {"path": "/", "pathType": "Exact"}}),
            json!({"op": "remove", "path": "/paths/0"}),
        ];
        assert_eq!(patch(&base, &draft), Some(Patch::Json(wanted)));
    }
}
