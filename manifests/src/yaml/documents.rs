//! A stream cut into documents, so that a broken one never hides the others.
//!
//! The cut is `kubectl`'s (k8s.io/apimachinery `pkg/util/yaml/decoder.go`, `YAMLReader`): a line that starts
//! with `---`, followed by nothing, blanks or a `#` comment, separates. Where `kubectl` stops with an error or
//! silently ignores the rest, this goes on: `--- {inline}` begins a document with what follows the marker
//! (YAML 1.2, 9.1.4), `...` ends one, and `%` directives belong to the document after their `---`.

use super::source::BYTE_ORDER_MARK;

/// The bytes of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Offset of its first byte: after the separator, or the marker itself when content follows it on the line.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
}

/// The documents of a stream that hold anything but blanks and comments, in order.
#[derive(Debug)]
pub(super) struct Documents<'a> {
    bytes: &'a [u8],
    /// Where the next line begins.
    position: usize,
}

/// What a line means for the cut.
enum Line {
    /// Blank or a comment.
    Nothing,
    /// `%YAML 1.1`
    Directive,
    /// `---`
    Separator,
    /// `--- {a: b}`
    Opening,
    /// `...`
    End,
    Content,
}

/// What the document under way consists of so far.
#[derive(PartialEq)]
enum Seen {
    Nothing,
    Directives,
    Content,
}

impl<'a> Documents<'a> {
    /// Begins at `position`, which is the start of a line; pass what [`Documents::position`] gave to go on.
    #[must_use]
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position }
    }

    /// Where the rest of the stream begins.
    #[must_use]
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The offset after the line that begins at `start`, line break included.
    fn line_end(&self, start: usize) -> usize {
        let rest = &self.bytes[start..];
        match memchr::memchr2(b'\n', b'\r', rest) {
            None => self.bytes.len(),
            Some(at) if rest[at..].starts_with(b"\r\n") => start + at + 2,
            Some(at) => start + at + 1,
        }
    }
}

impl Iterator for Documents<'_> {
    type Item = Extent;

    fn next(&mut self) -> Option<Extent> {
        let mut start = self.position;
        let mut seen = Seen::Nothing;
        while self.position < self.bytes.len() {
            let line = self.position;
            let after = self.line_end(line);
            match classify(&self.bytes[line..after], &seen) {
                Line::Nothing => {}
                Line::Directive => seen = Seen::Directives,
                Line::Content => seen = Seen::Content,
                Line::Separator | Line::Opening if seen == Seen::Directives => seen = Seen::Content,
                Line::Opening if seen == Seen::Nothing => {
                    (start, seen) = (line, Seen::Content);
                }
                Line::Opening => return Some(Extent { start, end: line }),
                Line::Separator | Line::End => {
                    self.position = after;
                    if seen != Seen::Nothing {
                        return Some(Extent { start, end: line });
                    }
                    start = after;
                }
            }
            self.position = after;
        }
        (seen != Seen::Nothing).then_some(Extent {
            start,
            end: self.bytes.len(),
        })
    }
}

fn classify(line: &[u8], seen: &Seen) -> Line {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    match line.first() {
        Some(b'-') if line.starts_with(b"---") => match line.get(3) {
            _ if is_blank_or_comment(&line[3..]) => Line::Separator,
            Some(b' ' | b'\t') => Line::Opening,
            _ => Line::Content,
        },
        Some(b'.') if line.starts_with(b"...") && is_blank_or_comment(&line[3..]) => Line::End,
        Some(b'%') if *seen != Seen::Content => Line::Directive,
        _ if is_blank_or_comment(line) => Line::Nothing,
        _ => Line::Content,
    }
}

/// Blanks as Go's `strings.TrimSpace` takes them, as `kubectl` uses it.
fn is_blank_or_comment(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    match text.first() {
        None | Some(b'#') => true,
        Some(first) if first.is_ascii() => false,
        Some(_) => std::str::from_utf8(text).is_ok_and(|text| {
            let text = text.trim_start();
            text.is_empty() || text.starts_with('#')
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        Documents::new(text.as_bytes(), 0)
            .map(|extent| &text[extent.start..extent.end])
            .collect()
    }

    #[test]
    fn separators_may_carry_blanks_and_comments() {
        assert_eq!(
            cut("a\n---\nb\n--- \t\nc\n---# x\nd\n--- # x\r\ne"),
            ["a\n", "b\n", "c\n", "d\n", "e"]
        );
    }

    #[test]
    fn a_line_that_only_begins_like_a_separator_is_content() {
        let text = "a: |\n  ---\n  b\n-----BEGIN\n---x\n";
        assert_eq!(cut(text), [text]);
    }

    #[test]
    fn content_on_the_line_of_the_marker_begins_a_document() {
        assert_eq!(
            cut("a\n--- {b: c}\n--- !x\nd: e\n---\nf"),
            ["a\n", "--- {b: c}\n", "--- !x\nd: e\n", "f"]
        );
    }

    #[test]
    fn dots_end_a_document_without_losing_what_follows() {
        assert_eq!(cut("a\n...\nb\n... # x\n---\nc\n"), ["a\n", "b\n", "c\n"]);
    }

    #[test]
    fn directives_stay_with_the_document_after_their_marker() {
        assert_eq!(
            cut("%TAG ! x\n---\na\n%b\n---\nc"),
            ["%TAG ! x\n---\na\n%b\n", "c"]
        );
    }

    #[test]
    fn blanks_comments_and_separators_alone_are_no_document() {
        for text in [
            "",
            "\n",
            "---",
            "---\n---\n",
            "# a\n---\n# b\n",
            "\u{FEFF}",
            "\u{FEFF}---\n",
        ] {
            assert_eq!(cut(text), Vec::<&str>::new(), "{text:?}");
        }
    }

    #[test]
    fn carriage_returns_alone_separate_lines() {
        assert_eq!(cut("a\r---\rb"), ["a\r", "b"]);
    }

    #[test]
    fn a_byte_order_mark_does_not_hide_a_separator() {
        assert_eq!(cut("a\n\u{FEFF}---\nb"), ["a\n", "b"]);
    }
}
