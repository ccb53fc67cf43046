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

pub mod files;
pub mod kustomize;
mod load;
mod non_objects;
mod object;
mod objects;
pub mod pattern;
mod reader;
mod yaml;

pub use load::{Item, LoadError, Loaded, Note, load};
pub use object::RawObject;
pub use reader::Reader;
pub use yaml::address::{Address, Locator};
pub use yaml::source::{MAX_BYTES, Place, Source};
pub use yaml::source_map::Location;

#[cfg(test)]
mod tests;
