//! Fair shares of what is scarce: live reads, judging, room in memory. One sender or namespace never takes all of it.
//!
//! ```text
//! flow: whose work it is ─▶ fair_queue: who is next ─▶ turns: waiting for it
//!                       └─▶ pace: how many live reads a second an address without certificate may cause
//!                       ├─▶ long_work: what takes long, and where it is done
//!                       └─▶ allowance: what one review has read and holds
//! token_bucket: a burst, and then so much in a time
//! ```
//!
//! The idea is that of the API server's own "API Priority and Fairness" (flows, fair queues). How many turns a flow may hold
//! follows the dynamic threshold of shared buffers (Choudhury and Hahne, 1998): at most as many as are still free, so that
//! there are always some free for whoever comes next.

mod allowance;
mod fair_queue;
#[cfg(test)]
mod fair_queue_tests;
mod flow;
mod long_work;
mod pace;
mod token_bucket;
mod turns;

pub use allowance::{LARGE_READER_BYTES, ReadAllowance};
pub use fair_queue::Size;
pub use flow::{Flow, Sender};
pub use long_work::{SMALL, long_work, off_workers, size};
pub use pace::Pace;
pub(crate) use token_bucket::{NamespaceBuckets, TokenBucket};
pub use turns::{Turn, Turns};
