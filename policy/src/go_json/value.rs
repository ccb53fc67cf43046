//! How a value is decoded into what is there already.
//!
//! Source: Go, `encoding/json/decode.go` (`literalStore`, `object`, `indirect`).

use std::borrow::Cow;
use std::fmt;

use super::{FieldKey, Found, Reader};

/// How many characters of a number the error repeats.
const SHOWN_CHARS: usize = 32;

/// A value of another type than its field's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// Empty: the whole text.
    path: String,
    found: Cow<'static, str>,
    wanted: &'static str,
}

impl TypeError {
    /// The field, as `forwardConfig.targetGroups[0].weight`: in the spelling of its type, not of the text. Empty when the
    /// whole text is of a wrong type.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn new(reader: &mut Reader<'_>, wanted: &'static str) -> Self {
        let found = match reader.peek() {
            Found::Null => "null".into(),
            Found::Boolean => "a boolean".into(),
            Found::Number => String::from_utf8_lossy(reader.literal())
                .chars()
                .take(SHOWN_CHARS)
                .collect::<String>()
                .into(),
            Found::String => "a string".into(),
            Found::Array => "an array".into(),
            Found::Object => "an object".into(),
        };
        Self {
            path: String::new(),
            found,
            wanted,
        }
    }

    fn within_field(mut self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    pub(super) fn within_element(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "the whole is {}, not {}", self.found, self.wanted)
        } else {
            write!(f, "`{}` is {}, not {}", self.path, self.found, self.wanted)
        }
    }
}

impl std::error::Error for TypeError {}

/// A type that JSON can be decoded into.
pub(crate) trait Decode {
    /// Takes the next value and merges it into this one.
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError>;
}

/// A type that is decoded from objects.
pub(crate) trait Struct {
    /// The field that a key means, and its name. `None`: the member is skipped.
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)>;
}

impl<T: Struct> Decode for T {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        match reader.peek() {
            Found::Null => reader.skip(),
            Found::Object => {
                reader.enter();
                while let Some(key) = reader.next_key() {
                    match self.field(&key) {
                        Some((name, value)) => value
                            .decode(reader)
                            .map_err(|error| error.within_field(name))?,
                        None => reader.skip(),
                    }
                }
            }
            _ => return Err(TypeError::new(reader, "an object")),
        }
        Ok(())
    }
}

impl Decode for String {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        match reader.peek() {
            Found::Null => reader.skip(),
            Found::String => *self = reader.string().into_owned(),
            _ => return Err(TypeError::new(reader, "a string")),
        }
        Ok(())
    }
}

impl Decode for bool {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        match reader.peek() {
            Found::Null => reader.skip(),
            Found::Boolean => *self = reader.literal() == b"true",
            _ => return Err(TypeError::new(reader, "a boolean")),
        }
        Ok(())
    }
}

/// Only what is written as an integer is one: neither `1.0` nor `1e0`.
impl Decode for i32 {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        const WANTED: &str = "an integer of 32 bits";
        match reader.peek() {
            Found::Null => reader.skip(),
            Found::Number => {
                let mut behind = reader.clone();
                let number = std::str::from_utf8(behind.literal())
                    .ok()
                    .and_then(|digits| digits.parse().ok());
                *self = number.ok_or_else(|| TypeError::new(reader, WANTED))?;
                *reader = behind;
            }
            _ => return Err(TypeError::new(reader, WANTED)),
        }
        Ok(())
    }
}

/// A pointer: `null` empties it, anything else goes into what it points to, which is made if there is none.
impl<T: Decode + Default> Decode for Option<T> {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        if reader.peek() == Found::Null {
            reader.skip();
            *self = None;
            Ok(())
        } else {
            self.get_or_insert_default().decode(reader)
        }
    }
}
