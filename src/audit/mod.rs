//! The audit: what exists is judged, whoever wrote it and however it came to be.
//!
//! ```text
//! scan: a synced cluster ─▶ findings, unresolved, exempt, what could not be read
//!   └─▶ remedies: what repairs the findings that are published
//! ```

mod remedies;
mod scan;

pub use remedies::{Repairs, repairs};
pub use scan::{Scan, Selected, scan};
