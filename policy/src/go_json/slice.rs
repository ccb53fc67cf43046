//! A Go slice, which never forgets.
//!
//! Source: Go, `encoding/json/decode.go` (`array`): elements are decoded in place, and a slice that is made shorter
//! keeps its old elements behind its end, where a longer array finds them again. Growing copies them along, so its
//! capacity plays no part.

use std::ops::{Deref, DerefMut};

use super::{Decode, Found, Reader, TypeError};

/// A list that repeated arrays are decoded into element by element. It derefs to the elements that count.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// Those that count, and behind them those that a longer array would bring back.
    elements: Vec<T>,
    length: usize,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self {
            elements: Vec::new(),
            length: 0,
        }
    }
}

impl<T> Deref for Slice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements[..self.length]
    }
}

impl<T> DerefMut for Slice<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.elements[..self.length]
    }
}

impl<T> FromIterator<T> for Slice<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let elements: Vec<T> = elements.into_iter().collect();
        Self {
            length: elements.len(),
            elements,
        }
    }
}

/// Two are equal when the elements that count are.
impl<T: PartialEq> PartialEq for Slice<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Slice<T> {}

/// `null` and `[]` are what it takes to lose the elements behind the end.
impl<T: Decode + Default> Decode for Slice<T> {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        match reader.peek() {
            Found::Null => {
                reader.skip();
                *self = Self::default();
            }
            Found::Array => {
                reader.enter();
                self.length = 0;
                while reader.next_element() {
                    let index = self.length;
                    if index == self.elements.len() {
                        self.elements.push(T::default());
                    }
                    self.elements[index]
                        .decode(reader)
                        .map_err(|error| error.within_element(index))?;
                    self.length += 1;
                }
                if self.length == 0 {
                    self.elements.clear();
                }
            }
            _ => return Err(TypeError::new(reader, "an array")),
        }
        Ok(())
    }
}
