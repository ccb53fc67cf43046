//! The container image: what `images/pack` makes of binaries, and whether the program runs as it does in a container.
//!
//! `L7GUARD_IMAGE` names an image that `images/build` made, a path from the repository's root. Without it, or where the
//! user may not change root and mount, what has to run in it is skipped.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod container;
mod layout;
mod oci;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A trial's name, and what it does.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_impossible = !container::is_possible();
    let packed = layout::CASES.iter().copied().map(trial);
    let run = container::CASES.iter().copied().map(trial);
    let run = run.map(|trial| trial.with_ignored_flag(is_impossible));
    libtest_mimic::run(&arguments, packed.chain(run).collect()).exit_code()
}

fn trial((name, run): Case) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}
