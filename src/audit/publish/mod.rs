//! Findings to the cluster: reports and Events.
//!
//! ```text
//! findings ─▶ wanted: what the reports should say ─┬─▶ writes: the writes that lead there ─▶ reports_api
//! stored reports ─▶ first_seen: since when ────────┘
//! findings, first_seen ─▶ events
//! ```

mod events;
mod first_seen;
mod publisher;
mod report;
mod reports_api;
mod token_bucket;
mod wanted;
mod writes;

pub use first_seen::{FirstSeen, Reported};
pub(crate) use publisher::Publisher;
pub use report::{Report, ReportMetadata, ReportResult, Summary, Timestamp};
pub use reports_api::{ReportsApi, served};
pub use wanted::Wanted;
pub use writes::{Reports, Write, writes};
