//! Placeholders: where they may stand, and that each is listed.

use serde_json::Value;

use crate::change::{Action, Change};
use crate::fault::Faults;

/// A change that creates lists exactly the placeholders of its object.
pub(crate) fn of_created(change: &Change, object: &Value, faults: &mut Faults) {
    compare(change, &found(object), faults);
}

/// A patch lists exactly the placeholders that it brings.
pub(crate) fn of_patched(change: &Change, before: &Value, after: &Value, faults: &mut Faults) {
    let old = found(before);
    let mut new = found(after);
    new.retain(|(pointer, value)| {
        !old.iter().any(|(_, old)| old == value) || change.placeholders.contains(pointer)
    });
    compare(change, &new, faults);
}

fn compare(change: &Change, found: &[(String, String)], faults: &mut Faults) {
    let target = change.target.identity();
    for (pointer, value) in found {
        let is_listed = change.placeholders.contains(pointer);
        faults.require(
            is_listed,
            "a placeholder that is not listed",
            format!("{target} {pointer} {value}"),
        );
        let may_stand = match target.kind.as_str() {
            "Service" => pointer.starts_with("/spec/selector/"),
            "Gateway" => {
                pointer.ends_with("/credentialName") || pointer.contains("/certificateRefs/")
            }
            _ => false,
        };
        faults.require(
            may_stand,
            "a placeholder where none may stand",
            format!("{target} {pointer} {value}"),
        );
    }
    for listed in &change.placeholders {
        let is_there = found.iter().any(|(pointer, _)| pointer == listed);
        faults.require(
            is_there || change.action == Action::Values,
            "a listed placeholder that is none",
            format!("{target} {listed}"),
        );
    }
}

/// Pointer and text of everything that holds `<…>`.
fn found(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if is_placeholder(text) => found.push((at.to_owned(), text.clone())),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect(element, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Whether a text holds `<…>`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.split_once('<')
        .is_some_and(|(_, rest)| rest.contains('>'))
}
