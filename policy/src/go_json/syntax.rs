//! Whether a text is JSON, and if not, where it stops being JSON.
//!
//! Source: Go, `encoding/json/scanner.go` (`checkValid`, `maxNestingDepth`).

use std::fmt;

/// So many arrays and objects may be open at once.
const MAX_DEPTH: usize = 10_000;

/// Where and why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    offset: usize,
    line: usize,
    column: usize,
    problem: Problem,
}

impl SyntaxError {
    /// Bytes before the one that cannot stand where it stands; the length of the text if it ends too early.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The line of that place, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column of that place, in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at line {}, column {}",
            self.problem, self.line, self.column
        )
    }
}

impl std::error::Error for SyntaxError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    TooDeep,
    /// The text ends where this is needed.
    Ended(&'static str),
    /// This byte stands where that is needed.
    Unexpected(u8, &'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "nested more than {MAX_DEPTH} levels deep"),
            Self::Ended(needed) => write!(f, "the text ends where {needed} is needed"),
            Self::Unexpected(byte @ 0x20..0x7f, needed) => {
                write!(f, "`{}` where {needed} is needed", char::from(*byte))
            }
            Self::Unexpected(byte, needed) => {
                write!(f, "byte 0x{byte:02X} where {needed} is needed")
            }
        }
    }
}

/// Checks a whole text.
pub(super) fn check(text: &[u8]) -> Result<(), SyntaxError> {
    let mut scanner = Scanner {
        text,
        offset: 0,
        open: Vec::new(),
    };
    scanner.run().map_err(|problem| {
        let mut line = 0;
        let mut last_line: &[u8] = &[];
        for part in text[..scanner.offset].split(|byte| *byte == b'\n') {
            line += 1;
            last_line = part;
        }
        let characters = last_line
            .iter()
            .filter(|byte| !is_utf8_continuation(**byte));
        SyntaxError {
            offset: scanner.offset,
            line,
            column: characters.count() + 1,
            problem,
        }
    })
}

fn is_utf8_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Whether Go counts this byte as space between tokens.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What has been opened and not been closed yet.
#[derive(Clone, Copy)]
enum Container {
    Array,
    Object,
}

/// What may come next, after any space.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// Backends `[`.
    FirstElement,
    /// Backends `{`.
    FirstKey,
    Key,
    Colon,
    /// Backends a value: what that may be depends on the innermost container.
    Separator,
}

struct Scanner<'t> {
    text: &'t [u8],
    offset: usize,
    open: Vec<Container>,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        let mut next = Next::Value;
        loop {
            while self.byte().is_some_and(is_space) {
                self.offset += 1;
            }
            next = match next {
                Next::FirstElement if self.take(b']') => self.close(),
                Next::Value | Next::FirstElement => self.value()?,
                Next::FirstKey if self.take(b'}') => self.close(),
                Next::FirstKey | Next::Key => self.key()?,
                Next::Colon => {
                    self.require(|byte| byte == b':', "`:`")?;
                    Next::Value
                }
                Next::Separator => match self.open.last().copied() {
                    Some(Container::Array) if self.take(b']') => self.close(),
                    Some(Container::Array) => {
                        self.require(|byte| byte == b',', "`,` or `]`")?;
                        Next::Value
                    }
                    Some(Container::Object) if self.take(b'}') => self.close(),
                    Some(Container::Object) => {
                        self.require(|byte| byte == b',', "`,` or `}`")?;
                        Next::Key
                    }
                    None if self.byte().is_none() => return Ok(()),
                    None => return Err(self.problem("the end")),
                },
            };
        }
    }

    fn value(&mut self) -> Result<Next, Problem> {
        match self.byte() {
            Some(b'[') => self.open(Container::Array, Next::FirstElement),
            Some(b'{') => self.open(Container::Object, Next::FirstKey),
            Some(b'"') => self.string().map(|()| Next::Separator),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Next::Separator),
            Some(b't') => self.word("true", "`true`"),
            Some(b'f') => self.word("false", "`false`"),
            Some(b'n') => self.word("null", "`null`"),
            _ => Err(self.problem("a value")),
        }
    }

    fn key(&mut self) -> Result<Next, Problem> {
        if self.byte() != Some(b'"') {
            return Err(self.problem("a key in double quotes"));
        }
        self.string()?;
        Ok(Next::Colon)
    }

    fn open(&mut self, container: Container, next: Next) -> Result<Next, Problem> {
        if self.open.len() == MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        self.open.push(container);
        self.offset += 1;
        Ok(next)
    }

    fn close(&mut self) -> Next {
        self.open.pop();
        Next::Separator
    }

    fn string(&mut self) -> Result<(), Problem> {
        const INSIDE: &str = "more of a string, or its closing quote,";
        self.offset += 1;
        loop {
            match self.require(|byte| byte >= 0x20, INSIDE)? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), Problem> {
        let is_escape = |byte| {
            matches!(
                byte,
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' | b'u'
            )
        };
        if self.require(is_escape, "an escape such as `n` or `u0041`")? == b'u' {
            for _ in 0..4 {
                self.require(|byte| byte.is_ascii_hexdigit(), "a hexadecimal digit")?;
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), Problem> {
        self.require(|byte| byte.is_ascii_digit(), "a digit")?;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.offset += 1;
        }
        Ok(())
    }

    fn word(&mut self, word: &str, needed: &'static str) -> Result<Next, Problem> {
        for wanted in word.bytes() {
            self.require(|byte| byte == wanted, needed)?;
        }
        Ok(Next::Separator)
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    /// Takes the next byte if it is this one.
    fn take(&mut self, wanted: u8) -> bool {
        let is_there = self.byte() == Some(wanted);
        self.offset += usize::from(is_there);
        is_there
    }

    /// Takes the next byte, which must be one of a kind.
    fn require(&mut self, fits: impl Fn(u8) -> bool, needed: &'static str) -> Result<u8, Problem> {
        match self.byte() {
            Some(byte) if fits(byte) => {
                self.offset += 1;
                Ok(byte)
            }
            _ => Err(self.problem(needed)),
        }
    }

    fn problem(&self, needed: &'static str) -> Problem {
        self.byte().map_or(Problem::Ended(needed), |byte| {
            Problem::Unexpected(byte, needed)
        })
    }
}
