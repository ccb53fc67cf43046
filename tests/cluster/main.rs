//! l7guard and a real Kubernetes API server: what a user of `kubectl` sees, and what stands in the audit log.
//!
//! All trials share one control plane (etcd and kube-apiserver, see `tests/control-plane`), which calls the built
//! `l7guard serve` as in production: through a Service, over TLS and HTTP/1.1. They run one after the other, whatever
//! `--test-threads` says: each is quick, and what they write is easier to follow that way.
//!
//! Where the control plane's binaries cannot be had (no Go and no `$KUBEBUILDER_ASSETS`) every trial is ignored, loudly;
//! with `CI=true` that is a failure.

mod audit_log;
mod cert_manager;
mod come_again;
mod drain;
mod examples;
mod existing;
mod failure_policy;
mod going_away;
mod kubectl;
mod managed;
mod managed_certificates;
mod plugin;
mod preparation;
mod replicas;
mod scene;
mod serve;
mod webhook;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use crate::preparation::{Prepared, prepare};
use crate::scene::Scene;

/// A sentence of behaviour and what shows it.
type Case = (&'static str, fn(&Scene) -> Result<(), Failed>);

/// Where the trials find what they share. Empty until it has been prepared.
type Stage = Arc<OnceLock<Scene>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let stage = Stage::default();
    let mut trials: Vec<Trial> = cases().map(|case| trial(case, &stage)).collect();
    let mut is_broken = false;
    if anything_runs(&arguments, &trials) {
        match prepare() {
            Prepared::Scene(scene) => drop(stage.set(*scene)),
            Prepared::Skipped => trials = trials.into_iter().map(ignored).collect(),
            Prepared::Broken => is_broken = true,
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    stop(stage, &conclusion);
    if is_broken {
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn cases() -> impl Iterator<Item = Case> {
    [
        examples::CASES,
        existing::CASES,
        going_away::CASES,
        audit_log::CASES,
        failure_policy::CASES,
        drain::CASES,
        plugin::CASES,
        replicas::CASES,
        managed_certificates::CASES,
        cert_manager::CASES,
        come_again::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn trial((name, run): Case, stage: &Stage) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(name, move || match stage.get() {
        Some(scene) => run(scene),
        None => Err("there is no control plane: the reason stands above".into()),
    })
}

fn ignored(trial: Trial) -> Trial {
    trial.with_ignored_flag(true)
}

/// Whether these arguments make any trial run: a list or a filter that fits nothing is no reason to start anything.
fn anything_runs(arguments: &Arguments, trials: &[Trial]) -> bool {
    let runs = |trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    !arguments.list && trials.iter().any(runs)
}

/// Ends every process that was started, and keeps the logs if a trial failed.
fn stop(stage: Stage, conclusion: &Conclusion) {
    let Some(mut scene) = Arc::into_inner(stage).and_then(OnceLock::into_inner) else {
        return;
    };
    if conclusion.has_failed() {
        scene.keep_logs();
    }
}
