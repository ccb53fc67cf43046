//! The command `l7guard`.

use std::process::ExitCode;

/// It gives memory back a few seconds after it was freed, also while nothing else happens: the C library's allocator keeps
/// most of what a flood of large reviews took.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    l7guard::cli::run()
}
