//! Reading a manifest: fields by JSON pointer, null being absent.

use std::collections::BTreeMap;

use l7guard_policy::identity::{Kind, ObjectKey};
use serde_json::Value;

pub(super) fn kind(object: &Value) -> Option<Kind> {
    Kind::of(text(object, "/apiVersion")?, text(object, "/kind")?).map(|(kind, _)| kind)
}

/// The key of an object of a known kind that names itself.
pub(super) fn key(object: &Value) -> ObjectKey {
    ObjectKey::new(
        kind(object).expect("generated objects have kinds that the policy knows"),
        namespace(object),
        name(object),
    )
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace").unwrap_or_default()
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name").unwrap_or_default()
}

pub(super) fn field<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    value.pointer(pointer).filter(|value| !value.is_null())
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    field(value, pointer)?.as_str()
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    field(value, pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|element| !element.is_null())
}

/// A map of strings: labels, annotations, a selector.
pub(super) fn map<'a>(value: &'a Value, pointer: &str) -> BTreeMap<&'a str, &'a str> {
    field(value, pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    map(object, "/metadata/annotations").get(key).copied()
}

pub(super) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    map(object, "/metadata/labels").get(key).copied()
}
