//! `l7guard serve` as a process: real files, real TLS, real signals.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod certificates;
mod client;
mod clients;
mod decisions;
mod logs;
mod memory;
mod memory_limit;
mod operations;
mod process;
mod reloads;

use std::time::{Duration, Instant};

/// Looks until `look` finds something. Files are looked at every two seconds; the rest is for a busy machine.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "waited in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
