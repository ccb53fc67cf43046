//! Where the work is done that takes longer than a moment: not on the threads that serve everybody.
//!
//! Judging computes, and nothing interrupts it. On a worker of the runtime it would keep probes and other reviews waiting,
//! up to the seconds that the policy's budget allows. Whoever does it off the workers has a turn ([`super::work`]), so that
//! processors are left for the others.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does `work` off the workers. A panic of it is the caller's, as that of any other code.
///
/// The thread stays, and the runtime puts another one in its place (`block_in_place`). Unlike a thread of its own
/// (`spawn_blocking`) that lets the work borrow the review, which is borrowed from the body. The price is that the caller
/// does not see its deadline before the work has ended; so the work has to be bounded. A runtime of one thread, as tests have
/// it, has nobody to put there, and the work is done in place.
pub(crate) fn off_workers<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => work(),
        _ => block_in_place(work),
    }
}
