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
    let Ok(patch) = json_patch::Patch::deserialize(patch) else {
        return Faults::default();
    };
    let mut inspection = Inspection {
        target,
        current: object.clone(),
        tests: Vec::new(),
        removed: BTreeMap::new(),
        faults: Faults::default(),
    };
    for operation in &patch.0 {
        inspection.inspect(operation);
        let one = json_patch::Patch(vec![operation.clone()]);
        if json_patch::patch(&mut inspection.current, &one).is_err() {
            return inspection.faults;
        }
    }
    let Inspection {
        current: result,
        mut faults,
        ..
    } = inspection;
    faults.require(result != *object, "a patch that changes nothing", target);
    moved(target, object, &patch, &result, &mut faults);
    faults
}

/// A patch, operation by operation.
struct Inspection<'a> {
    target: &'a Identity,
    /// The object so far.
    current: Value,
    /// The paths tested so far.
    tests: Vec<String>,
    /// The last index removed from each array.
    removed: BTreeMap<String, usize>,
    faults: Faults,
}

impl Inspection<'_> {
    fn inspect(&mut self, operation: &PatchOperation) {
        let path = operation.path().to_string();
        let place = format!("{} {path}", self.target);
        let old = self.current.pointer(&path);
        let is_scalar = old.is_none_or(|old| !old.is_object() && !old.is_array());
        let element = element_of(&self.current, &path)
            .filter(|(array, index)| format!("{array}/{index}") == path);
        match operation {
            PatchOperation::Test(_) => self.tests.push(path),
            PatchOperation::Remove(_) => {
                // What is tested as a whole is named.
                let is_named = self.tests.contains(&path);
                let may_go =
                    element.is_some() || is_scalar || is_named || path == "/spec/defaultBackend";
                self.guarded(&path);
                let faults = &mut self.faults;
                faults.require(may_go, "a part is lost that is not named", &place);
                if let Some((array, index)) = element {
                    let above = self.removed.insert(array, index);
                    let is_descending = above.is_none_or(|above| index < above);
                    faults.require(is_descending, "indices that do not descend", &place);
                }
            }
            PatchOperation::Replace(replace) => {
                let is_new = old != Some(&replace.value);
                self.guarded(&path);
                let faults = &mut self.faults;
                faults.require(is_new, "an operation that says nothing", &place);
                faults.require(is_scalar, "a part is lost that is not named", &place);
            }
            PatchOperation::Add(_) => {
                let is_new = element.is_some() || old.is_none();
                let faults = &mut self.faults;
                faults.require(is_new, "an addition over what is there", &place);
            }
            PatchOperation::Move(_) | PatchOperation::Copy(_) => {
                let faults = &mut self.faults;
                faults.add("an operation that moves or copies", &place);
            }
        }
    }

    /// A removal or replacement in an element of an array stands behind a test of that element.
    fn guarded(&mut self, path: &str) {
        let Some((array, index)) = element_of(&self.current, path) else {
            return;
        };
        let element = format!("{array}/{index}");
        let is_tested = self
            .tests
            .iter()
            .any(|test| *test == element || holds(&element, test) || holds(test, &element));
        self.faults.require(
            is_tested,
            "an element is changed untested",
            format!("{} {path}", self.target),
        );
    }
}

/// Whether one pointer leads into the value of another.
fn holds(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
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
    operations: &json_patch::Patch,
    result: &Value,
    faults: &mut Faults,
) {
    let is_change = |operation: &&PatchOperation| {
        matches!(
            operation,
            PatchOperation::Remove(_) | PatchOperation::Replace(_)
        )
    };
    for operation in operations.0.iter().filter(is_change) {
        let path = operation.path().to_string();
        for (array, _) in elements_of(object, &path) {
            for turn in [reverse, rotate] {
                let mut other = object.clone();
                let Some(elements) = other.pointer_mut(&array).and_then(Value::as_array_mut) else {
                    continue;
                };
                turn(elements);
                if other == *object || json_patch::patch(&mut other, operations).is_err() {
                    continue;
                }
                faults.require(
                    contents(&other) == contents(result),
                    "a test that does not identify its element",
                    format!("{target} {path}"),
                );
            }
        }
    }
}

fn reverse(elements: &mut [Value]) {
    elements.reverse();
}

fn rotate(elements: &mut [Value]) {
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
