//! The alerts of the chart, its dashboard and their runbook: what they ask Prometheus for exists, and each alert fires when it
//! should and no sooner.
//!
//! `promtool` evaluates (of Prometheus; `PROMTOOL` names another one): once over the cases of `cases/`, once over what a real
//! API server and real replicas of l7guard say of themselves. What needs it is skipped where it is missing.

mod api_server;
mod broken;
mod cases;
mod dashboard;
#[path = "../doctor/pki.rs"]
mod pki;
mod promtool;
mod queries;
#[path = "../doctor/replica.rs"]
mod replica;
mod rules;
mod runbook;
mod samples;
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// A sentence of behaviour and what shows it.
type Case = (&'static str, fn() -> Result<(), Failed>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The cluster is to have the machine for itself.
    arguments.test_threads = Some(1);
    let is_missing = promtool::program().is_none();
    let alone = [
        rules::CASES,
        queries::CASES,
        dashboard::CASES,
        runbook::CASES,
    ];
    let alone = alone.concat().into_iter().map(trial);
    let evaluated = [cases::CASES, promtool::CASES, broken::CASES].concat();
    let evaluated = evaluated.into_iter().map(trial);
    let evaluated = evaluated.map(|trial| trial.with_ignored_flag(is_missing));
    libtest_mimic::run(&arguments, alone.chain(evaluated).collect()).exit_code()
}

fn trial((name, run): Case) -> Trial {
    Trial::test(name, run)
}
