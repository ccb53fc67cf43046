//! Lines of the log on their way to standard error.
//!
//! Whoever logs only appends to memory. A thread writes. So a reader that has gone away, a full disk, or a pipe that nobody
//! reads stops that thread and nothing else. What does not fit is dropped and counted.
//!
//! Why not `tracing-appender`: its queue is bounded in lines, not in bytes, its worker forgets write errors, and its guard
//! prints when the end takes too long.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::LogFormat;
use super::line::cut;
use super::metrics::{LogLoss, LogMetrics};
use crate::metrics::Registry;

/// How many bytes of lines may wait: 512 KiB. As many again may be on their way to the system.
const WAITING_LIMIT: usize = 512 * 1024;

/// How often lost lines are mentioned in the log itself, at most.
const LOSS_INTERVAL: Duration = Duration::from_mins(1);

/// Lines that wait to be written. Clones share them.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something waits.
    filled: Condvar,
    /// Nothing waits any more, and all that did is written or lost.
    emptied: Condvar,
    format: LogFormat,
    metrics: LogMetrics,
}

#[derive(Default)]
struct State {
    /// Whole lines, one after the other.
    waiting: Vec<u8>,
    is_writing: bool,
    /// Lines that were dropped or could not be written.
    lost: u64,
}

impl LogQueue {
    /// A queue to standard error.
    ///
    /// # Errors
    /// When standard error cannot be duplicated or no thread can be had.
    pub(super) fn to_standard_error(format: LogFormat, metrics: &Registry) -> io::Result<Self> {
        // A handle of its own: that of the standard library is locked while a write waits, and whoever else prints would wait too.
        let output = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        Self::to(output, format, metrics)
    }

    fn to(
        output: impl Write + Send + 'static,
        format: LogFormat,
        metrics: &Registry,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            format,
            metrics: LogMetrics::register(metrics),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write_for_ever(output))?;
        Ok(Self(shared))
    }

    /// Appends a line, which ends in a line feed. It is cut if it is too long, and dropped if too many wait already.
    pub(super) fn push(&self, line: &[u8]) {
        let line = cut(line, self.0.format);
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > WAITING_LIMIT {
            state.lost += 1;
            drop(state);
            self.0.metrics.lost(LogLoss::Full);
            return;
        }
        state.waiting.extend_from_slice(&line);
        drop(state);
        self.0.filled.notify_one();
    }

    /// Waits until everything is written, for as long as `limit`.
    pub(super) fn flush(&self, limit: Duration) {
        let state = self.0.state();
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let waited = self.0.emptied.wait_timeout_while(state, limit, is_busy);
        drop(waited);
    }
}

impl Write for LogQueue {
    /// A formatted event comes by one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change leaves the lines whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self, mut output: impl Write) {
        let mut lines = Vec::new();
        let mut told = (0, None);
        loop {
            self.take(&mut lines);
            let lost = self.write(&lines, &mut output);
            let mut state = self.state();
            state.lost += lost;
            state.is_writing = false;
            let lost_in_all = state.lost;
            if state.waiting.is_empty() {
                self.emptied.notify_all();
            }
            drop(state);
            // Only where lines arrive again, and seldom: what could not be written would only be lost once more.
            if lost == 0 {
                tell_loss(lost_in_all, &mut told);
            }
        }
    }

    /// Waits for lines and takes them all. The memory of `lines` is used again.
    fn take(&self, lines: &mut Vec<u8>) {
        lines.clear();
        let state = self.state();
        let waited = self
            .filled
            .wait_while(state, |state| state.waiting.is_empty());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, lines);
        state.is_writing = true;
    }

    /// Writes lines one by one, so that one that fails loses no other. Returns how many were lost.
    fn write(&self, lines: &[u8], output: &mut impl Write) -> u64 {
        let mut lost = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if output.write_all(line).is_err() {
                lost += 1;
                self.metrics.lost(LogLoss::WriteError);
            }
        }
        lost
    }
}

/// Says how many lines were lost since that was last said.
fn tell_loss(lost: u64, told: &mut (u64, Option<Instant>)) {
    let (before, when) = *told;
    if lost > before && when.is_none_or(|when| when.elapsed() >= LOSS_INTERVAL) {
        *told = (lost, Some(Instant::now()));
        tracing::warn!(
            lines = lost - before,
            "log lines were lost: standard error was full, closed or not read"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes as many bytes as it is let, each write after the other, and fails where it is told to.
    struct Slow {
        turns: mpsc::Receiver<io::Result<()>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.turns.recv().unwrap_or(Ok(()))?;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Scene {
        queue: LogQueue,
        turns: mpsc::Sender<io::Result<()>>,
        written: Arc<Mutex<Vec<u8>>>,
        metrics: Registry,
    }

    fn scene() -> Scene {
        let (turns, waiting) = mpsc::channel();
        let written = Arc::default();
        let metrics = Registry::new();
        let output = Slow {
            turns: waiting,
            written: Arc::clone(&written),
        };
        let queue = LogQueue::to(output, LogFormat::Text, &metrics).unwrap();
        Scene {
            queue,
            turns,
            written,
            metrics,
        }
    }

    impl Scene {
        fn lost(&self, reason: &str) -> u64 {
            let start = format!("l7guard_log_lines_dropped_total{{reason=\"{reason}\"}} ");
            let text = self.metrics.encode().unwrap();
            let value = text.lines().find_map(|line| line.strip_prefix(&start));
            value.map_or(0, |value| value.parse().unwrap())
        }
    }

    #[test]
    fn whoever_logs_never_waits_and_what_does_not_fit_is_dropped_and_counted() {
        let scene = scene();
        let line = [[b'x'; 1023].as_slice(), b"\n"].concat();
        // At most this many wait, and as many again are with the writer, whose first write is never answered.
        let most = WAITING_LIMIT / line.len();
        for _ in 0..3 * most {
            scene.queue.push(&line);
        }
        let dropped = scene.lost("full");
        assert!((most as u64..=2 * most as u64).contains(&dropped));
        scene.queue.flush(Duration::ZERO);
        drop(scene.turns);
        scene.queue.flush(Duration::MAX);
        let written = scene.written.lock().unwrap().len() / line.len();
        assert_eq!(written as u64 + dropped, 3 * most as u64);
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_loses_no_other() {
        let scene = scene();
        scene.turns.send(Ok(())).unwrap();
        let no_space = io::ErrorKind::StorageFull.into();
        scene.turns.send(Err(no_space)).unwrap();
        drop(scene.turns.clone());
        for line in [b"one\n", b"two\n"] {
            scene.queue.push(line);
        }
        scene.queue.push(b"three\n");
        let Scene {
            queue,
            turns,
            written,
            metrics,
        } = scene;
        drop(turns);
        queue.flush(Duration::MAX);
        assert_eq!(*written.lock().unwrap(), b"one\nthree\n");
        assert!(
            metrics
                .encode()
                .unwrap()
                .contains("reason=\"write_error\"} 1")
        );
    }
}
