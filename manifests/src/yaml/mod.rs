//! The lower layer: text to values with the position of every field, read as `kubectl` reads it. Knows nothing of
//! Kubernetes objects.
//!
//! ```text
//! bytes ──documents──▶ extents ──parser, json──▶ tree ──value, scalar──▶ serde_json::Value
//!           (stream, json_stream)                 └──source_map──▶ line and column of any part (address)
//! ```
//!
//! The syntax of YAML is left to `granit-parser`, escapes and numbers of JSON to `serde_json`. What stays by hand is what no
//! crate does: scalars and merges as go.yaml.in/yaml/v2 reads them (`kubectl`'s reader; YAML crates read YAML 1.2, or
//! another 1.1), the cut into documents of k8s.io/apimachinery, and a position for every node without a tree that takes
//! a hundred times the text.

mod address;
mod alias_budget;
mod document;
mod documents;
mod encoding;
mod error;
mod indent_repair;
mod json;
mod json_stream;
mod limits;
mod lookup;
mod parser;
mod scalar;
mod source;
mod source_map;
mod stream;
mod tree;
mod tree_builder;
mod value;

#[cfg(test)]
mod tests;

pub use address::{Address, Locator};
pub use document::{Content, Document};
pub use error::ParseError;
pub use source::{MAX_BYTES, Place, Source};
pub use source_map::Location;
pub use stream::{Stream, Unreadable};
pub use value::Remark;

pub(crate) use address::DocumentId;
pub(crate) use alias_budget::AliasBudget;
pub(crate) use error::ParseErrorKind;
pub(crate) use limits::MAX_DEPTH;
pub(crate) use lookup::{Entry, Text};
pub(crate) use scalar::Meaning;
pub(crate) use tree::{NodeId, Tree};
pub(crate) use value::convert;
