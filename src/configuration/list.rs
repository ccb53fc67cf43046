//! A list, each element of which is read by itself.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::field::Field;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::wrong_type;

/// Several values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List<T>(Vec<Field<T>>);

/// An element and where it stands.
pub(super) type Element<T> = (Pointer, T);

impl<T> List<T> {
    /// Where the valid elements stand for which this holds.
    pub(super) fn positions(&self, is_meant: impl Fn(&T) -> bool) -> Vec<usize> {
        let elements = self.0.iter().enumerate();
        elements
            .filter(|(_, element)| matches!(element, Field::Valid(element) if is_meant(element)))
            .map(|(index, _)| index)
            .collect()
    }
}

impl<T> Field<List<T>> {
    /// The valid elements.
    pub(super) fn elements(
        self,
        at: &Pointer,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Element<T>>> {
        let List(items) = self.take(at, problems)?;
        let items = items.into_iter().enumerate();
        Some(
            items
                .filter_map(|(index, item)| {
                    let at = at.index(index);
                    item.take(&at, problems).map(|item| (at, item))
                })
                .collect(),
        )
    }

    /// The valid elements of a list that has to have some, for the reason that is given.
    pub(super) fn some_elements(
        self,
        at: &Pointer,
        why: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Element<T>>> {
        if let Self::Valid(List(items)) = &self
            && items.is_empty()
        {
            problems.error(at, format!("this list is empty: {why}"));
            return None;
        }
        self.elements(at, problems)
    }
}

/// Elements without those that were there before, which are problems.
pub(super) fn distinct<T: PartialEq>(
    elements: Vec<Element<T>>,
    problems: &mut Problems<'_>,
) -> Vec<Element<T>> {
    let mut kept: Vec<Element<T>> = Vec::with_capacity(elements.len());
    for (at, element) in elements {
        if kept.iter().any(|(_, earlier)| *earlier == element) {
            problems.error(&at, "this stands in the list twice: remove one of them");
        } else {
            kept.push((at, element));
        }
    }
    kept
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(items) => Ok(Self(items.into_iter().map(Field::from).collect())),
            other => {
                let message = wrong_type(&other, "a list, such as [a, b]");
                Err(D::Error::custom(message))
            }
        }
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": generator.subschema_for::<T>(),
            "uniqueItems": true,
        })
    }
}
