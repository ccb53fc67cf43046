//! JSON decoded into a value as Go's `encoding/json` decodes it.
//!
//! Go ignores the case of keys, and decodes into what is there already: a second field of the same name
//! changes what the first one left, lists item by item. `null` empties lists and pointers and leaves
//! everything else as it is. Half a surrogate pair is a replacement character, no error. One thing is
//! left out: items that Go finds again in the memory of a list that shrank before it grew.
//!
//! Source: Go, `encoding/json/decode.go` (`object`, `array`, `literalStore`) and `fold.go`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A struct that is decoded from an object.
pub(super) trait Fields {
    /// Decodes the next value into the field of this name, or skips it. `name` is in lower case.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, json: &mut A) -> Result<(), A::Error>;
}

/// A string. Not valid Unicode, it is read with replacement characters.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

/// Whether a pointer points to anything.
#[derive(Debug, Default)]
pub(super) struct Present(pub(super) bool);

/// Decodes into the value it refers to.
pub(super) struct Target<'a, T>(pub(super) &'a mut T);

impl<'de, T: Decode> DeserializeSeed<'de> for Target<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_option(Nullable(self.0))
    }
}

/// A value that can be decoded into.
pub(super) trait Decode {
    /// Takes `null`.
    fn set_null(&mut self) {}

    /// Takes anything else.
    fn set<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error>;
}

impl<T: Fields> Decode for T {
    fn set<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(Object(self))
    }
}

impl<T: Decode + Default> Decode for Vec<T> {
    fn set_null(&mut self) {
        self.clear();
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(List(self))
    }
}

impl Decode for Text {
    fn set<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        self.0 = Bytes.deserialize(json)?;
        Ok(())
    }
}

impl Decode for Present {
    fn set_null(&mut self) {
        self.0 = false;
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        self.0 = true;
        json.deserialize_ignored_any(IgnoredAny).map(drop)
    }
}

struct Nullable<'a, T>(&'a mut T);

impl<'de, T: Decode> Visitor<'de> for Nullable<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.set_null();
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.0.set(json)
    }
}

struct Object<'a, T>(&'a mut T);

impl<'de, T: Fields> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        while let Some(key) = json.next_key_seed(Bytes)? {
            self.0.field(&folded(&key), &mut json)?;
        }
        Ok(())
    }
}

/// A key in lower case, by the case folding of `fold.go`: two letters outside ASCII fold into it.
fn folded(key: &str) -> String {
    key.chars()
        .map(|letter| match letter {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            _ => letter.to_ascii_lowercase(),
        })
        .collect()
}

struct List<'a, T>(&'a mut Vec<T>);

impl<'de, T: Decode + Default> Visitor<'de> for List<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        let mut length = 0;
        loop {
            if length == self.0.len() {
                self.0.push(T::default());
            }
            if json
                .next_element_seed(Target(&mut self.0[length]))?
                .is_none()
            {
                break;
            }
            length += 1;
        }
        self.0.truncate(length);
        Ok(())
    }
}

/// Reads a string as bytes: only so does `serde_json` take half a surrogate pair.
struct Bytes;

impl<'de> DeserializeSeed<'de> for Bytes {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<String, D::Error> {
        json.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Bytes {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn keys_fold_as_in_go() {
        assert_eq!(folded("initContainers"), "initcontainers");
        assert_eq!(folded("ARG\u{17f}"), "args");
        assert_eq!(folded("\u{212a}ind"), "kind");
        assert_eq!(folded("É"), "É");
    }
}
