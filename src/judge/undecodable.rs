//! Objects of a review that cannot be read, as a field that a rule reads has a wrong type: off the way of nearly every
//! review.

use std::fmt;

use l7guard_policy::identity::Kind;
use serde_json::Value;
use serde_json::value::RawValue;

use super::JudgeError;
use crate::admission::Operation;

/// Members of an object's metadata that a finalizer's removal changes, or the API server by itself.
const BOOKKEEPING: [&str; 6] = [
    "managedFields",
    "finalizers",
    "resourceVersion",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// That an object of a review cannot be read, which changes nothing or little.
#[derive(Debug)]
pub(super) struct Remark {
    what: &'static str,
    error: JudgeError,
    /// The kind of an object that is left out of the world.
    pub(super) left_out: Option<Kind>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.error)
    }
}

/// That an object as it was cannot be read. It is left out like one of the world: the update that repairs it is judged, and there is
/// nothing that stood before.
pub(super) fn left_out(kind: Kind, error: JudgeError) -> Remark {
    Remark {
        what: "the object as it was cannot be read: the update is judged as a creation",
        error,
        left_out: Some(kind),
    }
}

/// That an object cannot be read that [`adds_no_path`].
pub(super) fn unchanged(error: JudgeError) -> Remark {
    Remark {
        what: "the object cannot be read: allowed, as its specification is what it was",
        error,
        left_out: None,
    }
}

/// Whether an object that cannot be read adds no path: only its status or what the API server keeps of every object changes. Its
/// finalizers have to be removable.
pub(super) fn adds_no_path(
    operation: Operation,
    (new, old): (Option<&RawValue>, Option<&RawValue>),
) -> bool {
    if operation != Operation::Update {
        return false;
    }
    let Some(new) = new.and_then(parsed) else {
        return false;
    };
    let old = old.and_then(parsed);
    old.is_some_and(|old| what_is_judged(old) == what_is_judged(new))
}

fn parsed(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

fn what_is_judged(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.retain(|member, _| !BOOKKEEPING.contains(&member.as_str()));
    }
    object
}
