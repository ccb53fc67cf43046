//! The Helm chart: what it renders, and what becomes of it in a real cluster.
//!
//! Trials run real Helm, version 4 and where it matters version 3, both built from pinned sources (`helm4/`, `helm3/`) or named
//! by `HELM` and `HELM3`. Those of the second half share one control plane (see `tests/control-plane`), in which l7guard runs as
//! the process that the chart's Deployment describes. Everything runs one after the other.
//!
//! `UPDATE_CHART=1 cargo test --test chart helm:` rewrites what is generated: `README.md` and `values.schema.json` of the chart and `deploy/`.

mod ca_bundle;
mod cluster;
mod conditions;
#[path = "../audit_loop/crds.rs"]
#[allow(dead_code)]
mod crds;
mod drift;
mod each_right;
mod generated;
mod helm;
mod helm_test;
mod lifecycle;
mod load;
mod outage;
mod page;
mod quickstart;
mod recorder;
mod render;
mod replica;
mod roles;
mod rollout;
mod schema;
mod snapshots;
mod targets;
mod upgrades;
mod verdicts;
mod writes;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use control_plane::Error;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::cluster::Cluster;
use crate::helm::Helms;

/// A sentence of behaviour and what shows it, with Helm alone.
type Rendered = (&'static str, fn(&Helms) -> Result<(), Failed>);

/// The same in a cluster.
type Installed = (&'static str, fn(&Cluster) -> Result<(), Failed>);

/// What the trials share. Empty until it has been prepared.
#[derive(Default)]
struct Stage {
    helms: OnceLock<Helms>,
    cluster: OnceLock<Cluster>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let stage = Arc::new(Stage::default());
    let mut rendered: Vec<Trial> = [snapshots::CASES, schema::CASES, generated::CASES]
        .concat()
        .into_iter()
        .map(|case| rendered_trial(case, &stage))
        .collect();
    let mut installed: Vec<Trial> = [
        drift::CASES,
        conditions::CASES,
        roles::CASES,
        each_right::CASES,
        outage::CASES,
        lifecycle::CASES,
        upgrades::CASES,
        ca_bundle::CASES,
        rollout::CASES,
        helm_test::CASES,
        page::CASES,
        quickstart::CASES,
    ]
    .concat()
    .into_iter()
    .map(|case| installed_trial(case, &stage))
    .collect();
    let runs = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    let needs_cluster = !arguments.list && installed.iter().any(runs);
    if needs_cluster || (!arguments.list && rendered.iter().any(runs)) {
        match prepare(&stage, needs_cluster) {
            Ok(()) => {}
            Err(Unprepared::NoGo(reason)) if std::env::var("CI").as_deref() != Ok("true") => {
                say(&format!("SKIPPED, nothing was tested: {reason}"));
                for trials in [&mut rendered, &mut installed] {
                    *trials = std::mem::take(trials)
                        .into_iter()
                        .map(|trial| trial.with_ignored_flag(true))
                        .collect();
                }
            }
            Err(Unprepared::NoGo(reason)) => return broken(&reason),
            Err(Unprepared::Failed(error)) => return broken(error.message().unwrap_or_default()),
        }
    }
    rendered.append(&mut installed);
    libtest_mimic::run(&arguments, rendered).exit_code()
}

fn rendered_trial((name, run): Rendered, stage: &Arc<Stage>) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(format!("helm: {name}"), move || match stage.helms.get() {
        Some(helms) => run(helms),
        None => Err("there is no Helm".into()),
    })
}

fn installed_trial((name, run): Installed, stage: &Arc<Stage>) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(format!("cluster: {name}"), move || {
        match stage.cluster.get() {
            Some(cluster) => run(cluster),
            None => Err("there is no control plane".into()),
        }
    })
}

/// Why no trial can run.
pub(crate) enum Unprepared {
    /// There is no Go here.
    NoGo(String),
    Failed(Failed),
}

impl From<Error> for Unprepared {
    fn from(error: Error) -> Self {
        match error {
            Error::GoMissing { .. } => Self::NoGo(error.to_string()),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Unprepared> for Failed {
    fn from(error: Unprepared) -> Self {
        match error {
            Unprepared::NoGo(reason) => reason.into(),
            Unprepared::Failed(error) => error,
        }
    }
}

impl From<Failed> for Unprepared {
    fn from(error: Failed) -> Self {
        Self::Failed(error)
    }
}

fn prepare(stage: &Stage, needs_cluster: bool) -> Result<(), Unprepared> {
    let helms = Helms::find_or_build()?;
    drop(stage.helms.set(helms.clone()));
    if needs_cluster {
        drop(stage.cluster.set(Cluster::start(&helms)?));
    }
    Ok(())
}

fn broken(error: &str) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

/// Nobody reads it if standard error is closed; that is no reason to stop.
pub(crate) fn say(what: &str) {
    let _ = writeln!(io::stderr(), "chart tests: {what}");
}
