//! The audit loop of `l7guard serve` behind a real API server: what exists is found, shown, and gone when it is mended.
//!
//! All trials share one control plane and run one after the other. They are of Ingresses that no webhook was asked about. The
//! guard has the rights that the chart gives it: a request that is forbidden fails the trial.

mod crds;
mod guard;
mod stage;
mod trials;
mod writers;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use control_plane::{Binaries, Error};
use libtest_mimic::{Arguments, Trial};

use crate::stage::Stage;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let stage = Arc::new(OnceLock::new());
    let cases = trials::CASES.iter().chain(writers::CASES);
    let mut trials: Vec<Trial> = cases
        .map(|&(name, run)| {
            let stage: Arc<OnceLock<Stage>> = Arc::clone(&stage);
            Trial::test(name, move || match stage.get() {
                Some(stage) => run(stage).and_then(|()| stage.all_was_allowed()),
                None => Err("there is no control plane".into()),
            })
        })
        .collect();
    let runs = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    if !arguments.list && trials.iter().any(runs) {
        match Binaries::find_or_build(&mut io::stderr()) {
            Ok(binaries) => match Stage::prepare(&binaries) {
                Ok(ready) => drop(stage.set(ready)),
                Err(error) => return broken(error.message().unwrap_or_default()),
            },
            Err(error @ Error::GoMissing { .. })
                if std::env::var("CI").as_deref() != Ok("true") =>
            {
                say(&format!(
                    "SKIPPED, nothing was tested against a real API server: {error}"
                ));
                let ignored = trials
                    .into_iter()
                    .map(|trial| trial.with_ignored_flag(true));
                trials = ignored.collect();
            }
            Err(error) => return broken(&error.to_string()),
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(mut stage) = Arc::into_inner(stage).and_then(OnceLock::into_inner)
        && conclusion.has_failed()
    {
        stage.files.disable_cleanup(true);
        say(&format!(
            "logs are kept in {}",
            stage.files.path().display()
        ));
    }
    conclusion.exit_code()
}

fn broken(why: &str) -> ExitCode {
    say(why);
    ExitCode::FAILURE
}

fn say(what: &str) {
    let _ = writeln!(io::stderr(), "audit loop: {what}");
}
