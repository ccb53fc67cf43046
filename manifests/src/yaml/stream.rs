//! A source to its documents, one at a time, YAML and JSON as they come. One that is broken hides none of the others.

use std::sync::Arc;

use super::address::DocumentId;
use super::alias_budget::AliasBudget;
use super::document::Document;
use super::documents::{Documents, Extent};
use super::error::{ParseError, ParseErrorKind};
use super::json::blanks;
use super::json_stream::{Broken, JsonStream};
use super::source::{BYTE_ORDER_MARK, MAX_BYTES, Source};
use super::tree::{Format, Tree};
use super::value::Remark;
use super::{encoding, parser};

/// Reads a source document by document. Those that hold nothing but comments are passed over.
#[derive(Debug)]
pub struct Stream {
    source: Arc<Source>,
    /// Where the next document begins.
    position: usize,
    /// The rest of a document that is a stream of JSON values.
    json: Option<JsonStream>,
    /// What aliases may still add.
    aliases: AliasBudget,
    /// Why nothing of the source is read.
    refusal: Option<ParseErrorKind>,
}

/// A document that cannot be parsed.
#[derive(Debug)]
pub struct Unreadable {
    /// What is wrong.
    pub error: ParseError,
    /// Whether it is about the source as a whole, nothing of which is read.
    pub is_whole_source: bool,
    /// Offset of the first `{{` in it, where that may be the reason: it is a template then, which has to be rendered.
    pub template: Option<usize>,
}

impl Stream {
    /// At the beginning of `source`.
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        let bytes = source.bytes();
        let refusal = if bytes.len() > MAX_BYTES {
            Some(ParseErrorKind::TooLarge)
        } else if encoding::is_wide(bytes) {
            Some(ParseErrorKind::WideEncoding)
        } else {
            None
        };
        Self {
            position: 0,
            aliases: AliasBudget::of_source(bytes.len()),
            json: None,
            refusal,
            source,
        }
    }

    /// The source that is read.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Takes back what is left of the alias budget of a document that was read.
    pub(crate) fn put_back(&mut self, rest: &AliasBudget) {
        self.aliases.put_back(rest);
    }

    /// The next document as the cut has it; `None` in `Some` when it holds nothing, or is a stream of JSON values.
    fn next_extent(&mut self) -> Option<Result<Option<Document>, Unreadable>> {
        let source = Arc::clone(&self.source);
        let mut documents = Documents::new(source.bytes(), self.position);
        let Extent { mut start, end } = documents.next()?;
        self.position = documents.position();
        if source.bytes()[start..end].starts_with(BYTE_ORDER_MARK) {
            start += BYTE_ORDER_MARK.len();
        }
        let extent = Extent { start, end };
        let text = match encoding::utf8(&source.bytes()[start..end], start) {
            Ok(text) => text,
            Err(error) => return Some(Err(self.unreadable(extent, error))),
        };
        if text.trim_start().starts_with(['{', '[']) {
            self.json = Some(JsonStream::new(extent));
            return Some(Ok(None));
        }
        let parsed = self.yaml(text, start);
        Some(parsed.map_err(|error| self.unreadable(extent, error)))
    }

    fn yaml(&mut self, text: &str, start: usize) -> Result<Option<Document>, ParseError> {
        let Some(tree) = parser::parse(text, start)? else {
            return Ok(None);
        };
        let id = DocumentId {
            start,
            end: start + text.len(),
            format: Format::Yaml,
        };
        let remark = parser::foreign_line_break(text).map(|at| Remark {
            offset: start + at,
            message: "kubectl takes this invisible character (U+0085, U+2028 or U+2029) for the end of the \
                      line: write it as an escape in double quotes"
                .to_owned(),
        });
        Ok(Some(self.document(id, tree, remark)))
    }

    fn document(&mut self, id: DocumentId, tree: Tree, remark: Option<Remark>) -> Document {
        let budget = self.aliases.lend(id.end - id.start);
        let source = Arc::clone(&self.source);
        Document::new(source, id, tree, budget, remark)
    }

    /// Goes on with a stream of JSON values; `None` in `Some` when there is no further one.
    fn next_json(&mut self, mut stream: JsonStream) -> Result<Option<Document>, Unreadable> {
        let source = Arc::clone(&self.source);
        let next = match stream.next(&source) {
            None => return Ok(None),
            Some(Ok((id, tree))) => Ok(Some(self.document(id, tree, None))),
            Some(Err(broken)) => match self.json_as_yaml(&stream, &broken) {
                Ok(document) => return Ok(document),
                Err(error) => {
                    stream.resume(&source, &broken);
                    let extent = Extent {
                        start: broken.start,
                        end: stream.rest().start,
                    };
                    Err(self.unreadable(extent, error))
                }
            },
        };
        self.json = Some(stream);
        next
    }

    /// Takes the rest of a stream for YAML, as `kubectl` does (k8s.io/apimachinery `YAMLOrJSONDecoder`). What is
    /// neither is told of as what it resembles.
    fn json_as_yaml(
        &mut self,
        stream: &JsonStream,
        broken: &Broken,
    ) -> Result<Option<Document>, ParseError> {
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

    fn unreadable(&self, Extent { start, end }: Extent, error: ParseError) -> Unreadable {
        let braces = || memchr::memmem::find(&self.source.bytes()[start..end], b"{{");
        let braces = error.kind.may_be_template().then(braces).flatten();
        Unreadable {
            template: braces.map(|at| start + at),
            is_whole_source: false,
            error,
        }
    }
}

impl Iterator for Stream {
    type Item = Result<Document, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(kind) = self.refusal.take() {
            self.position = self.source.bytes().len();
            return Some(Err(Unreadable {
                error: ParseError::new(0, kind),
                is_whole_source: true,
                template: None,
            }));
        }
        loop {
            let next = match self.json.take() {
                Some(stream) => self.next_json(stream),
                None => self.next_extent()?,
            };
            if let Some(document) = next.transpose() {
                return Some(document);
            }
        }
    }
}

/// Whether a text is rather broken JSON than YAML in flow style.
fn resembles_json(text: &[u8]) -> bool {
    let inside = text.get(1..).unwrap_or_default();
    let next = inside.get(blanks(inside));
    match text.first() {
        Some(b'{') => matches!(next, None | Some(b'"' | b'}')),
        Some(b'[') => matches!(next, None | Some(b'"' | b'{' | b'[' | b']')),
        _ => true,
    }
}
