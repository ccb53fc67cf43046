//! Work that keeps a processor busy for long: what is long, whose turn it is, and where it is done.
//!
//! Decoding and judging compute, and nothing interrupts them. On a worker of the runtime they would keep probes and other
//! reviews waiting, up to the seconds that the policy's budget allows. Whoever does it off the workers has a turn, so that
//! processors are left for the others.

use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use super::fair_queue::Size;
use super::turns::Turns;

/// The largest body for which nobody is asked, 64 KiB: there may be one on every connection. It is also how much has to have
/// arrived before more memory is taken, whatever length the request announces.
pub const SMALL: usize = 64 * 1024;

/// Turns for long work: one processor is left for everything else.
#[must_use]
pub fn long_work() -> Turns {
    let processors = available_parallelism().map_or(1, NonZero::get);
    let turns = processors.saturating_sub(1);
    Turns::new(turns, turns)
}

/// How long work on so many bytes takes.
#[must_use]
pub fn size(bytes: usize) -> Size {
    if bytes > 16 * SMALL {
        Size::Large
    } else {
        Size::Small
    }
}

/// Does `work` off the workers. A panic of it is the caller's, as that of any other code.
///
/// The thread stays, and the runtime puts another one in its place (`block_in_place`). Unlike a thread of its own
/// (`spawn_blocking`) that lets the work borrow the review, which is borrowed from the body. The price is that the caller
/// does not see its deadline before the work has ended; so the work has to be bounded. A runtime of one thread, as tests have
/// it, has nobody to put there, and the work is done in place.
pub fn off_workers<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => work(),
        _ => block_in_place(work),
    }
}
