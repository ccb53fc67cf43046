//! The container image: what `images/pack` makes of binaries, and whether the program runs as it does in a container.
//!
//! `L7GUARD_IMAGE` names an image that `images/build` made, a path from the repository's root. Without it, or where the
//! user may not change root and mount, what has to run in it is skipped. So is what needs qemu or cargo-cyclonedx.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod container;
mod emulated;
mod layout;
mod oci;
mod sbom;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A trial's name, and what it does.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let groups = [
        (layout::CASES, true),
        (container::CASES, container::is_possible()),
        (emulated::CASES, emulated::is_possible()),
        (sbom::CASES, sbom::is_possible()),
    ];
    let trials = groups.into_iter().flat_map(|(cases, is_possible)| {
        let trials = cases.iter().copied().map(trial);
        trials.map(move |trial| trial.with_ignored_flag(!is_possible))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial((name, run): Case) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}
