//! A merge patch is the smallest that does it: it holds no array, says nothing that is so already, and takes away nothing
//! that it does not name.

use serde_json::Value;

use crate::fault::Faults;
use crate::manifests::Identity;

/// Parts that may go as a whole: naming one names all that is in it.
const PARTS: [&str; 1] = ["/spec/defaultBackend"];

pub(crate) fn faults(target: &Identity, object: &Value, patch: &Value) -> Faults {
    let mut faults = Faults::default();
    if !patch.is_object() {
        faults.add("a merge patch that is no map", target);
    }
    walk(target, Some(object), patch, "", &mut faults);
    faults
}

fn walk(target: &Identity, now: Option<&Value>, patch: &Value, at: &str, faults: &mut Faults) {
    let place = || format!("{target} {at}");
    match patch {
        Value::Array(_) => faults.add("an array in a merge patch", place()),
        Value::Object(fields) => {
            let is_map = now.is_none_or(|now| now.is_object() || now.is_null());
            faults.require(is_map, "a merge patch over another type", place());
            faults.require(
                !fields.is_empty(),
                "a merge patch that says nothing",
                place(),
            );
            for (key, value) in fields {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                walk(target, now.and_then(|now| now.get(key)), value, &at, faults);
            }
        }
        Value::Null => {
            faults.require(now.is_some(), "a merge patch that says nothing", place());
            let is_named = now.is_none_or(|now| !(now.is_object() || now.is_array()));
            let may_go = is_named || PARTS.contains(&at);
            faults.require(may_go, "a part is lost that is not named", place());
        }
        scalar => {
            faults.require(
                now != Some(scalar),
                "a merge patch that says nothing",
                place(),
            );
            let is_scalar = now.is_none_or(|now| !(now.is_object() || now.is_array()));
            faults.require(is_scalar, "a merge patch over another type", place());
        }
    }
}
