//! Keys of a mapping, found as `kubectl` finds them: of duplicates the last one, and `<<` merges in their place.

use super::error::{Fault, ParseError};
use super::scalar::{self, Meaning};
use super::source::Source;
use super::tree::{NodeId, Tag, Tree, View};

/// How many merged entries one search may look at, and how deep merges may be nested in it.
const MAX_MERGED_ENTRIES: usize = 10_000;
const MAX_MERGE_DEPTH: usize = 100;

/// A key with its value (which may be an alias).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key's node.
    pub(super) key: NodeId,
    /// The value's node.
    pub(super) value: NodeId,
}

/// A tree with the source that it was made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The tree.
    pub(super) tree: &'a Tree,
    /// Its source.
    pub(super) source: &'a Source,
}

impl<'a> Text<'a> {
    /// The entry that holds for `key` in `mapping`, `None` when there is none or `mapping` is no mapping.
    ///
    /// Keys that cannot be keys are passed over.
    ///
    /// # Errors
    /// When merges are nested beyond reason.
    pub(super) fn find(self, mapping: NodeId, key: &str) -> Result<Option<Entry>, ParseError> {
        let mut left = MAX_MERGED_ENTRIES;
        self.find_within(mapping, key, 0, &mut left)
    }

    fn find_within(
        self,
        mapping: NodeId,
        wanted: &str,
        depth: usize,
        left: &mut usize,
    ) -> Result<Option<Entry>, ParseError> {
        let mut found = None;
        if !self.tree.is_mapping(mapping) {
            return Ok(found);
        }
        for (key, value) in self.tree.entries(mapping) {
            if depth > 0 {
                if let Some(rest) = left.checked_sub(1).filter(|_| depth <= MAX_MERGE_DEPTH) {
                    *left = rest;
                } else {
                    let offset = self.tree.offset(mapping);
                    return Err(ParseError::new(offset, Fault::ExcessiveAliasing));
                }
            }
            if self.is_merge(key) {
                for merged in self.merged(value)?.into_iter().rev() {
                    found = self.find_within(merged, wanted, depth + 1, left)?.or(found);
                }
            } else if self.is_key(key, wanted) {
                found = Some(Entry { key, value });
            }
        }
        Ok(found)
    }

    /// Whether a key is the merge key: `<<`, neither quoted nor tagged as something else.
    #[must_use]
    pub(super) fn is_merge(self, key: NodeId) -> bool {
        match self.tree.view(self.source, key) {
            View::Scalar(scalar) if self.tree.target(key) == key => {
                scalar.text == "<<"
                    && (scalar.tag == Tag::Merge || (scalar.tag == Tag::None && !scalar.quoted))
            }
            _ => false,
        }
    }

    /// The mappings that the value of a merge key stands for; the first takes precedence.
    ///
    /// # Errors
    /// When it is anything else.
    pub(super) fn merged(self, value: NodeId) -> Result<Vec<NodeId>, ParseError> {
        let mapping = |node: NodeId| {
            let target = self.tree.target(node);
            if self.tree.is_mapping(target) {
                Ok(target)
            } else {
                Err(ParseError::new(
                    self.tree.offset(node),
                    Fault::MergeOfNoMapping,
                ))
            }
        };
        if self.tree.is_sequence(value) {
            self.tree.children(value).map(mapping).collect()
        } else {
            Ok(vec![mapping(value)?])
        }
    }

    /// A key's text.
    ///
    /// # Errors
    /// When the node cannot be a key.
    pub(super) fn key(self, key: NodeId) -> Result<String, ParseError> {
        self.meaning(key)
            .and_then(Meaning::into_key)
            .map_err(|fault| ParseError::new(self.tree.offset(key), fault))
    }

    /// What a scalar, or the scalar that an alias refers to, means.
    ///
    /// # Errors
    /// When it does not fit its tag, or is no scalar.
    pub(super) fn meaning(self, node: NodeId) -> Result<Meaning<'a>, Fault> {
        match self.tree.view(self.source, node) {
            View::Scalar(scalar) => scalar::read(self.tree.format(), scalar),
            _ => Err(Fault::KeyIsNoScalar),
        }
    }

    fn is_key(self, key: NodeId, wanted: &str) -> bool {
        match self.meaning(key) {
            Ok(Meaning::Text(text)) => text == wanted,
            Ok(other) => other.into_key().is_ok_and(|text| text == wanted),
            Err(_) => false,
        }
    }
}
