//! One JSON value (RFC 8259) to a [`Tree`], with the offset of everything in it, without recursion.
//!
//! Escapes and numbers are left to `serde_json`; only the structure is followed here, because `serde_json` tells
//! no positions, stops at 128 levels, and forgets keys that are given twice.

use serde_json::Number;

use super::error::{ParseError, ParseErrorKind, shortened};
use super::tree::{Format, Tag, Tree};
use super::tree_builder::TreeBuilder;

/// Why a value could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What is wrong, and where.
    pub(super) error: ParseError,
    /// Up to which byte of the source was read, which may be far behind that place.
    pub(super) reached: usize,
}

/// Parses the value at the beginning of `text` (blanks before it are skipped) and says after which byte of `text`
/// it ends. `base` is the offset of `text` in its source.
///
/// # Errors
/// When `text` does not begin with a JSON value, or with one beyond the bounds of a tree.
pub(super) fn parse(text: &[u8], base: usize) -> Result<(Tree, usize), Failure> {
    let mut parser = Parser {
        text,
        base,
        at: 0,
        fresh: false,
        builder: TreeBuilder::new(Format::Json),
    };
    let parsed = parser.whole_value();
    let reached = base + parser.at;
    parsed
        .and_then(|()| {
            let nothing = || syntax(base, "a value is missing");
            Ok((parser.builder.finish().ok_or_else(nothing)?, parser.at))
        })
        .map_err(|error| Failure {
            reached: reached.max(error.offset),
            error,
        })
}

/// How many bytes of blanks `text` begins with, by JSON's idea of a blank.
#[must_use]
pub(super) fn blanks(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        .unwrap_or(text.len())
}

fn syntax(offset: usize, message: impl Into<String>) -> ParseError {
    ParseError::new(offset, ParseErrorKind::Json(message.into()))
}

struct Parser<'a> {
    text: &'a [u8],
    base: usize,
    /// The next byte of `text` to read.
    at: usize,
    /// Whether the innermost container has only just been opened.
    fresh: bool,
    builder: TreeBuilder,
}

impl Parser<'_> {
    fn whole_value(&mut self) -> Result<(), ParseError> {
        self.value()?;
        while self.builder.innermost().is_some() {
            self.continue_container()?;
        }
        Ok(())
    }

    /// Reads the next member of the innermost container, or its end.
    fn continue_container(&mut self) -> Result<(), ParseError> {
        let mapping = self.builder.in_mapping();
        let close = if mapping { b'}' } else { b']' };
        let fresh = std::mem::take(&mut self.fresh);
        match self.peek()? {
            byte if byte == close => {
                self.at += 1;
                self.builder.close();
                return Ok(());
            }
            b',' if !fresh => self.at += 1,
            _ if fresh => {}
            _ => {
                let message = format!("`,` or `{}` is missing here", char::from(close));
                return Err(self.error(message));
            }
        }
        match self.peek()? {
            byte if byte == close => {
                let message = format!("a `,` stands before `{}`", char::from(close));
                return Err(self.error(message));
            }
            _ if mapping => self.key()?,
            _ => {}
        }
        self.value()
    }

    fn key(&mut self) -> Result<(), ParseError> {
        if self.peek()? != b'"' {
            return Err(self.error("a key in double quotes is missing here"));
        }
        self.string()?;
        if self.peek()? != b':' {
            return Err(self.error("`:` is missing after the key"));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a scalar whole, of a container only the beginning.
    fn value(&mut self) -> Result<(), ParseError> {
        let byte = self.peek()?;
        let start = self.base + self.at;
        match byte {
            b'{' => {
                (self.at, self.fresh) = (self.at + 1, true);
                self.builder.open_mapping(start).map(drop)
            }
            b'[' => {
                (self.at, self.fresh) = (self.at + 1, true);
                self.builder.open_sequence(start).map(drop)
            }
            b'"' => self.string(),
            _ => self.word(),
        }
    }

    /// Reads a string, the quote of which is next.
    fn string(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let bytes = self.text;
        let mut escaped = false;
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                None => return Err(syntax(self.base + start, "the string is never closed")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(0..0x20) => {
                    let message = "a line break or control character inside a string";
                    return Err(syntax(self.base + end, message));
                }
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        let offset = self.base + start;
        if !escaped {
            let length = end - start - 1;
            return self
                .builder
                .scalar(offset, 1, length, true, Tag::None)
                .map(drop);
        }
        let text = serde_json::from_slice::<String>(&self.text[start..self.at])
            .map_err(|error| syntax(offset + error.column().saturating_sub(1), reason(&error)))?;
        self.builder
            .decoded_scalar(offset, &text, true, Tag::None)
            .map(drop)
    }

    /// Reads a number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<(), ParseError> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)))
            .unwrap_or(rest.len());
        let word = String::from_utf8_lossy(&rest[..length]);
        if word.is_empty() {
            return Err(self.error("a value is missing here"));
        }
        if !matches!(word.as_ref(), "true" | "false" | "null") {
            serde_json::from_str::<Number>(&word).map_err(|error| {
                let shown = shortened(&word);
                self.error(match reason(&error).as_str() {
                    reason @ "number out of range" => reason.to_owned(),
                    _ if word.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                        format!("`{shown}` is no number")
                    }
                    _ => format!("`{shown}` is no value; text needs double quotes"),
                })
            })?;
        }
        let start = self.base + self.at;
        self.at += length;
        self.builder
            .scalar(start, 0, length, false, Tag::None)
            .map(drop)
    }

    /// The next byte that is no blank, which it goes to.
    fn peek(&mut self) -> Result<u8, ParseError> {
        self.at += blanks(&self.text[self.at..]);
        self.text.get(self.at).copied().ok_or_else(|| {
            let Some(opened_at) = self.builder.innermost() else {
                return self.error("a value is missing");
            };
            let opened = char::from(self.text[opened_at - self.base]);
            syntax(opened_at, format!("`{opened}` is never closed"))
        })
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        syntax(self.base + self.at, message)
    }
}

/// `serde_json`'s message without its position, which is that inside a word.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message,
    }
}
