//! How much one document, and one value of it, may hold.

/// How deep mappings and sequences may be nested. `kubectl` stops at 10,000; real objects at about 60.
pub(crate) const MAX_DEPTH: usize = 1_000;

/// How many values a document may hold, which bounds the tree to 384 MiB.
pub(super) const MAX_NODES: usize = 32 * 1024 * 1024;

/// How many values one object may hold. An API server takes requests of at most 3 MiB, which is less; a `Value` of
/// a million values takes up to 350 MB.
pub(super) const MAX_OBJECT_NODES: usize = 1_000_000;
