//! What the policy says of whole worlds: one named test a fixture.
//!
//! A fixture is a file (a world that is judged as it stands) or a directory (a change that is judged before it is
//! made) below `tests/fixtures/policy/<group>/`; its leading comment says what is expected, see `tests/fixtures/policy/README.md`.
//! A new file there is a new test. With `L7GUARD_CORPUS` set, real manifests are judged too.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "without its fixtures this is no test, and without a corpus it has to say so"
)]

mod change;
mod corpus;
mod corpus_gateways;
mod coverage;
mod expectation;
mod fixture;
mod order;
mod outcome;
mod parity;
mod said;
mod setting;
mod world;

use std::process::ExitCode;

use l7guard_policy::configuration::Date;
use libtest_mimic::{Arguments, Failed, Trial};

/// The day on which everything is judged: what expires does so by it, and no clock is read.
const TODAY: Date = match Date::from_ordinal_date(2026, 152) {
    Ok(day) => day,
    Err(_) => Date::MIN,
};

/// What a test gives back.
type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let fixtures = fixture::all();
    let mut trials: Vec<Trial> = fixtures.iter().map(fixture::Fixture::trial).collect();
    trials.extend(order::trials(&fixtures));
    trials.extend(parity::trials(&fixtures));
    trials.extend(coverage::trials(&fixtures));
    trials.extend(corpus::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
