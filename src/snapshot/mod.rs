//! Snapshots: what rules and remedies read of a cluster, as a file, to judge changes against without the cluster.
//!
//! ```text
//! cluster ─▶ take ─▶ reduce (shape, pod_template) ─▶ write ─▶ file
//!                                          file ─▶ read ─▶ base world of `check`
//! ```
//!
//! The file is gzip. Its first line is the header, every further line one object as JSON. No Secret and no ConfigMap is read; of
//! what is read only named fields come in (`shape`), and of command lines and variables only what they show of a proxy.

mod base;
mod format;
#[cfg(test)]
mod hostile_tests;
mod pod_template;
mod read;
mod reduce;
mod shape;
mod size;
mod take;
#[cfg(test)]
mod tests;
mod write;

pub use base::{BaseWorld, NoObject};
pub use format::{Header, VERSION};
pub use read::{SnapshotError, read};
pub use size::TooLarge;
pub use take::{Taken, take};
pub use write::{Lines, SnapshotWriter};
