//! A JSON patch is the smallest that does it, and does nothing at all to an object whose arrays have moved since.

use std::collections::BTreeMap;

use json_patch::PatchOperation;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Faults;
use crate::manifests::Identity;

/// The object with a patch applied.
pub(crate) fn apply(object: &Value, patch: &Value) -> Result<Value, String> {
    let patch = json_patch::Patch::deserialize(patch).map_err(|error| error.to_string())?;
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).map_err(|error| error.to_string())?;
    Ok(patched)
}

/// What is wrong with a patch that applies.
pub(crate) fn faults(target: &Identity, object: &Value, patch: &Value) -> Faults {
    let mut faults = Faults::default();
    let Ok(patch) = json_patch::Patch::deserialize(patch) else {
        return faults;
    };
    let mut now = object.clone();
    let mut tests: Vec<String> = Vec::new();
    let mut removed: BTreeMap<String, usize> = BTreeMap::new();
    for operation in &patch.0 {
        let path = operation.path().to_string();
        let place = || format!("{target} {path}");
        match operation {
            PatchOperation::Test(_) => tests.push(path.clone()),
            PatchOperation::Remove(_) => {
                guarded(&now, &path, &tests, place, &mut faults);
                taken(&now, &path, place, &mut faults);
                if let Some((array, index)) = element_of(&now, &path)
                    .filter(|(array, index)| format!("{array}/{index}") == path)
                {
                    let above = removed.insert(array, index);
                    let is_descending = above.is_none_or(|above| index < above);
                    faults.require(is_descending, "indices that do not descend", place());
                }
            }
            PatchOperation::Replace(replace) => {
                guarded(&now, &path, &tests, place, &mut faults);
                let old = now.pointer(&path);
                faults.require(
                    old != Some(&replace.value),
                    "an operation that says nothing",
                    place(),
                );
                let is_scalar = old.is_none_or(|old| !old.is_object() && !old.is_array());
                faults.require(is_scalar, "a part is lost that is not named", place());
            }
            PatchOperation::Add(_) => {
                let is_element = element_of(&now, &path)
                    .is_some_and(|(array, index)| format!("{array}/{index}") == path);
                let is_new = is_element || now.pointer(&path).is_none();
                faults.require(is_new, "an addition over what is there", place());
            }
            PatchOperation::Move(_) | PatchOperation::Copy(_) => {
                faults.add("an operation that moves or copies", place());
            }
        }
        let one = json_patch::Patch(vec![operation.clone()]);
        if json_patch::patch(&mut now, &one).is_err() {
            return faults;
        }
    }
    faults.require(now != *object, "a patch that changes nothing", target);
    moved(target, object, &patch, &now, &mut faults);
    faults
}

/// What goes away is one value, an element of an array, or a part whose name says all of it.
fn taken(now: &Value, path: &str, place: impl Fn() -> String, faults: &mut Faults) {
    let is_element =
        element_of(now, path).is_some_and(|(array, index)| format!("{array}/{index}") == path);
    let old = now.pointer(path);
    let is_scalar = old.is_none_or(|old| !old.is_object() && !old.is_array());
    let is_part = path == "/spec/defaultBackend";
    faults.require(
        is_element || is_scalar || is_part,
        "a part is lost that is not named",
        place(),
    );
}

/// A removal or replacement in an element of an array stands behind a test of that element.
fn guarded(
    now: &Value,
    path: &str,
    tests: &[String],
    place: impl Fn() -> String,
    faults: &mut Faults,
) {
    let Some((array, index)) = element_of(now, path) else {
        return;
    };
    let element = format!("{array}/{index}");
    let below = format!("{element}/");
    let is_tested = tests
        .iter()
        .any(|test| *test == element || test.starts_with(&below) || holds(test, &element));
    faults.require(is_tested, "an element is changed untested", place());
}

/// Whether a tested value holds an element.
fn holds(test: &str, element: &str) -> bool {
    element
        .strip_prefix(test)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The innermost array on the way to a path, and the index in it.
fn element_of(now: &Value, path: &str) -> Option<(String, usize)> {
    elements_of(now, path).pop()
}

/// The arrays on the way to a path, from the outermost in, and the index in each.
fn elements_of(now: &Value, path: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut at = String::new();
    for token in path.split('/').skip(1) {
        let is_array = now.pointer(&at).is_some_and(Value::is_array);
        if let (true, Ok(index)) = (is_array, token.parse()) {
            found.push((at.clone(), index));
        }
        at = format!("{at}/{token}");
    }
    found
}

/// Over an object whose elements stand in another order the patch fails, or does the same: its tests tell elements apart.
fn moved(
    target: &Identity,
    object: &Value,
    patch: &json_patch::Patch,
    patched: &Value,
    faults: &mut Faults,
) {
    let is_change = |operation: &&PatchOperation| {
        matches!(
            operation,
            PatchOperation::Remove(_) | PatchOperation::Replace(_)
        )
    };
    for operation in patch.0.iter().filter(is_change) {
        let path = operation.path().to_string();
        for (array, _) in elements_of(object, &path) {
            for turn in [reverse, rotate] {
                let mut other = object.clone();
                let Some(elements) = other.pointer_mut(&array).and_then(Value::as_array_mut) else {
                    continue;
                };
                turn(elements);
                if other == *object || json_patch::patch(&mut other, patch).is_err() {
                    continue;
                }
                faults.require(
                    contents(&other) == contents(patched),
                    "a test that does not identify its element",
                    format!("{target} {path}"),
                );
            }
        }
    }
}

fn reverse(elements: &mut Vec<Value>) {
    elements.reverse();
}

fn rotate(elements: &mut Vec<Value>) {
    elements.rotate_left(1);
}

/// The same for objects that differ in the order of elements alone.
fn contents(value: &Value) -> Value {
    match value {
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().map(contents).collect();
            elements.sort_by_key(Value::to_string);
            Value::Array(elements)
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), contents(value)))
            .collect(),
        scalar => scalar.clone(),
    }
}
