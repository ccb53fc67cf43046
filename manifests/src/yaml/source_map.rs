//! Where in its source each part of a document stands.

use std::sync::Arc;

use jsonptr::{Pointer, Token, index::Index};

use super::alias_budget::AliasBudget;
use super::lookup::{Entry, Text};
use super::source::{Place, Source};
use super::tree::{NodeId, Tree};

/// Positions of everything in one document: twelve bytes a value, beside the source itself.
#[derive(Debug)]
pub(super) struct SourceMap {
    source: Arc<Source>,
    tree: Tree,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// Where the value begins. For `key:` with nothing behind it, somewhere between this key and the next.
    pub value: Place,
    /// Where the key of that value begins; `None` for an element of a list and for a whole document.
    pub key: Option<Place>,
    /// Whether this is what was asked for, and not its nearest ancestor that exists.
    pub exact: bool,
}

impl SourceMap {
    /// The positions in `tree`, which was made of `source`.
    #[must_use]
    pub(super) fn new(source: Arc<Source>, tree: Tree) -> Self {
        Self { source, tree }
    }

    /// The source that the positions are in.
    #[must_use]
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where the part of `node` stands that a JSON pointer (RFC 6901) names, or else its nearest ancestor that exists.
    /// Aliases and merges are followed, so the place may be in an anchored part before it.
    #[must_use]
    pub(super) fn locate(&self, node: NodeId, pointer: &str) -> Location {
        let mut at = (None, node);
        let parsed = Pointer::parse(pointer);
        let mut exact = parsed.is_ok();
        for token in parsed.unwrap_or(Pointer::root()).tokens() {
            if let Some(child) = self.child(at.1, &token) {
                at = child;
            } else {
                exact = false;
                break;
            }
        }
        let (key, value) = at;
        Location {
            value: self.place(value),
            key: key.map(|key| self.place(key)),
            exact,
        }
    }

    /// The key (if it has one) and the value that a pointer's token names in `node`.
    fn child(&self, node: NodeId, token: &Token<'_>) -> Option<(Option<NodeId>, NodeId)> {
        let node = self.tree.target(node);
        if self.tree.is_sequence(node) {
            let Ok(Index::Num(index)) = token.to_index() else {
                return None;
            };
            return Some((None, self.tree.children(node).nth(index)?));
        }
        let text = Text {
            tree: &self.tree,
            source: &self.source,
        };
        let mut budget = AliasBudget::of_source(0);
        let found = text.find(node, &token.decoded(), false, &mut budget);
        let Entry { key, value } = found.ok()??;
        Some((Some(key), value))
    }

    fn place(&self, node: NodeId) -> Place {
        self.source.place(self.tree.offset(node))
    }
}
