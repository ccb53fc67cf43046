//! What is said of inputs, in the JSON report.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::ReportedError;
use crate::report::notes::ReportedNote;

/// An input that could not be read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct JsonError<'a> {
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    line: Option<usize>,
    /// The column, from 1, in characters, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    column: Option<usize>,
    /// What is wrong, and what to do about it.
    message: &'a str,
}

/// A note on an input that was read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Note")]
pub(super) struct JsonNote<'a> {
    /// Why there is a note. More reasons may be added.
    #[schemars(extend("examples" = ["helm", "kustomize", "release", "notAnObject", "placeholder", "ambiguous", "copies", "conflict", "exclusion", "notCompared"]))]
    reason: &'static str,
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    line: Option<usize>,
    /// The column, from 1, in characters, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    column: Option<usize>,
    /// What was skipped, or how it was read.
    message: &'a str,
}

pub(super) fn error(error: &ReportedError) -> JsonError<'_> {
    JsonError {
        file: &error.file,
        line: error.line,
        column: error.column,
        message: &error.message,
    }
}

pub(super) fn note(note: &ReportedNote) -> JsonNote<'_> {
    JsonNote {
        reason: note.reason.as_str(),
        file: &note.input.file,
        line: note.input.line,
        column: note.input.column,
        message: &note.input.message,
    }
}
