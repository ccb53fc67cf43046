//! One policy over a cluster, whichever way it is looked at: over every fixture, stored by a real API server, what the audit
//! finds is what `check` finds in a dump of the cluster, in a snapshot and over the cluster, and what the webhook says of each
//! object.

mod command;
mod doors;
mod fixture;
#[path = "../remedies/manifests.rs"]
#[allow(dead_code, reason = "the tests of remedies use the rest")]
mod manifests;
mod page;
mod parity;
#[path = "../cli/pseudo_terminal.rs"]
mod pseudo_terminal;
#[path = "../remedies/resources.rs"]
mod resources;
#[path = "../policy/said.rs"]
mod said;
mod server;
mod snapshot;
mod webhook;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed};

/// What a trial gives back.
type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share one cluster, in which worlds have names in common.
    arguments.test_threads = Some(1);
    let server = server::Shared::default();
    let mut trials = command::trials(command::CASES, &server);
    trials.extend(command::trials(snapshot::CASES, &server));
    trials.extend(page::trials(&server));
    trials.extend(parity::trials(&server));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Its processes end with it.
    drop(server);
    conclusion.exit_code()
}
