//! Trees, made of a parser's events.

use super::error::{ParseError, ParseErrorKind};
use super::limits::{MAX_DEPTH, MAX_NODES};
use super::tree::{Format, Node, NodeId, STILL_OPEN, Shape, Tag, Tree};

/// Grows a tree from the events of a parser.
#[derive(Debug)]
pub(super) struct TreeBuilder {
    tree: Tree,
    open: Vec<Open>,
}

/// A mapping or sequence that has not ended.
#[derive(Debug)]
struct Open {
    node: NodeId,
    /// Whether the next child is a mapping's key.
    key_next: bool,
}

impl TreeBuilder {
    /// An empty tree.
    #[must_use]
    pub(super) fn new(format: Format) -> Self {
        Self {
            tree: Tree {
                format,
                nodes: Vec::new(),
                decoded: String::new(),
                decoded_ends: Vec::new(),
            },
            open: Vec::new(),
        }
    }

    /// The offset at which the container begins that the next node goes into.
    #[must_use]
    pub(super) fn innermost(&self) -> Option<usize> {
        self.open.last().map(|open| self.tree.offset(open.node))
    }

    /// Whether the next node is a mapping's key.
    #[must_use]
    pub(super) fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.key_next)
    }

    /// Whether the innermost open container is a mapping.
    #[must_use]
    pub(super) fn in_mapping(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| self.tree.is_mapping(open.node))
    }

    /// Begins a mapping.
    ///
    /// # Errors
    /// When it is a key, nested too deep or one value too many.
    pub(super) fn open_mapping(&mut self, start: usize) -> Result<NodeId, ParseError> {
        self.open(start, Shape::Mapping)
    }

    /// Begins a sequence.
    ///
    /// # Errors
    /// When it is a key, nested too deep or one value too many.
    pub(super) fn open_sequence(&mut self, start: usize) -> Result<NodeId, ParseError> {
        self.open(start, Shape::Sequence)
    }

    /// Ends the innermost mapping or sequence.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.tree.nodes[open.node as usize].span = self.next_id();
        }
    }

    /// Adds a scalar whose text stands in the source as it is, `lead` bytes after `start`.
    ///
    /// # Errors
    /// When it is one value too many.
    pub(super) fn scalar(
        &mut self,
        start: usize,
        lead: u8,
        length: usize,
        quoted: bool,
        tag: Tag,
    ) -> Result<NodeId, ParseError> {
        let decoded = false;
        let shape = Shape::Scalar { quoted, decoded };
        self.push(start, to_u32(length), shape, lead, tag)
    }

    /// Adds a scalar whose text had to be decoded.
    ///
    /// # Errors
    /// When it is one value too many.
    pub(super) fn decoded_scalar(
        &mut self,
        start: usize,
        text: &str,
        quoted: bool,
        tag: Tag,
    ) -> Result<NodeId, ParseError> {
        let index = to_u32(self.tree.decoded_ends.len());
        self.tree.decoded.push_str(text);
        self.tree.decoded_ends.push(to_u32(self.tree.decoded.len()));
        let decoded = true;
        self.push(start, index, Shape::Scalar { quoted, decoded }, 0, tag)
    }

    /// Adds a reference to `target`.
    ///
    /// # Errors
    /// When the target has not ended (it would contain itself), when it is a mapping or sequence that is used
    /// as a key, or when it is one value too many.
    pub(super) fn alias(&mut self, start: usize, target: NodeId) -> Result<NodeId, ParseError> {
        let Node { shape, span, .. } = self.tree.nodes[target as usize];
        if let Shape::Mapping | Shape::Sequence = shape {
            if span == STILL_OPEN {
                return Err(ParseError::new(start, ParseErrorKind::SelfReference));
            }
            if self.expects_key() {
                return Err(ParseError::new(start, ParseErrorKind::KeyIsNoScalar));
            }
        }
        self.push(start, target, Shape::Alias, 0, Tag::None)
    }

    /// The tree, once everything is closed; `None` when nothing was added.
    #[must_use]
    pub(super) fn finish(mut self) -> Option<Tree> {
        while !self.open.is_empty() {
            self.close();
        }
        (!self.tree.nodes.is_empty()).then_some(self.tree)
    }

    fn open(&mut self, start: usize, shape: Shape) -> Result<NodeId, ParseError> {
        if self.expects_key() {
            return Err(ParseError::new(start, ParseErrorKind::KeyIsNoScalar));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(ParseError::new(start, ParseErrorKind::TooDeep));
        }
        let node = self.push(start, STILL_OPEN, shape, 0, Tag::None)?;
        let key_next = shape == Shape::Mapping;
        self.open.push(Open { node, key_next });
        Ok(node)
    }

    fn push(
        &mut self,
        start: usize,
        span: u32,
        shape: Shape,
        lead: u8,
        tag: Tag,
    ) -> Result<NodeId, ParseError> {
        if self.tree.nodes.len() >= MAX_NODES {
            return Err(ParseError::new(start, ParseErrorKind::TooManyNodes));
        }
        let node = self.next_id();
        let mapping = self.in_mapping();
        if let Some(open) = self.open.last_mut().filter(|_| mapping) {
            open.key_next = !open.key_next;
        }
        self.tree.nodes.push(Node {
            start: to_u32(start),
            span,
            shape,
            lead,
            tag,
        });
        Ok(node)
    }

    fn next_id(&self) -> NodeId {
        to_u32(self.tree.nodes.len())
    }
}

/// Offsets and lengths fit: a source is at most [`super::source::MAX_BYTES`] long, and what is decoded of it at
/// most half as long again (`\L`, two bytes, is U+2028, three bytes).
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
