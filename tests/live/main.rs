//! l7guard in a live cluster: what a real API server refuses when l7guard's watches lag behind, and when they do not.
//!
//! All trials share one control plane with the CRDs of the Gateway API and of Istio. l7guard runs in this process, so that a
//! trial can see what it knows, and reaches the API server through a [`gate`] that can hold its watches back. The API
//! server calls it as in production: through a Service, over TLS and HTTP/1.1.
//!
//! `L7GUARD_BURSTS=100` sets how often the trials under load write.

mod beside;
mod bursts;
mod changes;
mod completing;
mod crds;
mod gate;
mod gone;
mod messages;
mod orders;
mod pairs;
mod reads;
mod requests;
mod scenery;
mod sequences;
mod shares;
mod stage;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use control_plane::{Binaries, Error};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

use crate::stage::Stage;

/// A sentence of behaviour and what shows it.
type Case = (String, Box<dyn FnOnce(&Stage) -> Result<(), Failed> + Send>);

/// The same, for trials that are functions.
type Named = (&'static str, fn(&Stage) -> Result<(), Failed>);

/// Where the trials find what they share. Empty until it has been prepared.
type Shared = Arc<OnceLock<Stage>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let stage = Shared::default();
    let cases = pairs::cases()
        .into_iter()
        .chain(sequences::cases())
        .chain(orders::cases())
        .chain(gone::cases())
        .chain(changes::cases())
        .chain(crds::cases())
        .chain(beside::cases())
        .chain(reads::cases())
        .chain(requests::cases())
        .chain(messages::cases())
        .chain(shares::cases())
        .chain(bursts::cases());
    let mut trials: Vec<Trial> = cases.map(|case| trial(case, &stage)).collect();
    let runs = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    if !arguments.list && trials.iter().any(runs) {
        match prepare() {
            Ok(ready) => drop(stage.set(ready)),
            Err(Unprepared::NoGo(error)) if std::env::var("CI").as_deref() != Ok("true") => {
                say(&format!(
                    "SKIPPED, nothing was tested against a real API server: {error}"
                ));
                trials = trials
                    .into_iter()
                    .map(|trial| trial.with_ignored_flag(true))
                    .collect();
            }
            Err(Unprepared::NoGo(error)) => return broken(&error.to_string()),
            Err(Unprepared::Failed(error)) => return broken(error.message().unwrap_or_default()),
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn boxed((name, run): Named) -> Case {
    (name.to_owned(), Box::new(run))
}

fn trial((name, run): Case, stage: &Shared) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(name, move || match stage.get() {
        Some(stage) => run(stage),
        None => Err("there is no control plane".into()),
    })
}

/// Why no trial can run.
enum Unprepared {
    NoGo(Error),
    Failed(Failed),
}

fn prepare() -> Result<Stage, Unprepared> {
    let failed = |error: Error| match error {
        Error::GoMissing { .. } => Unprepared::NoGo(error),
        other => Unprepared::Failed(other.into()),
    };
    say(
        "looking for the control plane's binaries; what is missing is built, once (about five minutes)",
    );
    let binaries = Binaries::find_or_build(&mut io::stderr()).map_err(failed)?;
    let crds = [
        control_plane::gateway_api_crds().map_err(failed)?,
        control_plane::istio_crds().map_err(failed)?,
    ];
    let runtime = Runtime::new().map_err(|error| Unprepared::Failed(error.into()))?;
    Stage::set(&binaries, &crds, runtime).map_err(Unprepared::Failed)
}

fn broken(error: &str) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

/// Nobody reads it if standard error is closed; that is no reason to stop.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "live tests: {what}");
}
