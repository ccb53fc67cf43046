//! The audit: what exists is judged, whoever wrote it and however it came to be.
//!
//! ```text
//! scan: a synced cluster ─▶ findings, unresolved, exempt, what could not be read
//! ```

mod scan;

pub use scan::{Scan, Selected, scan};
