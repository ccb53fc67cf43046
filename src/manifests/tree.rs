//! What a document says, node by node, with the position of each: twelve bytes a node, no recursion.
//!
//! A `serde_json::Value` of a whole document would take up to a hundred times the document's size and keeps no
//! positions. The tree points into the source text instead; values are made of it one object at a time
//! (`value.rs`) and positions are looked up in it (`source_map.rs`).

use std::borrow::Cow;

use super::error::{Fault, ParseError};
use super::source::Source;

/// How deep mappings and sequences may be nested. `kubectl` stops at 10,000; real objects at about 60.
pub const MAX_DEPTH: usize = 1_000;

/// How many values a document may hold, which bounds the tree to 384 MiB.
pub const MAX_NODES: usize = 32 * 1024 * 1024;

/// The `span` of a mapping or sequence that has not ended.
const STILL_OPEN: u32 = 0;

/// Index of a node. The root is 0; a node's children follow it in the order of the text.
pub type NodeId = u32;

/// The reading rules of a tree's scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 8259.
    Json,
    /// YAML as `kubectl` reads it.
    Yaml,
}

/// A parsed document.
#[derive(Debug)]
pub struct Tree {
    format: Format,
    nodes: Vec<Node>,
    /// Texts that do not stand in the source as they are (escapes, folded lines), one after the other.
    decoded: String,
    /// Where each of them ends.
    decoded_ends: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Byte offset in the source.
    start: u32,
    /// Mapping, sequence: index after the last descendant. Alias: its target. Scalar: length in the source,
    /// or index among the decoded texts.
    span: u32,
    shape: Shape,
    /// Scalar: bytes between `start` and its text (1 for a quote).
    lead: u8,
    tag: Tag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Mapping,
    Sequence,
    Alias,
    Scalar { quoted: bool, decoded: bool },
}

