//! Why a text cannot be read: in words for the person who wrote it.

use super::limits::{MAX_DEPTH, MAX_NODES, MAX_OBJECT_NODES};

/// What is wrong, with the byte of the source at which it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// Byte offset in the source.
    pub offset: usize,
    /// What is wrong.
    pub(crate) kind: ParseErrorKind,
}

impl ParseError {
    /// An error of this `kind` found at byte `offset` of the source.
    #[must_use]
    pub(super) fn new(offset: usize, kind: ParseErrorKind) -> Self {
        Self { offset, kind }
    }
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseErrorKind {
    /// A byte sequence that is not UTF-8.
    #[error("not UTF-8: save the file in that encoding")]
    NotUtf8,
    /// A byte order mark or a pattern of NUL bytes says UTF-16 or UTF-32.
    #[error("the text is UTF-16 or UTF-32: save it as UTF-8")]
    WideEncoding,
    /// More than [`super::source::MAX_BYTES`].
    #[error("larger than 512 MiB: split it")]
    TooLarge,
    /// U+0000.
    #[error("a NUL character: this is no text file, or a damaged one")]
    Nul,
    /// A character that YAML does not allow, written as it is.
    #[error(
        "the control character U+{0:04X} is not allowed here: write it as an escape in double quotes"
    )]
    ControlCharacter(u32),
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// More than [`MAX_NODES`].
    #[error("more than {MAX_NODES} values in one document: split it")]
    TooManyNodes,
    /// More than [`MAX_OBJECT_NODES`].
    #[error("more than {MAX_OBJECT_NODES} values in one object: no API server takes it")]
    ObjectTooLarge,
    /// More anchors than anybody writes.
    #[error("more than {0} anchors in one document")]
    TooManyAnchors(usize),
    /// What aliases stand for is out of proportion to the text.
    #[error(
        "the aliases (`*name`) of this document stand for far more than was written: expand them by hand"
    )]
    ExcessiveAliasing,
    /// `&a [*a]`
    #[error("this alias stands for a value that contains the alias itself")]
    SelfReference,
    /// `*name` without `&name`.
    #[error(
        "`*{0}` refers to an anchor `&{0}` that is not there; a text that begins with `*` has to be quoted"
    )]
    UnknownAnchor(String),
    /// A mapping or sequence as a key: what an unquoted `{{ … }}` is in YAML.
    #[error(
        "a mapping or list cannot be a key; if this is text, such as `{{{{ … }}}}`, put it in quotes"
    )]
    KeyIsNoScalar,
    /// `null: x` or `: x`.
    #[error("null cannot be a key; write \"null\" or the missing name")]
    KeyIsNull,
    /// A number between 2^63 and 2^64 as a key.
    #[error("a number above 9223372036854775807 cannot be a key: put it in quotes")]
    KeyIsTooLarge,
    /// `<<: 1`
    #[error("`<<` merges a mapping, or a list of mappings, and nothing else")]
    MergeOfNoMapping,
    /// `!!int x`
    #[error("`{text}` is no {tag}")]
    TagMismatch {
        /// The scalar, shortened.
        text: String,
        /// The tag's name, such as `!!int`.
        tag: &'static str,
    },
    /// `.inf`
    #[error("a number that is infinite or not a number cannot be sent to an API server")]
    NotFinite,
    /// A second document where the cut expects one.
    #[error("a second document begins here without a `---` line of its own")]
    SecondDocument,
    /// `a: "b` with `c"` in the first column of the next line, in more lines than are mended.
    #[error("a quoted text goes on in a line that is indented no more than its key: indent it")]
    QuotedTextIndent,
    /// What the YAML parser says.
    #[error("{0}")]
    Yaml(String),
    /// What the JSON parser says.
    #[error("invalid JSON: {0}")]
    Json(String),
}

impl ParseErrorKind {
    /// Whether an unrendered template (`{{ … }}`) may be the reason: not when a bound was hit or the bytes are no
    /// text.
    #[must_use]
    pub(super) fn may_be_template(&self) -> bool {
        matches!(
            self,
            Self::Yaml(_)
                | Self::Json(_)
                | Self::KeyIsNoScalar
                | Self::UnknownAnchor(_)
                | Self::SecondDocument
                | Self::QuotedTextIndent
        )
    }
}

/// The beginning of a text that may be long, to be shown on one line.
#[must_use]
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
