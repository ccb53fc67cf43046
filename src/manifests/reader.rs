//! A source to its objects, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::address::DocumentId;
use super::documents::{Documents, Extent};
use super::encoding;
use super::error::{Fault, ParseError};
use super::json;
use super::load::{Item, LoadError, Note};
use super::objects::{Found, Objects};
use super::source::{BYTE_ORDER_MARK, MAX_BYTES, Source};
use super::tree::Format;
use super::value::Remark;
use super::yaml;

/// Notes, and errors, that are told of one source; that there are more of either is told once.
const MAX_MESSAGES: usize = 1_000;

/// Reads a source item by item. A document's tree is dropped when its last object was given; what is then kept of an
/// object is up to the caller.
#[derive(Debug)]
pub struct Reader {
    source: Arc<Source>,
    /// Where the next document begins.
    position: usize,
    /// The rest of a document that is a stream of JSON values.
    json: Option<JsonStream>,
    /// The rest of the objects of the document under way.
    objects: Option<Objects>,
    ready: VecDeque<Item>,
    notes: usize,
    errors: usize,
}

#[derive(Debug, Clone, Copy)]
struct JsonStream {
    start: usize,
    end: usize,
    /// How many values came before.
    values: usize,
}

impl Reader {
    /// At the beginning of `source`.
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        let mut reader = Self {
            position: 0,
            source,
            json: None,
            objects: None,
            ready: VecDeque::new(),
            notes: 0,
            errors: 0,
        };
        let bytes = reader.source.bytes();
        let fault = if bytes.len() > MAX_BYTES {
            Some(Fault::TooLarge)
        } else if encoding::is_wide(bytes) {
            Some(Fault::WideEncoding)
        } else {
            None
        };
        if let Some(fault) = fault {
            reader.position = bytes.len();
            reader.error(&ParseError::new(0, fault));
        }
        reader
    }

    /// The source that is read.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Begins the next document; false at the end.
    fn next_document(&mut self) -> bool {
        let mut documents = Documents::new(self.source.bytes(), self.position);
        let Some(Extent { mut start, end }) = documents.next() else {
            return false;
        };
        self.position = documents.position();
        let source = Arc::clone(&self.source);
        let bytes = &source.bytes()[start..end];
        if bytes.starts_with(BYTE_ORDER_MARK) {
            start += BYTE_ORDER_MARK.len();
        }
        let text = match encoding::utf8(&source.bytes()[start..end], start) {
            Ok(text) => text,
            Err(error) => {
                self.error(&error);
                return true;
            }
        };
        if text.trim_start().starts_with(['{', '[']) {
            let values = 0;
            self.json = Some(JsonStream { start, end, values });
        } else if let Err(error) = self.yaml(text, start) {
            self.unreadable(start, end, &error);
        }
        true
    }

    fn yaml(&mut self, text: &str, start: usize) -> Result<(), ParseError> {
        if let Some(tree) = yaml::parse(text, start)? {
            let document = DocumentId {
                start,
                end: start + text.len(),
                format: Format::Yaml,
            };
            self.objects = Some(Objects::new(Arc::clone(&self.source), document, tree));
            if let Some(at) = yaml::foreign_line_break(text) {
                self.note(&Remark {
                    offset: start + at,
                    message: "kubectl takes this invisible character (U+0085, U+2028 or U+2029) for the end of the \
                              line: write it as an escape in double quotes"
                        .to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Goes on with a stream of JSON values.
    fn next_json(&mut self, stream: JsonStream) {
        let source = Arc::clone(&self.source);
        let blanks = json::blanks(&source.bytes()[stream.start..stream.end]);
        let start = stream.start + blanks;
        let bytes = &source.bytes()[start..stream.end];
        let parsed = match bytes.first() {
            None => return,
            Some(b'{' | b'[') => json::parse(bytes, start),
            Some(_) => {
                let message = "something that is neither `{` nor `[` stands after a value";
                Err(ParseError::new(start, Fault::Json(message.to_owned())))
            }
        };
        match parsed {
            Ok((tree, length)) => {
                let end = start + length;
                let document = DocumentId {
                    start,
                    end,
                    format: Format::Json,
                };
                self.objects = Some(Objects::new(Arc::clone(&source), document, tree));
                self.json = Some(JsonStream {
                    start: end,
                    end: stream.end,
                    values: stream.values + 1,
                });
            }
            Err(error) => self.broken_json(JsonStream { start, ..stream }, error),
        }
    }

    /// A value that is no JSON: YAML perhaps (`kubectl` tries that too, k8s.io/apimachinery `YAMLOrJSONDecoder`, up
    /// to the second value), or else an error, after which the stream goes on at the next line that begins with `{`.
    fn broken_json(&mut self, stream: JsonStream, error: ParseError) {
        let JsonStream { start, end, values } = stream;
        let source = Arc::clone(&self.source);
        let mut error = error;
        if values <= 1 {
            let text = encoding::utf8(&source.bytes()[start..end], start);
            match text.and_then(|text| self.yaml(text, start)) {
                Ok(()) => return,
                Err(yaml) if values == 0 && !resembles_json(&source.bytes()[start..end]) => {
                    error = yaml;
                }
                Err(_) => {}
            }
        }
        let resumed = next_object(&source.bytes()[..end], error.offset);
        if !self.unreadable(start, resumed.unwrap_or(end), &error) {
            self.json = resumed.map(|start| JsonStream {
                start,
                end,
                values: values.max(2),
            });
        }
    }

    /// Tells of a document that cannot be parsed. True when it is taken for a template.
    fn unreadable(&mut self, start: usize, end: usize, error: &ParseError) -> bool {
        let braces = memchr::memmem::find(&self.source.bytes()[start..end], b"{{");
        let Some(braces) = braces.filter(|_| error.fault.may_be_template()) else {
            self.error(error);
            return false;
        };
        let line = self.source.place(error.offset).line;
        self.note(&Remark {
            offset: start + braces,
            message: format!(
                "a template (`{{{{`), not a manifest: skipped. Render it first, such as by \
                 `helm template … | l7guard check -` (as it stands, line {line}: {error})"
            ),
        });
        true
    }

    fn found(&mut self, found: Found) {
        match found {
            Found::Object(object, remarks) => {
                self.ready.push_back(Item::Object(object));
                for remark in remarks {
                    self.note(&remark);
                }
            }
            Found::Remark(remark) => self.note(&remark),
            Found::Unreadable(error) => self.error(&error),
        }
    }

    fn note(&mut self, remark: &Remark) {
        self.notes += 1;
        let message = match self.notes {
            ..=MAX_MESSAGES => remark.message.clone(),
            _ if self.notes == MAX_MESSAGES + 1 => "there are more notes than are told".to_owned(),
            _ => return,
        };
        let place = self.source.place(remark.offset);
        self.ready.push_back(Item::Note(Note {
            line: place.line,
            column: place.column,
            message,
        }));
    }

    fn error(&mut self, error: &ParseError) {
        self.errors += 1;
        let message = match self.errors {
            ..=MAX_MESSAGES => error.to_string(),
            _ if self.errors == MAX_MESSAGES + 1 => {
                "there are more errors than are told".to_owned()
            }
            _ => return,
        };
        let place = self.source.place(error.offset);
        self.ready.push_back(Item::Error(LoadError {
            line: place.line,
            column: place.column,
            message,
        }));
    }
}

impl Iterator for Reader {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if let Some(objects) = &mut self.objects {
                match objects.next() {
                    Some(found) => self.found(found),
                    None => self.objects = None,
                }
            } else if let Some(stream) = self.json.take() {
                self.next_json(stream);
            } else if !self.next_document() {
                return None;
            }
        }
    }
}

/// Whether a text that begins with `{` or `[` is rather broken JSON than YAML's flow style.
fn resembles_json(text: &[u8]) -> bool {
    let inside = text.get(1..).unwrap_or_default();
    matches!(
        inside.get(json::blanks(inside)),
        None | Some(b'"' | b'}' | b']' | b'[')
    ) || text.starts_with(b"[") && inside.get(json::blanks(inside)) == Some(&b'{')
}

/// The next line after `offset` that begins with `{`.
fn next_object(bytes: &[u8], offset: usize) -> Option<usize> {
    let from = offset.min(bytes.len());
    memchr::memmem::find(&bytes[from..], b"\n{").map(|at| from + at + 1)
}
