//! Text to values with the position of every field, read as `kubectl` reads it.

pub(crate) mod address;
pub(crate) mod documents;
pub(crate) mod encoding;
pub(crate) mod error;
mod indent_repair;
pub(crate) mod json;
pub(crate) mod json_stream;
pub(crate) mod lookup;
pub(crate) mod parser;
pub(crate) mod scalar;
pub(crate) mod source;
pub(crate) mod source_map;
pub(crate) mod tree;
mod tree_builder;
pub(crate) mod value;

#[cfg(test)]
mod tests;
