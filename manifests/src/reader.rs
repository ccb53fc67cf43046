//! A source to its objects, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::load::{Item, LoadError, Note};
use super::objects::{Found, Objects};
use super::yaml::address::DocumentId;
use super::yaml::documents::{Documents, Extent};
use super::yaml::encoding;
use super::yaml::error::{ParseError, ParseErrorKind};
use super::yaml::json;
use super::yaml::json_stream::{Broken, JsonStream};
use super::yaml::parser;
use super::yaml::source::{BYTE_ORDER_MARK, MAX_BYTES, Source};
use super::yaml::tree::{Format, Tree};
use super::yaml::value::{AliasBudget, Remark};

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
    /// What aliases may still add.
    aliases: AliasBudget,
    ready: VecDeque<Item>,
    notes: usize,
    errors: usize,
}

impl Reader {
    /// At the beginning of `source`.
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        let mut reader = Self {
            position: 0,
            aliases: AliasBudget::of_source(source.bytes().len()),
            source,
            json: None,
            objects: None,
            ready: VecDeque::new(),
            notes: 0,
            errors: 0,
        };
        let bytes = reader.source.bytes();
        let kind = if bytes.len() > MAX_BYTES {
            Some(ParseErrorKind::TooLarge)
        } else if encoding::is_wide(bytes) {
            Some(ParseErrorKind::WideEncoding)
        } else {
            None
        };
        if let Some(kind) = kind {
            reader.position = bytes.len();
            reader.error(&ParseError::new(0, kind));
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
            self.json = Some(JsonStream::new(Extent { start, end }));
        } else if let Err(error) = self.yaml(text, start) {
            self.unreadable(start, end, &error);
        }
        true
    }

    fn yaml(&mut self, text: &str, start: usize) -> Result<(), ParseError> {
        if let Some(tree) = parser::parse(text, start)? {
            let document = DocumentId {
                start,
                end: start + text.len(),
                format: Format::Yaml,
            };
            self.begin(document, tree);
            if let Some(at) = parser::foreign_line_break(text) {
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

    fn begin(&mut self, document: DocumentId, tree: Tree) {
        let share = self.aliases.lend(document.end - document.start);
        let source = Arc::clone(&self.source);
        self.objects = Some(Objects::new(source, document, tree, share));
    }

    /// Goes on with a stream of JSON values.
    fn next_json(&mut self, mut stream: JsonStream) {
        let source = Arc::clone(&self.source);
        match stream.next(&source) {
            None => return,
            Some(Ok((document, tree))) => self.begin(document, tree),
            Some(Err(broken)) => {
                let Err(error) = self.json_as_yaml(&stream, &broken) else {
                    return;
                };
                stream.resume(&source, &broken);
                self.unreadable(broken.start, stream.rest().start, &error);
            }
        }
        self.json = Some(stream);
    }

    /// Takes the rest of a stream for YAML, as `kubectl` does (k8s.io/apimachinery `YAMLOrJSONDecoder`). What is
    /// neither is told of as what it resembles.
    fn json_as_yaml(&mut self, stream: &JsonStream, broken: &Broken) -> Result<(), ParseError> {
        let json = &broken.failure.error;
        if !broken.may_be_yaml {
            return Err(json.clone());
        }
        let source = Arc::clone(&self.source);
        let rest = &source.bytes()[broken.start..stream.rest().end];
        let text = encoding::utf8(rest, broken.start)?;
        self.yaml(text, broken.start).map_err(|yaml| {
            if resembles_json(rest) {
                json.clone()
            } else {
                yaml
            }
        })
    }

    /// Tells of a document that cannot be parsed.
    fn unreadable(&mut self, start: usize, end: usize, error: &ParseError) {
        let braces = memchr::memmem::find(&self.source.bytes()[start..end], b"{{");
        let Some(braces) = braces.filter(|_| error.kind.may_be_template()) else {
            return self.error(error);
        };
        let line = self.source.place(error.offset).line;
        self.note(&Remark {
            offset: start + braces,
            message: format!(
                "a template (`{{{{`), not a manifest: skipped. Render it first, such as by \
                 `helm template … | l7guard check -` (as it stands, line {line}: {error})"
            ),
        });
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
            if let Some(mut objects) = self.objects.take() {
                match objects.next() {
                    Some(found) => {
                        self.objects = Some(objects);
                        self.found(found);
                    }
                    None => self.aliases.put_back(objects.budget()),
                }
            } else if let Some(stream) = self.json.take() {
                self.next_json(stream);
            } else if !self.next_document() {
                return None;
            }
        }
    }
}

/// Whether a text is rather broken JSON than YAML in flow style.
fn resembles_json(text: &[u8]) -> bool {
    let inside = text.get(1..).unwrap_or_default();
    let next = inside.get(json::blanks(inside));
    match text.first() {
        Some(b'{') => matches!(next, None | Some(b'"' | b'}')),
        Some(b'[') => matches!(next, None | Some(b'"' | b'{' | b'[' | b']')),
        _ => true,
    }
}
