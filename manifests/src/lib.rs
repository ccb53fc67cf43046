//! Manifests: text to raw Kubernetes objects with positions. Knows nothing of policy.
//!
//! ```text
//! files, pattern, kustomize ──▶ bytes ──yaml──▶ documents ──reader, objects, non_objects──▶ RawObject
//! ```
//!
//! Two layers. [`yaml`] below turns text into values with the position of every field. What is above knows files, lists
//! of objects, and what Helm and kustomize own. Nothing below uses what is above; `docs/architecture.md` has the table
//! that a test holds.
//!
//! [`files`], with [`pattern`] and [`kustomize`], is the only part that does I/O. Nothing else panics, recurses with the
//! depth of the input or takes more than linear time and memory, whatever the bytes are; what cannot be read is an error
//! with its position and hides nothing that stands before or after it.

pub mod exclusion;
pub mod files;
mod foreign;
mod item;
pub mod kustomize;
mod load;
mod non_objects;
mod object;
mod object_error;
mod objects;
pub mod pattern;
mod reader;
pub mod yaml;

pub use item::{Item, LoadError, Note, NoteReason, Origin};
pub use load::{Loaded, load};
pub use object::RawObject;
pub use reader::Reader;
pub use yaml::{Address, Location, Locator, MAX_BYTES, Place, Source};

#[cfg(test)]
mod tests;
