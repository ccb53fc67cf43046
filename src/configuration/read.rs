//! A source to a configuration: exactly one document, of the kind and version that this program knows.

use std::sync::Arc;

use l7guard_manifests::yaml::{Content, Place, Source, Stream, Unreadable};
use l7guard_policy::configuration::{Configuration, Date};
use serde_json::Value;

use super::audit::AuditSettings;
use super::convert::{Converted, convert};
use super::enums::{API_VERSION, KIND};
use super::field::Field;
use super::pointer::Pointer;
use super::problem::{Problem, Problems, Severity};

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Reading {
    /// What was read, for quoting lines of it.
    pub source: Arc<Source>,
    /// The configuration; `None` when there is an error. What has expired is in it: the policy passes it over.
    pub configuration: Option<Configuration>,
    /// What the audit loop of `serve` does; the default when there is an error.
    pub audit: AuditSettings,
    /// What is wrong, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// Reads a configuration from `bytes`, which messages call `name`, on this day (UTC). All that is wrong is told at
/// once.
#[must_use]
pub fn read(name: impl Into<String>, bytes: Vec<u8>, today: Date) -> Reading {
    let source = Arc::new(Source::new(name, bytes));
    let Documents {
        first,
        notes,
        mut problems,
    } = Documents::of(&source);
    let is_configuration = first.is_some();
    problems.extend(notes.into_iter().map(|note| note.problem(is_configuration)));
    let converted = match first {
        Some(content) => document(content, today, &mut problems),
        None if problems.is_empty() => {
            let message = format!(
                "nothing stands here; a configuration begins with {}",
                head()
            );
            problems.push(error(Place { line: 1, column: 1 }, message));
            None
        }
        None => None,
    };
    problems.sort_by_key(|problem| problem.place);
    let is_usable = problems
        .iter()
        .all(|problem| problem.severity != Severity::Error);
    let converted = converted.filter(|_| is_usable);
    let audit = converted.as_ref().map(|converted| converted.audit);
    Reading {
        source,
        audit: audit.unwrap_or_default(),
        configuration: converted.map(|converted| converted.policy),
        problems,
    }
}

/// What a source holds.
#[derive(Default)]
struct Documents {
    /// The first document that has an `apiVersion` and a `kind`.
    first: Option<Content>,
    notes: Vec<Note>,
    /// What cannot be read, and further documents.
    problems: Vec<Problem>,
}

/// What is only worth a remark in a manifest is wrong in a configuration.
struct Note {
    place: Place,
    message: String,
}

impl Documents {
    fn of(source: &Arc<Source>) -> Self {
        let mut documents = Self::default();
        for parsed in Stream::new(Arc::clone(source)) {
            match parsed {
                Ok(document) => match document.read() {
                    Ok(content) => documents.add(content, source),
                    Err(failed) => documents.fail(source.place(failed.offset), failed.to_string()),
                },
                Err(Unreadable {
                    error,
                    template: None,
                    ..
                }) => documents.fail(source.place(error.offset), error.to_string()),
                Err(Unreadable {
                    error,
                    template: Some(braces),
                    ..
                }) => {
                    let line = source.place(error.offset).line;
                    documents.note(
                        source.place(braces),
                        format!("a template (`{{{{`), which has to be rendered first (as it stands, line {line}: {error})"),
                    );
                }
            }
        }
        documents
    }

    fn add(&mut self, content: Content, source: &Source) {
        let place = content.address.place();
        let has = |key: &str| match content.value.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        };
        for remark in &content.remarks {
            self.note(source.place(remark.offset), remark.message.clone());
        }
        match &content.value {
            Value::Null => {}
            Value::Object(_) if has("apiVersion") && has("kind") => {
                if self.first.is_some() {
                    self.fail(
                        place,
                        "a second document: a configuration is one document, so put all of it into that",
                    );
                } else {
                    self.first = Some(content);
                }
            }
            Value::Object(_) => self.note(place, "no `apiVersion` and `kind`"),
            Value::Array(_) => self.note(place, "a list, not a mapping"),
            _ => self.note(place, "a single value, not a mapping"),
        }
    }

    fn note(&mut self, place: Place, message: impl Into<String>) {
        let message = message.into();
        self.notes.push(Note { place, message });
    }

    fn fail(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(error(place, message.into()));
    }
}

impl Note {
    /// `is_configuration`: whether some document of the source is one.
    fn problem(self, is_configuration: bool) -> Problem {
        let message = if is_configuration {
            format!("{}. A configuration with that is refused", self.message)
        } else {
            format!(
                "no configuration, which begins with {}: {}",
                head(),
                self.message
            )
        };
        error(self.place, message)
    }
}

fn document(content: Content, today: Date, problems: &mut Vec<Problem>) -> Option<Converted> {
    let mut found = Problems::new(&content.address);
    let document = Field::from(content.value).take(&Pointer::default(), &mut found);
    let converted = document.and_then(|document| convert(document, today, &mut found));
    problems.extend(found.into_found());
    converted
}

fn error(place: Place, message: String) -> Problem {
    Problem {
        severity: Severity::Error,
        pointer: String::new(),
        place,
        message,
    }
}

fn head() -> String {
    format!("`apiVersion: {API_VERSION}` and `kind: {KIND}`")
}
