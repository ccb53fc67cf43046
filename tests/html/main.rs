//! The HTML report as a browser shows it: text and roles by the accessibility tree, no request, nothing of an object's text
//! as markup, usable on a phone, in the dark, on paper and without scripts.
//!
//! What needs Chromium is skipped where it is not installed (`L7GUARD_CHROMIUM` names another one). With
//! `L7GUARD_SCREENSHOTS=DIR` the trials of [`layout`] leave their pictures there.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod accessibility;
mod browser;
mod devtools;
mod hostile;
mod layout;
mod scripts;
mod structure;
mod worlds;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A trial's name, and what it does.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_missing = browser::program().is_none();
    let plain = structure::CASES.iter().copied().map(trial);
    let shown = [
        accessibility::CASES,
        hostile::CASES,
        layout::CASES,
        scripts::CASES,
    ];
    let shown = shown.into_iter().flatten().copied().map(trial);
    let shown = shown.map(|trial| trial.with_ignored_flag(is_missing));
    libtest_mimic::run(&arguments, plain.chain(shown).collect()).exit_code()
}

fn trial((name, run): Case) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}
