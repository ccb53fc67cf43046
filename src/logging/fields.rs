//! How a line for people writes its fields: no value can begin a line of its own, or hide.
//!
//! Values come from objects, requests and errors, and whoever logs one need not think of that: all of them go through
//! [`one_line`] here. Lines of JSON are `json.rs`.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

use crate::visible_text::one_line;

/// The field that holds what an event says; its name is not written.
const MESSAGE: &str = "message";
/// The field that holds a record as people read it; its name is not written, and lines of JSON leave it out.
pub(super) const FACTS: &str = "facts";
/// The field that holds the same record as a JSON object, for lines of JSON; lines for people leave it out.
pub(super) const FACTS_JSON: &str = "facts.json";
/// How long the fields of most lines are.
const USUAL: usize = 256;
/// Terminal escapes of the names of fields, as `tracing-subscriber` sets them, and of what ends them.
const ITALIC: &str = "\u{1b}[3m";
const DIMMED: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Fields of lines for people: `what happened name=value name=value`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VisibleFields;

impl<'writer> FormatFields<'writer> for VisibleFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut line = Line {
            text: String::new(),
            value: String::new(),
            is_coloured: writer.has_ansi_escapes(),
        };
        fields.record(&mut line);
        writer.write_str(&line.text)
    }
}

/// The fields of a line that have been written. Every review has a span with fields, so memory is taken once for all of them.
struct Line {
    text: String,
    value: String,
    is_coloured: bool,
}

impl Line {
    /// Writes to a String cannot fail.
    fn write(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == FACTS_JSON {
            return;
        }
        if self.text.is_empty() {
            self.text.reserve(USUAL);
        } else {
            self.text.push(' ');
        }
        let name = field.name().trim_start_matches("r#");
        if name != MESSAGE && name != FACTS {
            let _ = if self.is_coloured {
                write!(self.text, "{ITALIC}{name}{PLAIN}{DIMMED}={PLAIN}")
            } else {
                write!(self.text, "{name}=")
            };
        }
        self.value.clear();
        let _ = write!(self.value, "{value:?}");
        self.text.push_str(&one_line(&self.value));
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        // In quotes, so that what looks like a further field is seen to be a part of this one.
        if field.name() == MESSAGE {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_debug(field, &format_args!("{}", with_causes(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, value);
    }
}

/// An error and what caused it.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
