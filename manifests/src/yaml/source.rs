//! A manifest's bytes and the way from a byte offset to the line and column that a person counts.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The largest input that is read, in bytes (512 MiB). Offsets are kept in 32 bits.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// Distance of two checkpoints in bytes: what a look-up reads at most.
const STRIDE: usize = 4096;

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A position in a text, as an editor shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1. A line ends with LF, CR LF or a lone CR.
    pub line: usize,
    /// The column, from 1, in characters; a tab is one, a byte order mark is none.
    pub column: usize,
}

/// The content of one file, of standard input, or of an editor's buffer.
///
/// It need not be valid UTF-8 as a whole: a document that is not is an error of its own.
#[derive(Debug)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
    /// The place of every [`STRIDE`]th byte; made when the first place is asked for.
    checkpoints: OnceLock<Vec<Checkpoint>>,
}

#[derive(Debug, Clone, Copy)]
struct Checkpoint {
    line: u32,
    column: u32,
}

impl Source {
    /// Takes `bytes` under the `name` that messages show, such as a path.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            bytes,
            checkpoints: OnceLock::new(),
        }
    }

    /// The name under which it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Line and column of a byte. An offset past the end is the end.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.bytes.len());
        let block = offset / STRIDE;
        let mut cursor = Cursor::from(self.checkpoints()[block]);
        cursor.advance(&self.bytes, block * STRIDE, offset);
        cursor.place()
    }

    /// The text of a line (counted from 1) without its line break, to be quoted; `None` past the end.
    /// What is not UTF-8 is shown as U+FFFD.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<Cow<'_, str>> {
        let start = self.line_start(line)?;
        let rest = &self.bytes[start..];
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let text = &rest[..length];
        Some(String::from_utf8_lossy(
            text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
        ))
    }

    fn line_start(&self, line: usize) -> Option<usize> {
        if line <= 1 {
            return (line == 1).then_some(0);
        }
        let checkpoints = self.checkpoints();
        let block = checkpoints.partition_point(|at| (at.line as usize) < line);
        let mut offset = block.saturating_sub(1) * STRIDE;
        let mut reached = checkpoints[block.saturating_sub(1)].line as usize;
        while reached < line {
            let found = memchr::memchr2(b'\n', b'\r', self.bytes.get(offset..)?)?;
            offset += found + 1;
            let first_of_two =
                self.bytes[offset - 1] == b'\r' && self.bytes.get(offset) == Some(&b'\n');
            if !first_of_two {
                reached += 1;
            }
        }
        Some(offset)
    }

    fn checkpoints(&self) -> &[Checkpoint] {
        self.checkpoints.get_or_init(|| {
            let mut cursor = Cursor { line: 1, column: 1 };
            let mut checkpoints = Vec::with_capacity(self.bytes.len() / STRIDE + 1);
            for start in (0..=self.bytes.len()).step_by(STRIDE) {
                checkpoints.push(cursor.checkpoint());
                let end = (start + STRIDE).min(self.bytes.len());
                cursor.advance(&self.bytes, start, end);
            }
            checkpoints
        })
    }
}

/// Line and column while walking over bytes.
struct Cursor {
    line: u32,
    column: u32,
}

impl From<Checkpoint> for Cursor {
    fn from(at: Checkpoint) -> Self {
        Self {
            line: at.line,
            column: at.column,
        }
    }
}

impl Cursor {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            line: self.line,
            column: self.column,
        }
    }

    fn place(&self) -> Place {
        Place {
            line: self.line as usize,
            column: self.column as usize,
        }
    }

    fn advance(&mut self, bytes: &[u8], from: usize, to: usize) {
        for at in from..to {
            let byte = bytes[at];
            let breaks = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if breaks {
                self.line += 1;
                self.column = 1;
            } else if is_character_start(byte) && !(at == 0 && bytes.starts_with(BYTE_ORDER_MARK)) {
                self.column += 1;
            }
        }
    }
}

/// Whether a byte begins a UTF-8 character, that is: is no continuation byte.
fn is_character_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize) -> Place {
        Place { line, column }
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::new("x", "é€😀x".into());
        assert_eq!(source.place(9), place(1, 4));
    }

    #[test]
    fn every_kind_of_line_break_counts_once() {
        let source = Source::new("x", b"a\nb\r\nc\rd".to_vec());
        let lines: Vec<usize> = [0, 2, 5, 7].map(|at| source.place(at).line).into();
        assert_eq!(lines, [1, 2, 3, 4]);
        let quoted: Vec<_> = (1..=5).map(|line| source.line(line)).collect();
        assert_eq!(
            quoted,
            [
                Some("a".into()),
                Some("b".into()),
                Some("c".into()),
                Some("d".into()),
                None
            ]
        );
    }

    #[test]
    fn a_byte_order_mark_takes_no_column_and_is_not_quoted() {
        let source = Source::new("x", "\u{FEFF}abc".into());
        assert_eq!(source.place(3), place(1, 1));
        assert_eq!(source.place(5), place(1, 3));
        assert_eq!(source.line(1), Some("abc".into()));
    }

    #[test]
    fn places_agree_with_a_walk_from_the_start_in_long_texts() {
        let lines: Vec<String> = (0..5_000).map(|n| format!("{n} é\r\n")).collect();
        let text = lines.concat();
        let source = Source::new("x", text.clone().into_bytes());
        let mut expected = place(1, 1);
        for (offset, character) in text.char_indices() {
            assert_eq!(source.place(offset), expected, "at {offset}");
            if character == '\n' {
                expected = place(expected.line + 1, 1);
            } else {
                expected.column += 1;
            }
        }
        assert_eq!(source.line(4_321), Some("4320 é".into()));
        assert_eq!(source.line(5_002), None);
    }

    #[test]
    fn an_offset_past_the_end_is_the_end() {
        let source = Source::new("x", b"ab".to_vec());
        assert_eq!(source.place(100), place(1, 3));
        assert_eq!(Source::new("x", Vec::new()).place(0), place(1, 1));
    }
}
