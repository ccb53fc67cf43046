use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::visible_text::{deceptive_characters, is_deceptive};

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Logs by `log` as lines for people.
fn as_text(ansi: bool, log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(ansi)
        .fmt_fields(VisibleFields)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    lines.text()
}

/// Logs by `log` as JSON.
fn as_json(log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .json()
        .flatten_event(true)
        .map_event_format(VisibleJson)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    lines.text()
}

/// Every character that does not show.
fn hidden() -> String {
    deceptive_characters().collect()
}

fn every_way(value: &str) {
    let error = io::Error::other(value.to_owned());
    let cause: &(dyn Error + 'static) = &error;
    let _span = tracing::info_span!("span", value, shown = %value).entered();
    tracing::info!(text = value, shown = %value, debugged = ?value, cause, "{value}");
}

#[test]
fn no_value_begins_a_line_or_hides() {
    for ansi in [false, true] {
        let value = format!("x{}2026-01-01 INFO forged", hidden());
        let log = as_text(ansi, || every_way(&value));
        let line = log.strip_suffix('\n').unwrap();
        let line = line.replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
        let line = line.replace("\u{1b}[3m", "").replace("\u{1b}[32m", "");
        let line = line.replace("\u{1b}[1m", "");
        assert!(!line.contains(is_deceptive), "{line:?}");
        assert_eq!(line.matches("forged").count(), 7, "{line}");
    }
}

#[test]
fn names_are_coloured_where_lines_are() {
    let log = || tracing::info!(uid = 1, "judged");
    assert!(as_text(false, log).ends_with(" judged uid=1\n"));
    let coloured = as_text(true, log);
    assert!(
        coloured.ends_with(" judged \u{1b}[3muid\u{1b}[0m\u{1b}[2m=\u{1b}[0m1\n"),
        "{coloured:?}"
    );
}

#[test]
fn json_has_the_very_value_and_nothing_that_hides() {
    let log = as_json(|| every_way(&hidden()));
    let line = log.strip_suffix('\n').unwrap();
    assert!(!line.contains(is_deceptive), "{line:?}");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    for field in ["text", "shown", "message"] {
        assert_eq!(line[field], hidden(), "{field}");
    }
    assert_eq!(line["span"]["shown"], hidden());
}

#[test]
fn an_error_is_followed_by_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read")]
    struct Outer(#[source] io::Error);

    let error = Outer(io::Error::other("it is\na device"));
    let log = as_text(false, || {
        tracing::info!(error = &error as &(dyn Error + 'static), "failed");
    });
    assert!(
        log.ends_with(" failed error=cannot read: it is\\na device\n"),
        "{log}"
    );
}
