//! How far the reading of many files has come, on standard error, while it lasts.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Fewer files are read before anybody wonders.
const FEWEST: usize = 1_000;

/// A line that shows how many files were read and is gone when this is dropped. Only a terminal gets one.
pub(super) struct Progress {
    is_wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shown only if `is_wanted`.
    pub(super) fn new(is_wanted: bool) -> Self {
        let understands = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            is_wanted: is_wanted && understands && io::stderr().is_terminal(),
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
