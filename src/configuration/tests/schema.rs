//! The schema and the reader agree.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{example, read_text, shown};
use crate::configuration::{Severity, schema};
use l7guard_manifests::load;

pub(super) fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// The value of a document of one object.
pub(super) fn value(text: &str) -> Value {
    let loaded = load("l7guard.yaml", text.as_bytes().to_vec());
    loaded.objects.into_iter().next().unwrap().value
}

#[test]
fn the_published_schema_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.schema.json");
    let schema = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == schema,
        "{} is out of date: run UPDATE_DOCS=1 cargo test --lib configuration",
        path.display()
    );
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn the_documented_example_fits_the_schema() {
    let errors: Vec<String> = validator()
        .iter_errors(&value(example()))
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn every_key_of_the_schema_is_documented_with_a_description() {
    let page = include_str!("../../../docs/configuration.md");
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap();
    for section in definitions.values().chain([&schema]) {
        for (key, property) in section["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{key}");
            let is_rule = l7guard_policy::rules::RuleCode::parse(key).is_some();
            assert!(is_rule || page.contains(&format!("| `{key}` |")), "{key}");
        }
    }
}

/// Whatever stands in a place of the example: the reader takes nothing that the schema refuses, and what it takes fits
/// the schema. The reader may refuse more.
#[test]
fn what_the_reader_takes_fits_the_schema() {
    let validator = validator();
    let example = value(example());
    let mut pointers = Vec::new();
    collect(&example, String::new(), &mut pointers);
    let mut refused = 0;
    for pointer in &pointers {
        for variant in variants(&example, pointer) {
            let reading = read_text(&variant.to_string());
            let is_taken = reading
                .problems
                .iter()
                .all(|problem| problem.severity != Severity::Error);
            let fits = validator.is_valid(&variant);
            assert!(fits || !is_taken, "at {pointer} of {variant}");
            assert_eq!(
                reading.configuration.is_some(),
                is_taken,
                "{:?}",
                shown(&reading.problems)
            );
            refused += usize::from(!fits);
        }
    }
    assert!(
        pointers.len() > 50 && refused > 500,
        "{} {refused}",
        pointers.len()
    );
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, format!("{pointer}/{key}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// The document with other things at this place.
fn variants(document: &Value, pointer: &str) -> Vec<Value> {
    let mut variants = Vec::new();
    for other in [
        json!(null),
        json!(true),
        json!(false),
        json!(1),
        json!(""),
        json!(" "),
        json!("a b"),
        json!("off"),
        json!("*"),
        json!("alb"),
        json!("2099-02-30"),
        json!([]),
        json!({}),
        json!([null]),
        json!(["x/y", "x/y"]),
        json!([{}]),
        json!({"unknown": 1}),
    ] {
        let mut variant = document.clone();
        *variant.pointer_mut(pointer).unwrap() = other;
        variants.push(variant);
    }
    let mut extended = document.clone();
    if let Some(fields) = extended.pointer_mut(pointer).and_then(Value::as_object_mut) {
        fields.insert("unknown".to_owned(), json!("deny"));
        variants.push(extended);
    }
    if let Some((parent, key)) = pointer.rsplit_once('/') {
        let mut shortened = document.clone();
        match shortened.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(key)),
            Some(Value::Array(items)) => drop(items.remove(key.parse().unwrap())),
            _ => unreachable!("a parent is a mapping or a list"),
        }
        variants.push(shortened);
    }
    variants
}
