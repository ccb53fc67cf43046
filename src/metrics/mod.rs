//! What the program counts and measures, for Prometheus.
//!
//! Each room describes and registers its own metrics in its file `metrics.rs`; here is what they have in common. Labels have
//! few values: no namespace, no name, no user, and whatever comes from outside is mapped to a word of ours first.

mod description;
mod durations;
mod registry;
mod unreadable_objects;

use std::time::SystemTime;

pub use description::{Description, MetricType, PREFIX};
pub(crate) use description::{descriptions, label_sets};
pub(crate) use durations::{Durations, durations};
pub use registry::{CONTENT_TYPE, Registry};
pub(crate) use unreadable_objects::{DESCRIPTIONS as UNREADABLE_OBJECTS, UnreadableObjects};

/// Seconds since 1970; 0 for what was before.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
