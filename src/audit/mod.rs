//! The audit: what exists is judged, whoever wrote it and however it came to be.
//!
//! ```text
//! scan: a synced cluster ─▶ findings, unresolved, exempt, what could not be read
//!   └─▶ remedies: what repairs the findings that are published
//! observed: findings ─▶ what is kept and shown of them ─▶ publish: reports and Events in the cluster
//! ```

mod configuration_effects;
pub(crate) mod leadership;
pub(crate) mod lease;
mod log;
pub(crate) mod metrics;
pub mod observed;
pub(crate) mod pass;
pub mod publish;
mod remedies;
mod scan;
mod text;
pub(crate) mod watch;

pub use remedies::{Repairs, repairs};
pub use scan::{Scan, Selected, scan};
