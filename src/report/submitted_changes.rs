//! What the writer of a refused object can change in it, in short: a few lines of a few bytes each. Everything in them is of
//! that object alone, which its writer knows.

use std::fmt::Write as _;

use l7guard_policy::remedy::{Action, Change, Patch};
use serde_json::Value;

use crate::visible_text::one_line;

/// So many fields are shown.
const MOST_FIELDS: usize = 4;

/// So many bytes of a value are shown.
const MOST_BYTES: usize = 120;

/// Changes of the object under review.
#[derive(Debug)]
pub struct SubmittedChanges {
    /// What takes the findings out of it.
    pub changes: Vec<Change>,
    /// The object as it was submitted.
    pub object: Value,
    /// Whether an earlier version of it is stored, and stays.
    pub is_stored: bool,
}

/// A field, its value, and what it becomes.
struct Field<'a> {
    pointer: String,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
}

impl SubmittedChanges {
    /// The lines, each with its end; empty where nothing is to be changed in the object. `subject` is what it is called.
    #[must_use]
    pub fn lines(&self, subject: &str) -> String {
        let mut fields = Vec::new();
        for change in &self.changes {
            match &change.action {
                Action::Delete if self.is_stored => {
                    return format!("In short: leave {subject} as it is stored.\n");
                }
                Action::Delete => return format!("In short: leave {subject} out.\n"),
                Action::Patch(Patch::Merge(patch)) => self.merged("", patch, &mut fields),
                Action::Patch(Patch::Json(operations)) => {
                    fields.extend(operations.iter().filter_map(|one| self.operation(one)));
                }
                // Nothing else is done to an object that is submitted.
                Action::Create(_) | Action::Values(_) => {}
            }
        }
        if fields.is_empty() {
            return String::new();
        }
        let mut lines = format!("In short, in {subject}:\n");
        // Removals come from the last element of a list to the first.
        fields.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        for field in fields.iter().take(MOST_FIELDS) {
            lines.push_str(&field.line());
        }
        let more = fields.len().saturating_sub(MOST_FIELDS);
        if more > 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "  and {more} more");
        }
        lines
    }

    /// The fields of a merge patch.
    fn merged<'a>(&'a self, pointer: &str, patch: &'a Value, fields: &mut Vec<Field<'a>>) {
        match patch {
            Value::Object(patch) if self.object.pointer(pointer).is_some_and(Value::is_object) => {
                for (key, value) in patch {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    self.merged(&format!("{pointer}/{key}"), value, fields);
                }
            }
            value => fields.push(Field {
                pointer: pointer.to_owned(),
                old: self.object.pointer(pointer),
                new: Some(value).filter(|value| !value.is_null()),
            }),
        }
    }

    /// The field of an operation of a JSON patch; `None`: it only tests. Removals go from the last element of a list to the
    /// first, so that each pointer is one of the object as it was submitted.
    fn operation<'a>(&'a self, operation: &'a Value) -> Option<Field<'a>> {
        let pointer = operation["path"].as_str()?;
        let new = match operation["op"].as_str()? {
            "remove" => None,
            "add" | "replace" => Some(&operation["value"]),
            _ => return None,
        };
        Some(Field {
            pointer: pointer.to_owned(),
            old: self.object.pointer(pointer),
            new,
        })
    }
}

impl Field<'_> {
    fn line(&self) -> String {
        let value = |value: Option<&Value>, none: &str| {
            value.map_or_else(|| none.to_owned(), |value| short(&value.to_string()))
        };
        format!(
            "  {}: {} → {}\n",
            short(&self.pointer),
            value(self.old, "(none)"),
            value(self.new, "(removed)")
        )
    }
}

/// A text in one line of few bytes.
fn short(text: &str) -> String {
    let mut line = one_line(text).into_owned();
    if line.len() > MOST_BYTES {
        let end = (0..=MOST_BYTES).rev().find(|at| line.is_char_boundary(*at));
        line.truncate(end.unwrap_or_default());
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use l7guard_policy::remedy::Target;
    use serde_json::json;

    use super::*;

    fn of(action: Action, object: Value, is_stored: bool) -> SubmittedChanges {
        let target = Target {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "Ingress".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let change = Change {
            target,
            action,
            effect: Vec::new(),
            owner: None,
            placeholders: Vec::new(),
            why: String::new(),
        };
        SubmittedChanges {
            changes: vec![change],
            object,
            is_stored,
        }
    }

    #[test]
    fn an_object_that_is_not_stored_is_left_out_and_a_stored_one_stays() {
        let lines = |is_stored| of(Action::Delete, json!({}), is_stored).lines("Ingress shop/web");
        assert_eq!(lines(false), "In short: leave Ingress shop/web out.\n");
        assert_eq!(
            lines(true),
            "In short: leave Ingress shop/web as it is stored.\n"
        );
    }

    #[test]
    fn fields_show_what_they_were_and_become() {
        let object =
            json!({"metadata": {"annotations": {"a/b": "old"}}, "spec": {"type": "ClusterIP"}});
        let patch = json!({"metadata": {"annotations": {"a/b": null}}, "spec": {"type": "LoadBalancer", "class": "nlb"}});
        let lines = of(Action::Patch(Patch::Merge(patch)), object, true).lines("Service shop/web");
        assert_eq!(
            lines,
            "\
In short, in Service shop/web:
  /metadata/annotations/a~1b: \"old\" → (removed)
  /spec/class: (none) → \"nlb\"
  /spec/type: \"ClusterIP\" → \"LoadBalancer\"
"
        );
    }

    /// However large the object is, and whatever stands in it.
    #[test]
    fn the_lines_are_few_and_short_and_nothing_in_them_hides() {
        let value = "ä\u{202e}\n".repeat(10_000);
        let rules: Vec<Value> = (0..1_000).map(|_| json!({"host": value})).collect();
        let removals = (0..1_000).rev().flat_map(|index| {
            let path = format!("/spec/rules/{index}");
            let host = format!("{path}/host");
            [
                json!({"op": "test", "path": host, "value": value}),
                json!({"op": "remove", "path": path}),
            ]
        });
        let patch = Patch::Json(removals.collect());
        let object = json!({"spec": {"rules": rules}});
        let lines = of(Action::Patch(patch), object, false).lines("Ingress shop/web");
        assert!(lines.len() < 1_024, "{}", lines.len());
        assert_eq!(lines.lines().count(), 6, "{lines}");
        assert!(lines.ends_with("\n  and 996 more\n"), "{lines}");
        assert!(!lines.contains('\u{202e}'), "{lines}");
    }
}
