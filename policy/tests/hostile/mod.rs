//! Manifests that somebody damaged: any field may hold anything.

use l7guard_policy::objects::{Naming, Object, Source, escape_pointer, read};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// Something else in the place of some field.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    object: Index,
    field: Index,
    value: Value,
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    (any::<Index>(), any::<Index>(), junk()).prop_map(|(object, field, value)| Damage {
        object,
        field,
        value,
    })
}

fn junk() -> impl Strategy<Value = Value> {
    let nested = (0..200).fold(json!({}), |inner, _| json!([inner]));
    prop_oneof![
        prop::sample::select(vec![
            Value::Null,
            json!(true),
            json!(0),
            json!(-1),
            json!(65536),
            json!(1e300),
            json!(""),
            json!("."),
            json!("/"),
            json!(",,"),
            json!("a.b.svc."),
            json!("..svc.cluster.local"),
            json!("arn:aws:elasticloadbalancing"),
            json!("{\"type\":\"forward\",\"forwardConfig\":{\"targetGroups\":[null,{}]}}"),
            json!([]),
            json!([null]),
            json!({}),
            json!({"": ""}),
            json!("x".repeat(70_000)),
            nested,
        ]),
        any::<String>().prop_map(Value::from),
    ]
}

impl Damage {
    pub(crate) fn inflict(&self, objects: &mut [Value]) {
        if objects.is_empty() {
            return;
        }
        let object = &mut objects[self.object.index(objects.len())];
        let mut pointers = Vec::new();
        collect(object, "", &mut pointers);
        if let Some(field) = object.pointer_mut(&pointers[self.field.index(pointers.len())]) {
            *field = self.value.clone();
        }
    }
}

/// Pointers of all fields.
fn collect(value: &Value, at: &str, pointers: &mut Vec<String>) {
    pointers.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = escape_pointer(name);
                collect(value, &format!("{at}/{name}"), pointers);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                collect(value, &format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
}

/// The policy's view, if it can read the object at all.
pub(crate) fn view(object: &Value) -> Option<Object> {
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    let naming = Naming {
        api_version: text("apiVersion").unwrap_or_default(),
        kind: text("kind").unwrap_or_default(),
        default_namespace: "default",
        default_name: "",
    };
    read(naming, Source::Value(object)).ok().flatten()
}
