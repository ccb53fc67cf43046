//! Why one object of a document cannot be read, where its document can.

use crate::yaml::{ParseError, ParseErrorKind};

/// What is wrong with an object, with the byte of the source at which it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub(crate) struct ObjectError {
    /// Byte offset in the source.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) kind: ObjectErrorKind,
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ObjectErrorKind {
    /// Its text cannot be put into a value.
    #[error(transparent)]
    Value(#[from] ParseErrorKind),
    /// `apiVersion: 1`
    #[error("`{0}` has to be a text")]
    TypeIsNoText(&'static str),
    /// `kind: List` with `items: {}`.
    #[error("`items` of a List has to be a list")]
    ItemsIsNoList,
    /// `kind: List` with `items: [1]`.
    #[error("an item of a list has to be an object")]
    ItemIsNoObject,
}

impl From<ParseError> for ObjectError {
    fn from(error: ParseError) -> Self {
        Self {
            offset: error.offset,
            kind: error.kind.into(),
        }
    }
}
