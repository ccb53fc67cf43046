//! How a line of the log writes its fields: no value can begin a line of its own, or hide.
//!
//! Values come from objects, requests and errors, and whoever logs one need not think of that: all of them go through
//! [`one_line`] here. Lines of JSON keep the exact value, as escapes.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::visible_text::{json, one_line};

/// The field that holds what an event says; its name is not written.
const MESSAGE: &str = "message";
/// Terminal escapes of the names of fields, as `tracing-subscriber` sets them, and of what ends them.
const ITALIC: &str = "\u{1b}[3m";
const DIMMED: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Fields of lines for people: `what happened name=value name=value`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VisibleFields;

impl<'writer> FormatFields<'writer> for VisibleFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line {
            writer,
            is_begun: false,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.result
    }
}

/// The fields of a line that have been written.
struct Line<'writer> {
    writer: Writer<'writer>,
    is_begun: bool,
    result: fmt::Result,
}

impl Line<'_> {
    fn write(&mut self, field: &Field, value: &str) -> fmt::Result {
        if self.is_begun {
            self.writer.write_char(' ')?;
        }
        self.is_begun = true;
        let name = field.name().trim_start_matches("r#");
        if name != MESSAGE {
            if self.writer.has_ansi_escapes() {
                write!(self.writer, "{ITALIC}{name}{PLAIN}{DIMMED}={PLAIN}")?;
            } else {
                write!(self.writer, "{name}=")?;
            }
        }
        self.writer.write_str(&one_line(value))
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // In quotes, so that what looks like a further field is seen to be a part of this one.
        if field.name() == MESSAGE {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.record_debug(field, &format_args!("{text}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.result.is_ok() {
            self.result = self.write(field, &format!("{value:?}"));
        }
    }
}

/// Lines of JSON in which characters that hide are escaped: what reads JSON gets the very text, and who reads the line sees
/// that there is something.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VisibleJson<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for VisibleJson<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&json(&line))
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
