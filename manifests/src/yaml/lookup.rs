//! Keys of a mapping, found as `kubectl` finds them: of duplicates the last one, and `<<` merges in their place.

use super::alias_budget::AliasBudget;
use super::error::{ParseError, ParseErrorKind};
use super::scalar::{self, Meaning};
use super::source::Source;
use super::tree::{NodeId, Tag, Tree, View};

/// How deep merges may be nested in what is searched.
const MAX_MERGE_DEPTH: usize = 100;

/// A key with its value (which may be an alias).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key's node.
    pub(crate) key: NodeId,
    /// The value's node.
    pub(crate) value: NodeId,
}

/// A tree with the source that it was made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The tree.
    pub(crate) tree: &'a Tree,
    /// Its source.
    pub(crate) source: &'a Source,
}

impl<'a> Text<'a> {
    /// The entry that holds for `key` in `mapping`, `None` when there is none or `mapping` is no mapping.
    ///
    /// Keys that cannot be keys are passed over. What is looked at by way of an alias (all of `mapping`, when it is
    /// `aliased`) is taken from `budget`.
    ///
    /// # Errors
    /// When a merge is none, when merges are nested beyond reason, or when the budget is used up.
    pub(crate) fn find(
        self,
        mapping: NodeId,
        key: &str,
        aliased: bool,
        budget: &mut AliasBudget,
    ) -> Result<Option<Entry>, ParseError> {
        let mut search = Search {
            text: self,
            key,
            budget,
        };
        search.within(mapping, aliased, MAX_MERGE_DEPTH)
    }

    /// Whether a key is the merge key: `<<`, neither quoted nor tagged as something else.
    #[must_use]
    pub(crate) fn is_merge(self, key: NodeId) -> bool {
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
    pub(crate) fn merged(self, value: NodeId) -> Result<Vec<NodeId>, ParseError> {
        let mapping = |node: NodeId| {
            let target = self.tree.target(node);
            if self.tree.is_mapping(target) {
                Ok(target)
            } else {
                Err(ParseError::new(
                    self.tree.offset(node),
                    ParseErrorKind::MergeOfNoMapping,
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
    pub(crate) fn key(self, key: NodeId) -> Result<String, ParseError> {
        self.meaning(key)
            .and_then(Meaning::into_key)
            .map_err(|kind| ParseError::new(self.tree.offset(key), kind))
    }

    /// What a scalar, or the scalar that an alias refers to, means.
    ///
    /// # Errors
    /// When it does not fit its tag, or is no scalar.
    pub(crate) fn meaning(self, node: NodeId) -> Result<Meaning<'a>, ParseErrorKind> {
        match self.tree.view(self.source, node) {
            View::Scalar(scalar) => scalar::read(self.tree.format(), scalar),
            _ => Err(ParseErrorKind::KeyIsNoScalar),
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

struct Search<'a, 'b> {
    text: Text<'a>,
    key: &'b str,
    budget: &'b mut AliasBudget,
}

impl Search<'_, '_> {
    fn within(
        &mut self,
        mapping: NodeId,
        aliased: bool,
        depth: usize,
    ) -> Result<Option<Entry>, ParseError> {
        let tree = self.text.tree;
        let excessive = || ParseError::new(tree.offset(mapping), ParseErrorKind::ExcessiveAliasing);
        let depth = depth.checked_sub(1).ok_or_else(excessive)?;
        let mut found = None;
        if !tree.is_mapping(mapping) {
            return Ok(found);
        }
        for (key, value) in tree.entries(mapping) {
            if aliased && !self.budget.spend(0) {
                return Err(excessive());
            }
            if self.text.is_merge(key) {
                for merged in self.text.merged(value)?.into_iter().rev() {
                    if !self.budget.spend(0) {
                        return Err(excessive());
                    }
                    found = self.within(merged, true, depth)?.or(found);
                }
            } else if self.text.is_key(key, self.key) {
                found = Some(Entry { key, value });
            }
        }
        Ok(found)
    }
}
