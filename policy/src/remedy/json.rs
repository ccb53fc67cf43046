//! Fields of whole objects: read, set and taken away by the keys that lead to them.

use serde_json::{Map, Value};

/// The value at these keys; `null` is absent.
pub(super) fn at<'a>(object: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    let mut value = object;
    for key in keys {
        value = value.get(key)?;
    }
    (!value.is_null()).then_some(value)
}

/// The text at these keys.
pub(super) fn text<'a>(object: &'a Value, keys: &[&str]) -> Option<&'a str> {
    at(object, keys)?.as_str()
}

/// The list at these keys, empty where there is none.
pub(super) fn list<'a>(object: &'a Value, keys: &[&str]) -> &'a [Value] {
    at(object, keys)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The list at these keys, to be changed; an empty one where there is none.
pub(super) fn list_mut<'a>(object: &'a mut Value, keys: &[&str]) -> Option<&'a mut Vec<Value>> {
    let place = place(object, keys)?;
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    place.as_array_mut()
}

/// An annotation.
pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text(object, &["metadata", "annotations", key])
}

/// A label.
pub(super) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text(object, &["metadata", "labels", key])
}

/// Sets the value at these keys; mappings that are missing on the way are made.
pub(super) fn set(object: &mut Value, keys: &[&str], value: impl Into<Value>) {
    if let Some(place) = place(object, keys) {
        *place = value.into();
    }
}

/// Takes away what stands at these keys.
pub(super) fn unset(object: &mut Value, keys: &[&str]) {
    let Some((last, parents)) = keys.split_last() else {
        return;
    };
    let mut value = object;
    for key in parents {
        let Some(child) = value.get_mut(key) else {
            return;
        };
        value = child;
    }
    if let Some(map) = value.as_object_mut() {
        map.remove(*last);
    }
}

/// The place at these keys; `None` where something that is no mapping stands on the way.
fn place<'a>(object: &'a mut Value, keys: &[&str]) -> Option<&'a mut Value> {
    let mut value = object;
    for key in keys {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value = value
            .as_object_mut()?
            .entry((*key).to_owned())
            .or_insert(Value::Null);
    }
    Some(value)
}

/// An object without the elements of lists that were taken away: in a draft `null` stands in their place, so that the others
/// keep their index.
pub(super) fn settled(object: &Value) -> Value {
    match object {
        Value::Array(elements) => elements
            .iter()
            .filter(|element| !element.is_null())
            .map(settled)
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), settled(value)))
            .collect(),
        other => other.clone(),
    }
}
