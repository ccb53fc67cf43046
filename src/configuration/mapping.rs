//! A mapping with known keys.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, schema_for};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::wrong_type;
use crate::nearest_word::{did_you_mean, listed};

/// A mapping whose known keys are the properties of the schema of `T`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapping<T> {
    fields: T,
    /// The other keys.
    unknown: Vec<String>,
}

impl<T: JsonSchema> Mapping<T> {
    /// The fields, before it is asked whether there are others.
    pub(super) fn fields(&self) -> &T {
        &self.fields
    }

    /// The fields; unknown keys are problems.
    pub(super) fn open(self, at: &Pointer, problems: &mut Problems<'_>) -> T {
        if !self.unknown.is_empty() {
            let known = known_keys::<T>();
            let known = || known.iter().map(String::as_str);
            for key in &self.unknown {
                let message = format!(
                    "unknown key `{key}`{}; the keys here are {}",
                    did_you_mean(key, known()),
                    listed(known(), "and")
                );
                problems.error_at_key(&at.key(key), message);
            }
        }
        self.fields
    }
}

impl<'de, T: DeserializeOwned + JsonSchema> Deserialize<'de> for Mapping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let Value::Object(fields) = &value else {
            return Err(D::Error::custom(wrong_type(&value, "a mapping")));
        };
        let known = known_keys::<T>();
        let unknown = fields.keys().filter(|key| !known.contains(key));
        Ok(Self {
            unknown: unknown.cloned().collect(),
            fields: T::deserialize(value).map_err(D::Error::custom)?,
        })
    }
}

fn known_keys<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

/// The schema is that of the fields.
impl<T: JsonSchema> JsonSchema for Mapping<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
