//! What a finding says to change is applied mechanically, from outside: nothing here is shared with the code that writes
//! the changes.
//!
//! The applier and the oracle of exposure and reach have trials of their own, over lists of changes that are wrong on purpose.

mod apply;
mod change;
mod effects;
mod exposure;
mod fault;
mod fixtures;
mod front;
mod gateway;
mod hand_made;
mod json_patch_rules;
mod load_balancer;
mod manifests;
mod merge_patch_rules;
mod ownership;
mod placeholders;
mod properties;
mod reach;
mod report;
mod resources;
mod routes;
mod rows;
mod scope;
mod server;
mod subject;
mod taken;
mod untouched;
mod verify;
mod worlds;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial gives back.
type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let server = taken::Shared::default();
    let trials: Vec<Trial> = hand_made::trials()
        .into_iter()
        .chain(rows::trials())
        .chain(fixtures::trials())
        .chain(taken::trials(&server))
        .chain(properties::trials())
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Its processes end with it.
    drop(server);
    conclusion.exit_code()
}
