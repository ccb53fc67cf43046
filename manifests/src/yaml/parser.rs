//! One YAML document to a [`Tree`].
//!
//! The syntax is `granit-parser`'s; what a scalar means is decided in `scalar.rs`, what `<<` and aliases stand for
//! in `value.rs`. Refused here, because `kubectl` refuses it: characters that YAML 1.1 does not allow, a mapping or
//! sequence as a key, an alias inside what it stands for.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options};

use super::error::{ParseError, ParseErrorKind, shortened};
use super::indent_repair::IndentRepair;
use super::limits::MAX_DEPTH;
use super::tree::{Format, NodeId, Tag, Tree};
use super::tree_builder::TreeBuilder;

/// How many anchors a document may define. They take memory that the tree's bounds do not count.
const MAX_ANCHORS: usize = 100_000;

/// Parses the only document of `text`. `base` is the offset of `text` in its source. `None` is a document of
/// comments alone.
///
/// # Errors
/// When `text` is not YAML, holds two documents, or one beyond the bounds of a tree.
pub(super) fn parse(text: &str, base: usize) -> Result<Option<Tree>, ParseError> {
    if let Some((at, kind)) = forbidden_character(text) {
        return Err(ParseError::new(base + at, kind));
    }
    let mut repair = IndentRepair::default();
    loop {
        match parse_repaired(text, base, &repair) {
            Err(error)
                if error.kind == ParseErrorKind::QuotedTextIndent
                    && repair.add(text, error.offset - base) => {}
            parsed => return parsed,
        }
    }
}

fn parse_repaired(
    text: &str,
    base: usize,
    repair: &IndentRepair,
) -> Result<Option<Tree>, ParseError> {
    let padded = repair.apply(text);
    let parsed = padded.as_deref().unwrap_or(text);
    let mut events = Events {
        written: text,
        parsed,
        base,
        repair,
        builder: TreeBuilder::new(Format::Yaml),
        anchors: Vec::new(),
        documents: 0,
    };
    let mut options = options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(parsed, options);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| events.syntax_error(&error))?;
        events.take(event, &span)?;
    }
    Ok(events.builder.finish())
}

/// The first character that go.yaml.in/yaml/v2 `readerc.go` refuses: NUL, other control characters but tab and
/// line breaks, U+FFFE and U+FFFF.
fn forbidden_character(text: &str) -> Option<(usize, ParseErrorKind)> {
    let bytes = text.as_bytes();
    let suspicious = |at: &usize| match bytes[*at] {
        b'\t' | b'\n' | b'\r' => false,
        0xC2 => bytes
            .get(at + 1)
            .is_some_and(|next| *next < 0xA0 && *next != 0x85),
        0xEF => {
            bytes[*at..].starts_with(b"\xEF\xBF\xBE") || bytes[*at..].starts_with(b"\xEF\xBF\xBF")
        }
        byte => byte < b' ' || byte == 0x7F,
    };
    let at = (0..bytes.len()).find(suspicious)?;
    let character = text[at..].chars().next()?;
    let kind = match character {
        '\0' => ParseErrorKind::Nul,
        other => ParseErrorKind::ControlCharacter(other.into()),
    };
    Some((at, kind))
}

/// The first NEL, LS or PS in `text`: ends a line in YAML 1.1, which `kubectl` reads, and is a character like any other
/// in YAML 1.2, which is read here.
pub(super) fn foreign_line_break(text: &str) -> Option<usize> {
    ["\u{85}", "\u{2028}", "\u{2029}"]
        .into_iter()
        .filter_map(|character| memchr::memmem::find(text.as_bytes(), character.as_bytes()))
        .min()
}

struct Events<'a> {
    /// The text as it was written, and as it was given to the parser.
    written: &'a str,
    parsed: &'a str,
    base: usize,
    repair: &'a IndentRepair,
    builder: TreeBuilder,
    /// The node of each anchor; the parser numbers them from 1.
    anchors: Vec<NodeId>,
    documents: usize,
}

