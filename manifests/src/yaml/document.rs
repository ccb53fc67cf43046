//! One document of a source: its value, and where each part of it stands.

use std::sync::Arc;

use serde_json::Value;

use super::address::{Address, DocumentId};
use super::alias_budget::AliasBudget;
use super::error::ParseError;
use super::lookup::Text;
use super::source::Source;
use super::tree::Tree;
use super::value::{Remark, convert};

/// A document that was parsed.
#[derive(Debug)]
pub struct Document {
    source: Arc<Source>,
    pub(crate) id: DocumentId,
    pub(crate) tree: Tree,
    /// What aliases in it may add.
    pub(crate) budget: AliasBudget,
    /// What is worth knowing of its text.
    pub(crate) remark: Option<Remark>,
}

/// What a document says.
#[derive(Debug)]
pub struct Content {
    /// All of it.
    pub value: Value,
    /// Where it stands.
    pub address: Address,
    /// What is worth knowing: keys that are given twice, characters that others read differently.
    pub remarks: Vec<Remark>,
}

impl Document {
    /// The document `id` of `source`, parsed to `tree`.
    #[must_use]
    pub(crate) fn new(
        source: Arc<Source>,
        id: DocumentId,
        tree: Tree,
        budget: AliasBudget,
        remark: Option<Remark>,
    ) -> Self {
        Self {
            source,
            id,
            tree,
            budget,
            remark,
        }
    }

    /// Where its value begins, as an offset in the source.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.tree.offset(0)
    }

    /// The source that it is in.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The document as a value, with aliases and merges put in.
    ///
    /// # Errors
    /// When something in it cannot be put into JSON, a merge is none, or it is beyond the bounds.
    pub fn read(mut self) -> Result<Content, ParseError> {
        let mut remarks: Vec<Remark> = self.remark.take().into_iter().collect();
        let text = Text {
            tree: &self.tree,
            source: &self.source,
        };
        let value = convert(text, 0, false, &mut self.budget, &mut remarks)?;
        let offset = self.offset();
        Ok(Content {
            value,
            address: Address::new(self.source, self.id, 0, offset, String::new()),
            remarks,
        })
    }
}
