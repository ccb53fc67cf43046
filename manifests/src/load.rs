//! A source to everything in it: the way in.

use std::sync::Arc;

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

/// Something worth knowing that is no fault: a document that is no object, a key that is given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// In words, without the position.
    pub message: String,
}

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The source as a whole: nothing of it was read.
    Source,
    /// One document of it, with all objects in it.
    Document,
    /// One object, or one list of objects.
    Object,
}

/// Something of a source that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct LoadError {
    /// What could not be read.
    pub origin: Origin,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// In words, without the position.
    pub message: String,
}

/// What a [`Reader`] comes upon.
#[derive(Debug)]
pub enum Item {
    /// An object.
    Object(Box<RawObject>),
    /// Something worth knowing.
    Note(Note),
    /// Something that could not be read.
    Error(LoadError),
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
