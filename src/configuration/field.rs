//! A field as it was written. It never makes reading fail, so that one fault hides no other.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

use super::pointer::Pointer;
use super::problem::Problems;

/// What stands in a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Field<T> {
    /// There is no such key.
    #[default]
    Missing,
    /// The key is there with null, or nothing, behind it.
    Null,
    /// A value of the right type.
    Valid(T),
    /// Anything else; why it is not right.
    Invalid(String),
}

impl<T> Field<T> {
    /// The value, if there is a valid one. What is wrong with it otherwise is among the problems.
    pub(super) fn take(self, at: &Pointer, problems: &mut Problems<'_>) -> Option<T> {
        match self {
            Self::Missing => None,
            Self::Null => {
                problems.error_at_key(
                    at,
                    "nothing stands here: write a value, or leave it out altogether",
                );
                None
            }
            Self::Valid(value) => Some(value),
            Self::Invalid(message) => {
                problems.error(at, message);
                None
            }
        }
    }

    /// [`take`](Self::take) of a field that has to be there.
    pub(super) fn required(
        self,
        section: &Pointer,
        key: &str,
        example: &str,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        if matches!(self, Self::Missing) {
            problems.error(
                section,
                format!("`{key}` is missing; write it, for example `{key}: {example}`"),
            );
        }
        self.take(&section.key(key), problems)
    }

    /// Whether anything was written, valid or not.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self, Self::Missing)
    }
}

impl<T: DeserializeOwned> From<Value> for Field<T> {
    fn from(value: Value) -> Self {
        if value.is_null() {
            return Self::Null;
        }
        match T::deserialize(value) {
            Ok(value) => Self::Valid(value),
            Err(error) => Self::Invalid(error.to_string()),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// The schema is that of a valid value.
impl<T: JsonSchema> JsonSchema for Field<T> {
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
