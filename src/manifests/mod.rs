//! Manifests: text to raw Kubernetes objects with positions. Knows nothing of policy.
//!
//! ```text
//! files ──▶ bytes ──load──▶ documents ──json, yaml──▶ tree ──objects──▶ value ──▶ RawObject
//!                                                      └──source_map──▶ line and column of any part
//! ```
//!
//! [`files`] is the only part that does I/O. Nothing else panics, recurses with the depth of the input or takes more
//! than linear time and memory, whatever the bytes are; what cannot be read is an error with its position and
//! hides nothing that stands before or after it.

mod address;
mod documents;
mod encoding;
mod error;
mod json;
mod load;
mod lookup;
mod object;
mod objects;
mod scalar;
mod source;
mod source_map;
mod tree;
mod value;
mod yaml;

pub use address::{Address, DocumentId, Locator};
pub use load::{Item, LoadError, Loaded, Note, Reader, load};
pub use object::RawObject;
pub use source::{MAX_BYTES, Place, Source};
pub use source_map::{Location, SourceMap};
pub use tree::Format;

/// Scratch: one document to a value.
#[doc(hidden)]
pub fn read_one(bytes: &[u8]) -> Result<serde_json::Value, String> {
    let source = Source::new("x", bytes.to_vec());
    let text = encoding::utf8(bytes, 0).map_err(|e| e.to_string())?;
    let tree = yaml::parse(text, 0).map_err(|e| format!("{}: {e}", e.offset))?;
    let Some(tree) = tree else { return Ok(serde_json::Value::Null) };
    let mut budget = value::AliasBudget::of(bytes.len());
    let mut remarks = Vec::new();
    value::convert(lookup::Text { tree: &tree, source: &source }, 0, false, &mut budget, &mut remarks).map_err(|e| format!("{}: {e}", e.offset))
}
