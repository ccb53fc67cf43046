//! What a document says, node by node, with the position of each: twelve bytes a node, no recursion.
//!
//! A `serde_json::Value` of a whole document would take up to a hundred times the document's size and keeps no
//! positions. The tree points into the source text instead; values are made of it one object at a time
//! (`value.rs`) and positions are looked up in it (`source_map.rs`).

use std::borrow::Cow;

use super::source::Source;

/// The `span` of a mapping or sequence that has not ended.
pub(crate) const STILL_OPEN: u32 = 0;

/// Index of a node. The root is 0; a node's children follow it in the order of the text.
pub(crate) type NodeId = u32;

/// The reading rules of a tree's scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// RFC 8259.
    Json,
    /// YAML as `kubectl` reads it.
    Yaml,
}

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) format: Format,
    pub(crate) nodes: Vec<Node>,
    /// Texts that do not stand in the source as they are (escapes, folded lines), one after the other.
    pub(crate) decoded: String,
    /// Where each of them ends.
    pub(crate) decoded_ends: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// Byte offset in the source.
    pub(crate) start: u32,
    /// Mapping, sequence: index after the last descendant. Alias: its target. Scalar: length in the source,
    /// or index among the decoded texts.
    pub(crate) span: u32,
    pub(crate) shape: Shape,
    /// Scalar: bytes between `start` and its text (1 for a quote).
    pub(crate) lead: u8,
    pub(crate) tag: Tag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Mapping,
    Sequence,
    Alias,
    Scalar { quoted: bool, decoded: bool },
}

/// The explicit tag of a scalar, as far as it decides how the scalar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
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
pub(crate) struct Scalar<'a> {
    /// Its text after escapes and folding.
    pub(crate) text: Cow<'a, str>,
    /// Whether it stood in quotes or in a block (`|`, `>`).
    pub(crate) quoted: bool,
    /// Its explicit tag.
    pub(crate) tag: Tag,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum View<'a> {
    /// Children alternate between key and value.
    Mapping,
    /// Children are the elements.
    Sequence,
    /// Anything else.
    Scalar(Scalar<'a>),
}

impl Tree {
    /// The rules by which its scalars are read.
    #[must_use]
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Byte offset of a node in the source.
    #[must_use]
    pub(crate) fn offset(&self, node: NodeId) -> usize {
        self.nodes[node as usize].start as usize
    }

    /// The index after a node's last descendant: where its next sibling is, if it has one.
    #[must_use]
    pub(crate) fn after(&self, node: NodeId) -> NodeId {
        let Node { span, shape, .. } = self.nodes[node as usize];
        match shape {
            Shape::Mapping | Shape::Sequence => span,
            Shape::Alias | Shape::Scalar { .. } => node + 1,
        }
    }

    /// The children of a mapping or sequence; none of others.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
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
    pub(crate) fn entries(&self, mapping: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mut children = self.children(mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The node itself, or what it refers to.
    #[must_use]
    pub(crate) fn target(&self, node: NodeId) -> NodeId {
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
    pub(crate) fn is_mapping(&self, node: NodeId) -> bool {
        self.nodes[node as usize].shape == Shape::Mapping
    }

    /// Whether the node (not what it refers to) is a sequence.
    #[must_use]
    pub(crate) fn is_sequence(&self, node: NodeId) -> bool {
        self.nodes[node as usize].shape == Shape::Sequence
    }

    /// What a node, or what it refers to, is. `source` is the one that the tree was made of.
    #[must_use]
    pub(crate) fn view<'a>(&'a self, source: &'a Source, node: NodeId) -> View<'a> {
        let Node {
            start,
            span,
            shape,
            lead,
            tag,
        } = self.nodes[self.target(node) as usize];
        let (quoted, text) = match shape {
            Shape::Mapping => return View::Mapping,
            // An alias never refers to an alias.
            Shape::Sequence | Shape::Alias => return View::Sequence,
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
