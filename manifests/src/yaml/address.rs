//! Where an object stands in its source, and where the parts of it do.

use std::sync::Arc;

use super::error::ParseError;
use super::source::{Place, Source};
use super::source_map::{Location, SourceMap};
use super::tree::{Format, NodeId, Tree};
use super::{encoding, json, parser};

/// Where an object stands: cheap to keep for every object, while positions inside it are found by parsing its
/// document again.
#[derive(Debug, Clone)]
pub struct Address {
    source: Arc<Source>,
    document: DocumentId,
    node: NodeId,
    /// Byte offset of the object.
    offset: usize,
    pointer: Box<str>,
}

/// A document of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocumentId {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// How it was read.
    pub(super) format: Format,
}

impl Address {
    /// The object that begins at `node`, byte `offset`, in `document` of `source`; `pointer` leads there.
    #[must_use]
    pub(crate) fn new(
        source: Arc<Source>,
        document: DocumentId,
        node: NodeId,
        offset: usize,
        pointer: String,
    ) -> Self {
        Self {
            source,
            document,
            node,
            offset,
            pointer: pointer.into(),
        }
    }

    /// The source that it is in.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Its JSON pointer in that document: empty, or such as `/items/3`.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Where it begins.
    #[must_use]
    pub fn place(&self) -> Place {
        self.source.place(self.offset)
    }

    /// Where a part of the object stands, by a JSON pointer that begins at the object, or else its nearest ancestor
    /// that exists. Parses the document again: use a [`Locator`] for more than one.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Location {
        Locator::default().locate(self, pointer)
    }
}

/// Finds positions, keeping the document that was asked for last.
#[derive(Debug, Default)]
pub struct Locator {
    last: Option<(DocumentId, SourceMap)>,
}

impl Locator {
    /// What [`Address::locate`] says.
    pub fn locate(&mut self, address: &Address, pointer: &str) -> Location {
        let known = self.last.take().filter(|(document, map)| {
            *document == address.document && Arc::ptr_eq(map.source(), &address.source)
        });
        self.last = known.or_else(|| {
            let tree = address.document.parse(&address.source).ok()??;
            let map = SourceMap::new(Arc::clone(&address.source), tree);
            Some((address.document, map))
        });
        match &self.last {
            Some((_, map)) => map.locate(address.node, pointer),
            None => Location {
                value: address.place(),
                key: None,
                exact: pointer.is_empty(),
            },
        }
    }
}

impl DocumentId {
    /// Parses the document; `None` when it holds nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn parse(self, source: &Source) -> Result<Option<Tree>, ParseError> {
        let bytes = source.bytes().get(self.start..self.end).unwrap_or_default();
        match self.format {
            Format::Json => match json::parse(bytes, self.start) {
                Ok((tree, _)) => Ok(Some(tree)),
                Err(failure) => Err(failure.error),
            },
            Format::Yaml => parser::parse(encoding::utf8(bytes, self.start)?, self.start),
        }
    }
}
