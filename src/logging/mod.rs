//! The log: lines of fields on standard error, by a writer that never stops whoever logs.

mod fields;
mod json_lines;
mod line;
pub(crate) mod metrics;
mod queue;

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::time::Duration;

use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::failure::in_words;
use crate::metrics::Registry;
use crate::visible_text;
use fields::VisibleFields;
use json_lines::{JsonLines, JsonMembers};
use queue::LogQueue;

/// How long the end of the program waits for lines to be written. A reader that has stopped reading cannot hold it longer.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The log of this process. It has to be kept, and [ended](Log::end), for the last lines to be written.
pub(crate) struct Log {
    queue: LogQueue,
    format: LogFormat,
}

/// Begins to log. The environment variable `RUST_LOG` chooses levels; without it that is `info`. Panics are logged as well.
///
/// # Errors
/// When standard error cannot be duplicated or no thread can be had to write to it.
pub(crate) fn start(format: LogFormat, metrics: &Registry) -> io::Result<Log> {
    let queue = LogQueue::to_standard_error(format, metrics)?;
    let (filter, problem) = filter();
    let lines = queue.clone();
    let log = tracing_subscriber::fmt()
        .with_writer(move || lines.clone())
        // Otherwise a failed write is told by eprintln!, which panics where standard error is gone.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter);
    match format {
        LogFormat::Text => log.compact().fmt_fields(VisibleFields).init(),
        LogFormat::Json => log.fmt_fields(JsonMembers).event_format(JsonLines).init(),
    }
    panic::set_hook(Box::new(log_panic));
    if let Some(problem) = problem {
        tracing::warn!(%problem, "RUST_LOG is invalid: logging at level info");
    }
    Ok(Log { queue, format })
}

/// Everything from `info` on that this process logs, written to `lines` as people read it. For tests, once a process.
#[cfg(test)]
pub(crate) fn for_tests<W: io::Write + Send + Sync + Clone + 'static>(lines: &W) {
    let lines = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_writer(move || lines.clone())
        .with_ansi(false);
    log.compact().fmt_fields(VisibleFields).init();
}

impl Log {
    /// Logs why the program ends, whatever `RUST_LOG` says.
    pub(crate) fn failure(&self, error: &anyhow::Error) {
        let line = match self.format {
            // As every other command says it.
            LogFormat::Text => format!("error: {}\n", in_words(error)),
            LogFormat::Json => {
                let mut now = String::new();
                // Writing to a string cannot fail.
                let _ = SystemTime.format_time(&mut Writer::new(&mut now));
                let line = json!({
                    "timestamp": now,
                    "level": "ERROR",
                    "message": "l7guard ends",
                    "error": format!("{error:#}"),
                });
                format!("{}\n", visible_text::json(&line.to_string()))
            }
        };
        self.queue.push(line.as_bytes());
    }

    /// Waits for the last lines to be written, but not for long.
    pub(crate) fn end(self) {
        self.queue.flush(LAST_LINES);
    }
}

/// What is logged, and why `RUST_LOG` cannot say it.
fn filter() -> (EnvFilter, Option<ParseError>) {
    let levels = std::env::var(EnvFilter::DEFAULT_ENV);
    match levels.map(|levels| (EnvFilter::try_new(&levels), levels)) {
        Ok((Ok(filter), levels)) => (without_watcher(filter, &levels), None),
        Ok((Err(problem), _)) => (without_watcher(EnvFilter::new("info"), ""), Some(problem)),
        Err(_) => (without_watcher(EnvFilter::new("info"), ""), None),
    }
}

/// `kube_runtime` logs every failed attempt of a watch. l7guard says the same in its own words, once; the lines below are for
/// who asks for debugging, or for them by name.
fn without_watcher(filter: EnvFilter, levels: &str) -> EnvFilter {
    let is_debugging = filter.max_level_hint() >= Some(LevelFilter::DEBUG);
    if is_debugging || levels.contains(WATCHER) {
        return filter;
    }
    match format!("{WATCHER}=off").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

/// The crate with the watches.
const WATCHER: &str = "kube_runtime";

/// A panic is a line of the log. The standard hook writes past the log, and waits where nobody reads standard error.
fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    tracing::error!(
        location = location.as_deref(),
        reason = info.payload_as_str(),
        "panic"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_watches_are_for_debugging() {
        for (levels, is_shown) in [
            ("info", false),
            ("warn,l7guard=info", false),
            ("debug", true),
            ("l7guard=trace", true),
            ("info,kube_runtime=warn", true),
        ] {
            let filter = without_watcher(EnvFilter::new(levels), levels);
            let is_off = filter.to_string().contains("kube_runtime=off");
            assert_eq!(!is_off, is_shown, "{levels}: {filter}");
        }
    }
}
