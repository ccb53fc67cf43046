//! A place in a text that is known to be JSON.

use std::borrow::Cow;

use super::FieldKey;
use super::string::unquote;
use super::syntax::{SyntaxError, check, is_space};

/// What kind of value stands next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Walks over a text once, from value to value. That the text is JSON is checked when it is made, so nothing here fails;
/// at the end of the text the reader stays there.
#[derive(Clone)]
pub(crate) struct Reader<'t> {
    text: &'t [u8],
    offset: usize,
}

impl<'t> Reader<'t> {
    /// A reader at the beginning of a text.
    pub(crate) fn over(text: &'t [u8]) -> Result<Self, SyntaxError> {
        check(text)?;
        Ok(Self { text, offset: 0 })
    }

    /// The kind of the next value.
    pub(crate) fn peek(&mut self) -> Found {
        self.skip_space();
        match self.byte() {
            Some(b'n') => Found::Null,
            Some(b't' | b'f') => Found::Boolean,
            Some(b'"') => Found::String,
            Some(b'[') => Found::Array,
            Some(b'{') => Found::Object,
            _ => Found::Number,
        }
    }

    /// Takes the next value, a string.
    pub(crate) fn string(&mut self) -> Cow<'t, str> {
        unquote(self.quoted())
    }

    /// Takes the next value, which is neither array nor object, as it is written.
    pub(super) fn literal(&mut self) -> &'t [u8] {
        self.skip_space();
        let start = self.offset;
        if self.byte() == Some(b'"') {
            self.quoted();
        } else {
            while self
                .byte()
                .is_some_and(|byte| !is_space(byte) && !matches!(byte, b',' | b']' | b'}'))
            {
                self.offset += 1;
            }
        }
        &self.text[start..self.offset]
    }

    /// Takes the next value, whatever it is. Keeps count of what is open instead of recursing: the text decides how deep
    /// this goes.
    pub(super) fn skip(&mut self) {
        let mut open = 0_usize;
        loop {
            self.skip_space();
            match self.byte() {
                Some(b'[' | b'{') => {
                    open += 1;
                    self.offset += 1;
                }
                Some(b']' | b'}') => {
                    open = open.saturating_sub(1);
                    self.offset += 1;
                }
                Some(b',' | b':') => self.offset += 1,
                Some(_) => {
                    self.literal();
                }
                None => return,
            }
            if open == 0 {
                return;
            }
        }
    }

    /// Takes the bracket that opens an array or an object.
    pub(super) fn enter(&mut self) {
        self.skip_space();
        self.offset += 1;
    }

    /// Goes on to the next element of an array that was entered; at its end takes the bracket and says no.
    pub(super) fn next_element(&mut self) -> bool {
        self.skip_space();
        match self.byte() {
            Some(b']') | None => {
                self.offset += 1;
                false
            }
            Some(b',') => {
                self.offset += 1;
                true
            }
            Some(_) => true,
        }
    }

    /// Takes the next key of an object that was entered, so that its value is next; at its end takes the bracket.
    pub(super) fn next_key(&mut self) -> Option<FieldKey<'t>> {
        self.skip_space();
        if self.byte() == Some(b',') {
            self.offset += 1;
            self.skip_space();
        }
        if self.byte() != Some(b'"') {
            self.offset += 1;
            return None;
        }
        let key = FieldKey::new(self.string());
        self.skip_space();
        self.offset += 1;
        Some(key)
    }

    /// Takes the next value, a string, and returns what is between its quotes.
    fn quoted(&mut self) -> &'t [u8] {
        self.skip_space();
        let start = self.offset + 1;
        self.offset = start;
        loop {
            match self.byte() {
                Some(b'\\') => self.offset += 2,
                Some(b'"') | None => break,
                Some(_) => self.offset += 1,
            }
        }
        let end = self.offset;
        self.offset += 1;
        self.text.get(start..end).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while self.byte().is_some_and(is_space) {
            self.offset += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }
}
