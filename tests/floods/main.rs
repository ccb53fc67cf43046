//! Floods of connections, and what honest callers see of them.
//!
//! The short form runs with all tests: honest callers ask the webhook itself, as the API server does, while attackers hold
//! connections, send slowly or do not read. It asserts counts: no review lost, no wrong verdict, no probe unanswered.
//!
//! The long form measures with a real API server, `failurePolicy: Fail` and a bare server beside it, and prints a table:
//!
//! ```console
//! L7GUARD_FLOODS=long KUBEBUILDER_ASSETS=/path/to/binaries cargo test --release --test floods -- "review, then silence"
//! ```
//!
//! `L7GUARD_FLOOD_CLIENTS`, `L7GUARD_FLOOD_SECONDS`, `L7GUARD_FLOOD_TIMEOUTS` (comma-separated) choose a part of it; the words behind
//! `--` choose floods.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod attack;
mod attacker;
mod bare;
mod caller;
mod long;
mod memory;
mod operations;
mod reviews;
mod server;
mod short;
mod tls;
mod writer;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        // This program again, as another process.
        Some("attack") => return attacker::run(&words[2..]),
        Some("bare") => return bare::run(&words[2..]),
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    // They share a machine: one flood at a time.
    arguments.test_threads = Some(1);
    let is_long = std::env::var("L7GUARD_FLOODS").is_ok_and(|form| form == "long");
    if is_long {
        long::run(arguments.filter.as_deref());
        return ExitCode::SUCCESS;
    }
    let short = short::trials().into_iter();
    let others = operations::trials().into_iter().chain(memory::trials());
    let trials: Vec<Trial> = short.chain(others).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
