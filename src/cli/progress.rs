//! How far the reading of many files, or of a cluster, has come, on standard error, while it lasts.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::visible_text::one_line;

/// Fewer files are read before anybody wonders.
const FEWEST: usize = 1_000;

/// A line that shows how many objects of a cluster were read so far, and is gone when this is dropped. Only a terminal gets
/// one. How many there will be nobody knows before they are listed.
pub(super) struct Objects(Option<ProgressBar>);

impl Objects {
    /// Of this cluster; shown only if `is_wanted`.
    pub(super) fn of(cluster: &str, is_wanted: bool) -> Self {
        if !is_wanted || !understands() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("reading {msg}: {pos} objects");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(one_line(cluster).into_owned());
        Self(Some(bar))
    }

    /// So many more were read.
    pub(super) fn read(&self, more: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(more as u64);
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Whether standard error is a terminal that can show a line and take it away.
fn understands() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term != "dumb") && io::stderr().is_terminal()
}

/// A line that shows how many files were read and is gone when this is dropped. Only a terminal gets one.
pub(super) struct Progress {
    is_wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shown only if `is_wanted`.
    pub(super) fn new(is_wanted: bool) -> Self {
        Self {
            is_wanted: is_wanted && understands(),
            bar: None,
        }
    }

    /// So many of `count` files were read.
    pub(super) fn at(&mut self, read: usize, count: usize) {
        if !self.is_wanted || count < FEWEST {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr();
            let style = ProgressStyle::with_template("reading {pos} of {len} files");
            let bar = ProgressBar::with_draw_target(Some(count as u64), target);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_position(read as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
