//! What a reader comes upon: objects, notes, errors.

use super::object::RawObject;

/// Why there is a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteReason {
    /// Helm makes objects of it.
    Helm,
    /// kustomize makes objects of it.
    Kustomize,
    /// It is no object for another reason.
    NotAnObject,
    /// It was read, as `kubectl` reads it, and may have been meant otherwise.
    Ambiguous,
}

/// Something worth knowing that is no fault: a document that is no object, a key that is given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Why it is told.
    pub reason: NoteReason,
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

/// What a [`Reader`](super::Reader) comes upon.
#[derive(Debug)]
pub enum Item {
    /// An object.
    Object(Box<RawObject>),
    /// Something worth knowing.
    Note(Note),
    /// Something that could not be read.
    Error(LoadError),
}
