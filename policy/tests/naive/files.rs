//! Files: a placeholder stands for something else each time. So each is taken for a name that nothing else bears, and given back
//! in the answer.

use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use serde_json::Value;

use super::{Answer, World, judge_world};

/// What a placeholder is taken for, around its number.
const TOKEN: (&str, &str) = ("unrendered", "z");

/// Judges every object of files. Placeholders are written `${…}`.
pub(crate) fn judge_files(objects: &[Value], configuration: &Configuration) -> Answer {
    let mut placeholders = Vec::new();
    let mut objects = objects.to_vec();
    for object in &mut objects {
        rename(object, &mut placeholders);
    }
    let answer = judge_world(World {
        objects: &objects,
        configuration,
        is_of_files: true,
    });
    let back = |text: &str| {
        let mut text = text.to_owned();
        for (number, placeholder) in placeholders.iter().enumerate() {
            text = text.replace(&token(number), placeholder);
        }
        text
    };
    let key = |key: ObjectKey| ObjectKey::new(key.kind, back(&key.namespace), back(&key.name));
    Answer {
        findings: answer
            .findings
            .into_iter()
            .map(|mut found| {
                found.object = key(found.object);
                found.to = back(&found.to);
                found.gateways = found.gateways.into_iter().map(key).collect();
                found
            })
            .collect(),
        unresolved: answer.unresolved.into_iter().map(key).collect(),
    }
}

fn token(number: usize) -> String {
    format!("{}{number}{}", TOKEN.0, TOKEN.1)
}

/// Puts a new name in place of every placeholder.
fn rename(value: &mut Value, placeholders: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            while let Some(start) = text.find("${") {
                let end = start + text[start..].find('}').expect("a whole placeholder") + 1;
                let name = token(placeholders.len());
                placeholders.push(text[start..end].to_owned());
                text.replace_range(start..end, &name);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                rename(element, placeholders);
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields {
                rename(field, placeholders);
            }
        }
        _ => {}
    }
}

/// Whether a value is not rendered yet.
pub(super) fn is_unrendered(value: &str) -> bool {
    value.contains(TOKEN.0)
}
