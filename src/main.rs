//! The command `l7guard`.

use std::process::ExitCode;

fn main() -> ExitCode {
    l7guard::cli::run()
}
