//! Objects, briefly.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// One of these, the first as the simplest.
pub(super) fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> BoxedStrategy<T> {
    prop::sample::select(values.to_vec()).boxed()
}

pub(super) fn object(
    version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    spec: &Value,
) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

pub(super) fn in_cluster(version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// Adds to the labels or annotations of an object.
pub(super) fn mark(object: &mut Value, part: &str, pairs: &[(&str, &str)]) {
    if pairs.is_empty() {
        return;
    }
    if object["metadata"].get(part).is_none() {
        object["metadata"][part] = Value::Object(Map::new());
    }
    for (key, value) in pairs {
        object["metadata"][part][*key] = json!(value);
    }
}
