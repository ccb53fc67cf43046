//! How the slim views are read: unknown fields never fail, null is absent, and a wrong type in a field that a rule
//! reads is an error that names the field.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_path_to_error::Segment;

use super::wrong_type::without_value;

/// Why an object could not be read. The field is an RFC 6901 JSON pointer into the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A field that a rule reads has a wrong type.
    #[error("{pointer}: {message}")]
    WrongType {
        /// The field.
        pointer: String,
        /// Which kind of value was found and what was expected, without the value.
        message: String,
    },
    /// A field without which this is not an object of its kind, but a patch for one.
    #[error("{pointer} is missing")]
    Incomplete {
        /// The field.
        pointer: &'static str,
    },
}

impl DecodeError {
    /// The field that the error is about.
    #[must_use]
    pub fn pointer(&self) -> &str {
        match self {
            Self::WrongType { pointer, .. } => pointer,
            Self::Incomplete { pointer } => pointer,
        }
    }

    pub(crate) fn not_a_string(pointer: String, found: &str) -> Self {
        Self::WrongType {
            pointer,
            message: format!("invalid type: {found}, expected a string"),
        }
    }
}

/// An object as it comes: JSON text of an AdmissionReview, or the value that a manifest was parsed into.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// JSON text of one object.
    Json(&'a str),
    /// A parsed value.
    Value(&'a serde_json::Value),
}

/// What views of an object are read from.
pub(crate) trait Supply {
    /// Reads a view.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, DecodeError>;
}

impl Supply for Source<'_> {
    /// The path of an error is tracked in a second pass only: nearly every object is well formed, and tracking costs as
    /// much again as reading.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, DecodeError> {
        match *self {
            Self::Json(text) => {
                if let Ok(Mapping(view)) = serde_json::from_str(text) {
                    return Ok(view);
                }
                let mut json = serde_json::Deserializer::from_str(text);
                tracked(&mut json)
            }
            Self::Value(value) => {
                if let Ok(Mapping(view)) = Mapping::deserialize(value) {
                    return Ok(view);
                }
                tracked(value)
            }
        }
    }
}

/// A deserializer that stands at the beginning of an object. It gives one view.
pub(crate) struct InPassing<D>(Option<D>);

impl<D> InPassing<D> {
    pub(crate) fn new(deserializer: D) -> Self {
        Self(Some(deserializer))
    }
}

impl<'de, D: Deserializer<'de>> Supply for InPassing<D> {
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, DecodeError> {
        let unlocated = |message: String| DecodeError::WrongType {
            pointer: String::new(),
            message,
        };
        let Some(deserializer) = self.0.take() else {
            return Err(unlocated("the object has been passed".to_owned()));
        };
        Mapping::deserialize(deserializer)
            .map(|Mapping(view)| view)
            .map_err(|error| unlocated(error.to_string()))
    }
}

fn tracked<'de, D, T>(deserializer: D) -> Result<T, DecodeError>
where
    D: Deserializer<'de>,
    D::Error: fmt::Display,
    T: DeserializeOwned,
{
    serde_path_to_error::deserialize::<_, Mapping<T>>(deserializer)
        .map(|Mapping(view)| view)
        .map_err(|error| {
            let mut pointer = String::new();
            for segment in error.path() {
                match segment {
                    Segment::Seq { index } => {
                        pointer.push('/');
                        pointer.push_str(&index.to_string());
                    }
                    Segment::Map { key } => {
                        pointer.push('/');
                        pointer.push_str(&escape_pointer(key));
                    }
                    Segment::Enum { .. } | Segment::Unknown => {}
                }
            }
            let message = without_value(&error.inner().to_string());
            DecodeError::WrongType { pointer, message }
        })
}

/// Escapes one segment of a JSON pointer (RFC 6901, section 3).
#[must_use]
pub fn escape_pointer(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// A struct that is read from a map alone. What serde derives also takes a sequence for a struct, field by field, and
/// would read `spec: []` as an empty spec.
#[derive(Debug, Default)]
pub(crate) struct Mapping<T>(pub(crate) T);

impl<T> Deref for Mapping<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Mapping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MappingVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for MappingVisitor<T> {
            type Value = Mapping<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapping<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Mapping)
            }
        }

        deserializer.deserialize_map(MappingVisitor(PhantomData))
    }
}

/// A list of objects; null elements keep their place, so that positions stay true.
pub(crate) type List<T> = Option<Vec<Option<Mapping<T>>>>;

/// The elements of a list that are there, with their positions.
#[expect(
    clippy::ref_option,
    reason = "a field of this type is what every caller has"
)]
pub(crate) fn elements<T>(list: &List<T>) -> impl Iterator<Item = (u32, &T)> {
    list.iter().flatten().enumerate().filter_map(|(at, item)| {
        item.as_ref()
            .map(|item| (u32::try_from(at).unwrap_or(u32::MAX), &item.0))
    })
}
