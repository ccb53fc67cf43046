//! JSON values one after the other, as k8s.io/apimachinery `YAMLOrJSONDecoder` reads them; but a broken one does not
//! end the stream.

use super::address::DocumentId;
use super::documents::Extent;
use super::error::{ParseError, ParseErrorKind};
use super::json::{self, Failure};
use super::source::Source;
use super::tree::{Format, Tree};

/// How often the bytes of a stream may be read again, on average, in looking for values inside broken ones.
const MAX_REREADS: usize = 8;

/// The rest of a document that begins with `{` or `[`.
#[derive(Debug)]
pub(super) struct JsonStream {
    position: usize,
    end: usize,
    /// How many values came before.
    values: usize,
    /// Whether a value was broken.
    broken: bool,
    /// How many bytes may still be read again.
    rereads: usize,
}

/// A value that is no JSON.
#[derive(Debug)]
pub(super) struct Broken {
    /// Where it begins.
    pub(super) start: usize,
    /// Why.
    pub(super) failure: Failure,
    /// Whether all that is left may be YAML: `kubectl` tries that up to the second value.
    pub(super) may_be_yaml: bool,
}

impl JsonStream {
    /// At the beginning of `document`.
    pub(super) fn new(document: Extent) -> Self {
        Self {
            position: document.start,
            end: document.end,
            values: 0,
            broken: false,
            rereads: MAX_REREADS * (document.end - document.start),
        }
    }

    /// Where the rest of the stream begins, and where it ends.
    pub(super) fn rest(&self) -> Extent {
        Extent {
            start: self.position,
            end: self.end,
        }
    }

    /// The next value; `None` at the end.
    ///
    /// # Errors
    /// When it is broken. The stream stays where it is until it is told to [`resume`](Self::resume).
    pub(super) fn next(&mut self, source: &Source) -> Option<Result<(DocumentId, Tree), Broken>> {
        let bytes = source.bytes().get(self.position..self.end)?;
        let start = self.position + json::blanks(bytes);
        let bytes = &source.bytes()[start..self.end];
        match bytes.first()? {
            b'{' | b'[' => {}
            // What is left of a value that was told of.
            _ if self.broken => {
                self.position = next_line_with_object(source.bytes(), start, self.end);
                return self.next(source);
            }
            _ => {
                let message = "something that is neither `{` nor `[` stands after a value";
                let error = ParseError::new(start, ParseErrorKind::Json(message.to_owned()));
                let reached = start;
                return Some(Err(self.broken_at(start, Failure { error, reached })));
            }
        }
        Some(match json::parse(bytes, start) {
            Ok((tree, length)) => {
                self.values += 1;
                self.position = start + length;
                let document = DocumentId {
                    start,
                    end: self.position,
                    format: Format::Json,
                };
                Ok((document, tree))
            }
            Err(failure) => Err(self.broken_at(start, failure)),
        })
    }

    fn broken_at(&self, start: usize, failure: Failure) -> Broken {
        Broken {
            start,
            failure,
            may_be_yaml: self.values <= 1 && !self.broken,
        }
    }

    /// Goes on at the next line that begins with `{`: inside the broken value, if that costs not too much, as it may
    /// have swallowed what comes after it.
    pub(super) fn resume(&mut self, source: &Source, broken: &Broken) {
        let reached = broken.failure.reached;
        let swallowed = reached.saturating_sub(broken.start);
        let from = match self.rereads.checked_sub(swallowed) {
            Some(left) => {
                self.rereads = left;
                broken.start
            }
            None => reached,
        };
        self.broken = true;
        self.position = next_line_with_object(source.bytes(), from, self.end);
    }
}

/// The next line after byte `from` that begins with `{` but not with `{{`, or else the `end`.
fn next_line_with_object(bytes: &[u8], from: usize, end: usize) -> usize {
    let rest = bytes.get(from..end).unwrap_or_default();
    memchr::memmem::find_iter(rest, b"\n{")
        .map(|at| from + at + 1)
        .find(|at| bytes.get(at + 1) != Some(&b'{'))
        .unwrap_or(end)
}
