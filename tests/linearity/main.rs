//! Time is linear: four times as much of anything that a sender can write costs at most six times as much.
//!
//! A *dimension* is one thing of which an object, or the world around it, may hold many ([`own`], [`workloads`], [`others`]). Each is
//! reviewed at one size and at four times that size, on the webhook's own way from bytes to bytes ([`scene`]), and
//! compared by what no busy machine disturbs ([`cost`]): steps of the policy's budget, allocations, allocated bytes and,
//! where `valgrind` is installed, instructions ([`instructions`]). What `check` makes of files with many findings is compared by
//! allocations ([`remedies`]). A factor of six leaves room for sorting, and none for a
//! loop within a loop.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a scene that cannot be read is a broken test, and without valgrind it has to say so"
)]

mod cost;
mod instructions;
mod largest;
mod others;
mod own;
mod remedies;
mod scene;
mod workloads;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use scene::Scene;

/// Something of which there may be many.
#[derive(Clone, Copy)]
struct Dimension {
    name: &'static str,
    /// A review in a world, with so many of it.
    scene: fn(usize) -> Scene,
}

/// By how much a dimension is multiplied.
const FACTOR: usize = 4;
/// By how much its cost may grow then.
const ALLOWED: u64 = 6;

fn dimensions() -> Vec<Dimension> {
    [
        own::dimensions(),
        workloads::dimensions(),
        others::dimensions(),
    ]
    .concat()
}

fn main() -> ExitCode {
    if instructions::is_child() {
        instructions::run(&dimensions());
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = dimensions().into_iter().map(cost::trial).collect();
    trials.extend(remedies::trials());
    trials.push(largest::trial());
    trials.push(instructions::trial(dimensions()));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Compares a cost at two sizes.
fn compare(name: &str, what: &str, small: u64, large: u64) -> Result<(), Failed> {
    if large <= small.saturating_mul(ALLOWED) {
        return Ok(());
    }
    Err(format!("{name}: {FACTOR} times as many take {what} {small} -> {large}").into())
}
