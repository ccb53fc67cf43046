//! `l7guard doctor` against a real Kubernetes API server: an installation in good order, of which each trial breaks one
//! thing.
//!
//! All trials share one control plane (`tests/control-plane`) and two `l7guard serve` that watch it. There is no kubelet: the
//! one here (`kubelet.rs`) only forwards ports, the way a real one does, to where the replicas listen.
//!
//! Where the control plane's binaries cannot be had every trial is ignored, loudly; with `CI=true` that is a failure.

mod callers;
mod controllers;
mod diagnosis;
mod kubelet;
mod objects;
mod pki;
mod reach;
mod replica;
mod replicas;
mod runbook;
mod stage;
mod webhook;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use control_plane::{Binaries, Error};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::stage::Stage;

/// A sentence of behaviour and what shows it.
type Case = (&'static str, fn(&Stage) -> Result<(), Failed>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each trial breaks the one installation and mends it again.
    arguments.test_threads = Some(1);
    let stage = Arc::new(OnceLock::new());
    let mut trials: Vec<Trial> = cases().map(|case| trial(case, &stage)).collect();
    let runs = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    if !arguments.list && trials.iter().any(runs) {
        match prepare() {
            Ok(Some(ready)) => drop(stage.set(ready)),
            Ok(None) => {
                trials = trials
                    .into_iter()
                    .map(|trial| trial.with_ignored_flag(true))
                    .collect();
            }
            Err(error) => {
                say(error.message().unwrap_or("no reason given"));
                return ExitCode::FAILURE;
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn cases() -> impl Iterator<Item = Case> {
    let all = [
        webhook::CASES,
        reach::CASES,
        replicas::CASES,
        controllers::CASES,
        callers::CASES,
        runbook::CASES,
    ];
    all.into_iter().flatten().copied()
}

fn trial((name, run): Case, stage: &Arc<OnceLock<Stage>>) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(name, move || match stage.get() {
        Some(stage) => run(stage),
        None => Err("there is no control plane: the reason stands above".into()),
    })
}

/// The stage; `None`: nothing can run here, which has been said.
fn prepare() -> Result<Option<Stage>, Failed> {
    match Binaries::find_or_build(&mut io::stderr()) {
        Ok(binaries) => Stage::start(&binaries).map(Some),
        Err(error @ Error::GoMissing { .. })
            if std::env::var_os("CI").is_none_or(|ci| ci != "true") =>
        {
            say(&format!(
                "SKIPPED: nothing was tested against a real API server: {error}"
            ));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn say(what: &str) {
    let _ = writeln!(io::stderr(), "doctor tests: {what}");
}