impl<'a> Events<'a> {
    fn take(&mut self, event: Event<'a>, span: &Span) -> Result<(), ParseError> {
        let start = self.offset(span.start.byte_offset().unwrap_or_default());
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(ParseError::new(start, ParseErrorKind::SecondDocument));
                }
            }
            Event::MappingStart(_, anchor, _) => {
                let node = self.builder.open_mapping(start)?;
                self.define(anchor, node, start)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                let node = self.builder.open_sequence(start)?;
                self.define(anchor, node, start)?;
            }
            Event::MappingEnd | Event::SequenceEnd => self.builder.close(),
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map_or(Tag::None, |tag| classify(tag.handle(), tag.suffix()));
                let node = self.scalar(start, &text, style != ScalarStyle::Plain, tag)?;
                self.define(anchor, node, start)?;
            }
            Event::Alias(anchor) => {
                let target = anchor
                    .checked_sub(1)
                    .and_then(|index| self.anchors.get(index).copied())
                    .ok_or_else(|| self.unknown_anchor(start))?;
                self.builder.alias(start, target)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The offset in the source of a byte of what was parsed.
    fn offset(&self, parsed: usize) -> usize {
        self.base + self.repair.written(parsed)
    }

    /// Adds a scalar, as a piece of the source where it stands there as it is.
    fn scalar(
        &mut self,
        start: usize,
        text: &str,
        quoted: bool,
        tag: Tag,
    ) -> Result<NodeId, ParseError> {
        let lead = (text.as_ptr() as usize)
            .checked_sub(self.parsed.as_ptr() as usize)
            .filter(|place| *place <= self.parsed.len())
            .map(|place| self.repair.written(place))
            .filter(|place| self.written.get(*place..place + text.len()) == Some(text))
            .and_then(|place| (self.base + place).checked_sub(start))
            .and_then(|lead| u8::try_from(lead).ok());
        match lead {
            Some(lead) => self.builder.scalar(start, lead, text.len(), quoted, tag),
            None => self.builder.decoded_scalar(start, text, quoted, tag),
        }
    }

    fn define(&mut self, anchor: usize, node: NodeId, start: usize) -> Result<(), ParseError> {
        if anchor == 0 {
            return Ok(());
        }
        if anchor > MAX_ANCHORS {
            return Err(ParseError::new(
                start,
                ParseErrorKind::TooManyAnchors(MAX_ANCHORS),
            ));
        }
        if self.anchors.len() < anchor {
            self.anchors.resize(anchor, node);
        }
        self.anchors[anchor - 1] = node;
        Ok(())
    }

    fn syntax_error(&self, error: &ScanError) -> ParseError {
        let marker = error.marker();
        let at = marker.byte_offset().unwrap_or(self.parsed.len());
        let at = match error.kind() {
            // The parser points behind the tab.
            ErrorKind::TabInBlockIndentation => self
                .parsed
                .get(..at)
                .and_then(|before| before.rfind('\t'))
                .unwrap_or(at),
            _ => at,
        };
        let at = self.repair.written(at);
        let end = self.written.trim_end().len();
        let offset = self.base + at.min(end);
        let kind = match error.kind() {
            ErrorKind::UnknownAnchor => return self.unknown_anchor(offset),
            ErrorKind::RecursionLimitExceeded => ParseErrorKind::TooDeep,
            ErrorKind::InvalidQuotedScalarIndent if at >= end => {
                ParseErrorKind::Yaml(explained(&ErrorKind::UnclosedQuotedScalar))
            }
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation => {
                ParseErrorKind::QuotedTextIndent
            }
            kind => ParseErrorKind::Yaml(explained(kind)),
        };
        ParseError::new(offset, kind)
    }

    fn unknown_anchor(&self, offset: usize) -> ParseError {
        let rest = self.written.get(offset - self.base..).unwrap_or_default();
        let name = rest.strip_prefix('*').unwrap_or(rest);
        let end = name
            .find(|character: char| character.is_whitespace() || ",[]{}".contains(character))
            .unwrap_or(name.len());
        ParseError::new(
            offset,
            ParseErrorKind::UnknownAnchor(shortened(&name[..end])),
        )
    }
}

/// Handle and suffix of a tag together are its full name.
fn classify(handle: &str, suffix: &str) -> Tag {
    const YAML: &str = "tag:yaml.org,2002:";
    let name = match handle.strip_prefix(YAML) {
        Some("") => suffix,
        None if handle.is_empty() => suffix.strip_prefix(YAML).unwrap_or_default(),
        _ => return Tag::Other,
    };
    match name {
        "str" => Tag::Str,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "null" => Tag::Null,
        "timestamp" => Tag::Timestamp,
        "binary" => Tag::Binary,
        "merge" => Tag::Merge,
        _ => Tag::Other,
    }
}

/// The parser's message, or a clearer one for the mistakes that people make most.
fn explained(kind: &ErrorKind) -> String {
    let text = match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            "a tab where only spaces may stand: YAML is indented by spaces"
        }
        ErrorKind::MappingValueNotAllowed => {
            "a `:` that cannot be here: check the indentation, or quote a text that contains `: `"
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "this does not continue the mapping that it is indented like: check the indentation"
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "this does not continue the list that it is indented like: a `-` is missing, or the indentation is wrong"
        }
        ErrorKind::SimpleKeyExpected => "a `:` is missing after this key",
        ErrorKind::UnclosedQuotedScalar => "a quoted text is never closed",
        ErrorKind::UnclosedFlowCollection { open } => {
            return format!("`{open}` is never closed");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{open}` is closed by `{close}`");
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!(
                "a plain text cannot begin with `{}`: put it in quotes",
                character.escape_debug()
            );
        }
        other => return other.to_string(),
    };
    text.to_owned()
}
