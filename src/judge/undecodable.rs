//! Objects of a review that cannot be read, as a field that a rule reads has a wrong type: off the way of nearly every
//! review.

use l7guard_policy::identity::Kind;
use serde_json::Value;
use serde_json::value::RawValue;

use super::JudgeError;
use crate::admission::truncate;
use crate::admission::{Operation, Review};
use crate::judge::metrics::ReviewMetrics;

/// The most characters of what is wrong in a line of the log: a key of a map may be of any length.
const PROBLEM: usize = 1024;

/// Members of an object's metadata that a finalizer's removal changes, or the API server by itself.
const BOOKKEEPING: [&str; 6] = [
    "managedFields",
    "finalizers",
    "resourceVersion",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Says and counts that an object as it was cannot be read. It is left out like one of the world: the update that repairs
/// it is judged, and there is nothing that stood before.
pub(super) fn left_out(kind: Kind, error: &JudgeError, metrics: &ReviewMetrics) {
    metrics.unreadable_object(kind.label());
    tell(
        error,
        "the object as it was cannot be read: the update is judged as a creation",
    );
}

/// Whether an object that cannot be read adds no path: only its status or what the API server keeps of every object changes. Its
/// finalizers have to be removable.
pub(super) fn adds_no_path(
    review: &Review<'_>,
    (new, old): (Option<&RawValue>, Option<&RawValue>),
    error: &JudgeError,
) -> bool {
    if review.operation != Operation::Update {
        return false;
    }
    let Some(new) = new.and_then(parsed) else {
        return false;
    };
    let old = old.and_then(parsed);
    let is_same = old.is_some_and(|old| what_is_judged(old) == what_is_judged(new));
    if is_same {
        tell(
            error,
            "the object cannot be read: allowed, as its specification is what it was",
        );
    }
    is_same
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

fn tell(error: &JudgeError, what: &'static str) {
    let mut problem = error.to_string();
    truncate(&mut problem, PROBLEM);
    tracing::warn!(
        error = %problem,
        "{what}"
    );
}