/// The explicit tag of a scalar, as far as it decides how the scalar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// None.
    None,
    /// `!!str`
    Str,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`
    Merge,
    /// Any other: the scalar is a string.
    Other,
}

/// A scalar as it was written.
#[derive(Debug)]
pub struct Scalar<'a> {
    /// Its text after escapes and folding.
    pub text: Cow<'a, str>,
    /// Whether it stood in quotes or in a block (`|`, `>`).
    pub quoted: bool,
    /// Its explicit tag.
    pub tag: Tag,
}

/// A node to look at.
#[derive(Debug)]
pub enum View<'a> {
    /// Children alternate between key and value.
    Mapping,
    /// Children are the elements.
    Sequence,
    /// A reference to a node that stands before it and is no alias.
    Alias(NodeId),
    /// Anything else.
    Scalar(Scalar<'a>),
}

impl Tree {
    /// The rules by which its scalars are read.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many nodes there are, at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Byte offset of a node in the source.
    #[must_use]
    pub fn offset(&self, node: NodeId) -> usize {
        self.nodes[node as usize].start as usize
    }

    /// The index after a node's last descendant: where its next sibling is, if it has one.
    #[must_use]
    pub fn after(&self, node: NodeId) -> NodeId {
        let Node { span, shape, .. } = self.nodes[node as usize];
        match shape {
            Shape::Mapping | Shape::Sequence => span,
            Shape::Alias | Shape::Scalar { .. } => node + 1,
        }
    }

    /// The children of a mapping or sequence; none of others.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.after(node);
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.after(child);
                child
            })
        })
    }

    /// The keys of a mapping with their values.
    pub fn entries(&self, mapping: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mut children = self.children(mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The node itself, or what it refers to.
    #[must_use]
    pub fn target(&self, node: NodeId) -> NodeId {
        match self.nodes[node as usize] {
            Node {
                shape: Shape::Alias,
                span,
                ..
            } => span,
            _ => node,
        }
    }

    /// Whether the node (not what it refers to) is a mapping.
    #[must_use]
    pub fn is_mapping(&self, node: NodeId) -> bool {
        self.nodes[node as usize].shape == Shape::Mapping
    }

    /// Whether the node (not what it refers to) is a sequence.
    #[must_use]
    pub fn is_sequence(&self, node: NodeId) -> bool {
        self.nodes[node as usize].shape == Shape::Sequence
    }

    /// What a node is. `source` is the one that the tree was made of.
    #[must_use]
    pub fn view<'a>(&'a self, source: &'a Source, node: NodeId) -> View<'a> {
        let Node {
            start,
            span,
            shape,
            lead,
            tag,
        } = self.nodes[node as usize];
        let (quoted, text) = match shape {
            Shape::Mapping => return View::Mapping,
            Shape::Sequence => return View::Sequence,
            Shape::Alias => return View::Alias(span),
            Shape::Scalar { quoted, decoded } if decoded => (quoted, self.decoded_text(span)),
            Shape::Scalar { quoted, .. } => {
                let from = start as usize + usize::from(lead);
                let bytes = source.bytes().get(from..from + span as usize);
                let text = std::str::from_utf8(bytes.unwrap_or_default());
                (quoted, Cow::Borrowed(text.unwrap_or_default()))
            }
        };
        View::Scalar(Scalar { text, quoted, tag })
    }

    fn decoded_text(&self, index: u32) -> Cow<'_, str> {
        let index = index as usize;
        let from = index
            .checked_sub(1)
            .map_or(0, |before| self.decoded_ends[before] as usize);
        Cow::Borrowed(&self.decoded[from..self.decoded_ends[index] as usize])
    }
}

/// Grows a tree from the events of a parser.
#[derive(Debug)]
pub struct TreeBuilder {
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
    pub fn new(format: Format) -> Self {
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

    /// The container that the next node goes into, with the offset at which it begins.
    #[must_use]
    pub fn innermost(&self) -> Option<(NodeId, usize)> {
        let open = self.open.last()?;
        Some((open.node, self.tree.offset(open.node)))
    }

    /// Whether the next node is a mapping's key.
    #[must_use]
    pub fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.key_next)
    }

    /// Whether the innermost open container is a mapping.
    #[must_use]
    pub fn in_mapping(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| self.tree.is_mapping(open.node))
    }

    /// Begins a mapping.
    ///
    /// # Errors
    /// When it is a key, nested too deep or one value too many.
    pub fn open_mapping(&mut self, start: usize) -> Result<NodeId, ParseError> {
        self.open(start, Shape::Mapping)
    }

    /// Begins a sequence.
    ///
    /// # Errors
    /// When it is a key, nested too deep or one value too many.
    pub fn open_sequence(&mut self, start: usize) -> Result<NodeId, ParseError> {
        self.open(start, Shape::Sequence)
    }

    /// Ends the innermost mapping or sequence.
    pub fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.tree.nodes[open.node as usize].span = self.next_id();
        }
    }

    /// Adds a scalar whose text stands in the source as it is, `lead` bytes after `start`.
    ///
    /// # Errors
    /// When it is one value too many.
    pub fn scalar(
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
    pub fn decoded_scalar(
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
    pub fn alias(&mut self, start: usize, target: NodeId) -> Result<NodeId, ParseError> {
        let Node { shape, span, .. } = self.tree.nodes[target as usize];
        if let Shape::Mapping | Shape::Sequence = shape {
            if span == STILL_OPEN {
                return Err(ParseError::new(start, Fault::SelfReference));
            }
            if self.expects_key() {
                return Err(ParseError::new(start, Fault::KeyIsNoScalar));
            }
        }
        self.push(start, target, Shape::Alias, 0, Tag::None)
    }

    /// The tree, once everything is closed; `None` when nothing was added.
    #[must_use]
    pub fn finish(mut self) -> Option<Tree> {
        while !self.open.is_empty() {
            self.close();
        }
        (!self.tree.nodes.is_empty()).then_some(self.tree)
    }

    fn open(&mut self, start: usize, shape: Shape) -> Result<NodeId, ParseError> {
        if self.expects_key() {
            return Err(ParseError::new(start, Fault::KeyIsNoScalar));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(ParseError::new(start, Fault::TooDeep));
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
            return Err(ParseError::new(start, Fault::TooManyNodes));
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
