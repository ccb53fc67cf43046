//! A source to everything in it: the way in.

use std::sync::Arc;

use super::item::{Item, LoadError, Note};
use super::object::RawObject;
use super::reader::Reader;
use super::yaml::Source;

/// Everything in a source, in the order in which it stands there.
#[derive(Debug)]
pub struct Loaded {
    /// The source, for quoting lines of it.
    pub source: Arc<Source>,
    /// Its objects.
    pub objects: Vec<RawObject>,
    /// What was skipped or may surprise.
    pub notes: Vec<Note>,
    /// What could not be read.
    pub errors: Vec<LoadError>,
}

/// Reads all of a source. Its objects take many times its size; to judge a large one use [`Reader`] and keep of each
/// object only what is needed.
pub fn load(source_name: impl Into<String>, bytes: Vec<u8>) -> Loaded {
    let source = Arc::new(Source::new(source_name, bytes));
    let mut loaded = Loaded {
        source: Arc::clone(&source),
        objects: Vec::new(),
        notes: Vec::new(),
        errors: Vec::new(),
    };
    for item in Reader::new(source) {
        match item {
            Item::Object(object) => loaded.objects.push(*object),
            Item::Note(note) => loaded.notes.push(note),
            Item::Error(error) => loaded.errors.push(error),
        }
    }
    loaded
}
