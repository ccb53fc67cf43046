//! Manifests: text to raw Kubernetes objects with positions. Knows nothing of policy.
//!
//! ```text
//! files ──▶ bytes ──load──▶ documents ──json, yaml──▶ tree ──objects──▶ value ──▶ RawObject
//!                                                      └──source_map──▶ line and column of any part
//! ```
//!
//! [`files`], with [`pattern`] and [`kustomize`], is the only part that does I/O. Nothing else panics, recurses with the depth of the input or takes more
//! than linear time and memory, whatever the bytes are; what cannot be read is an error with its position and
//! hides nothing that stands before or after it.

mod address;
mod documents;
mod encoding;
mod error;
pub mod files;
mod json;
mod json_stream;
pub mod kustomize;
mod load;
mod lookup;
mod object;
mod objects;
mod padding;
pub mod pattern;
mod reader;
mod scalar;
mod source;
mod source_map;
mod tree;
mod tree_builder;
mod unrendered;
mod value;
mod yaml;

pub use address::{Address, Locator};
pub use load::{Item, LoadError, Loaded, Note, load};
pub use object::RawObject;
pub use reader::Reader;
pub use source::{MAX_BYTES, Place, Source};
pub use source_map::Location;

#[cfg(test)]
mod tests;
