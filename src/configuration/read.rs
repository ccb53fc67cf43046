//! A source to a configuration: exactly one document, of the kind and version that this program knows.

use std::sync::Arc;

use l7guard_policy::configuration::{Configuration, Date};

use super::convert::convert;
use super::enums::{API_VERSION, KIND};
use super::field::Field;
use super::pointer::Pointer;
use super::problem::{Problem, Problems, Severity};
use l7guard_manifests::{Loaded, Note, Place, RawObject, Source, load};

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Reading {
    /// What was read, for quoting lines of it.
    pub source: Arc<Source>,
    /// The configuration; `None` when there is an error. What has expired is in it: the policy passes it over.
    pub configuration: Option<Configuration>,
    /// What is wrong, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// Reads a configuration from `bytes`, which messages call `name`, on this day (UTC). All that is wrong is told at
/// once.
#[must_use]
pub fn read(name: impl Into<String>, bytes: Vec<u8>, today: Date) -> Reading {
    let Loaded {
        source,
        objects,
        notes,
        errors,
    } = load(name, bytes);
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        problems.push(at(error.line, error.column, error.message));
    }
    let mut objects = objects.into_iter();
    let first = objects.next();
    problems.extend(notes.iter().map(|note| noted(note, first.is_some())));
    let configuration = match first {
        Some(object) => document(object, today, &mut problems),
        None if problems.is_empty() => {
            problems.push(at(
                1,
                1,
                format!(
                    "nothing stands here; a configuration begins with {}",
                    head()
                ),
            ));
            None
        }
        None => None,
    };
    problems.extend(objects.map(|object| {
        let Place { line, column } = object.address.place();
        let message =
            "a second document: a configuration is one document, so put all of it into that";
        at(line, column, message.to_owned())
    }));
    problems.sort_by_key(|problem| problem.place);
    let is_usable = problems
        .iter()
        .all(|problem| problem.severity != Severity::Error);
    Reading {
        source,
        configuration: configuration.filter(|_| is_usable),
        problems,
    }
}

fn document(object: RawObject, today: Date, problems: &mut Vec<Problem>) -> Option<Configuration> {
    let mut found = Problems::new(&object.address);
    let document = Field::from(object.value).take(&Pointer::default(), &mut found);
    let configuration = document.and_then(|document| convert(document, today, &mut found));
    problems.extend(found.into_found());
    configuration
}

/// What is only worth a note in a manifest is wrong in a configuration.
fn noted(note: &Note, is_configuration: bool) -> Problem {
    let message = if is_configuration {
        format!("{}; in a configuration that is an error", note.message)
    } else {
        format!(
            "no configuration, which begins with {}; the reader of manifests says: {}",
            head(),
            note.message
        )
    };
    at(note.line, note.column, message)
}

fn at(line: usize, column: usize, message: String) -> Problem {
    Problem {
        severity: Severity::Error,
        pointer: String::new(),
        place: Place { line, column },
        message,
    }
}

fn head() -> String {
    format!("`apiVersion: {API_VERSION}` and `kind: {KIND}`")
}
