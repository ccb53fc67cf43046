//! Findings to the cluster: reports and Events.
//!
//! ```text
//! findings ─▶ wanted: what the reports should say ───┬─▶ report_store: the writes that lead there ─▶ reports_api
//! stored reports ┬▶ fingerprint: whether they do ────┤
//!                └▶ first_seen: since when ──────────┘
//! findings, first_seen ─▶ events
//! ```

mod events;
mod fingerprint;
mod first_seen;
mod publisher;
mod refused;
mod report;
mod report_store;
mod reports_api;
mod retries;
mod wanted;

pub use first_seen::{FirstSeen, Reported};
pub(crate) use publisher::Publisher;
pub use report::{Report, ReportMetadata, ReportResult, Summary, Timestamp};
pub use reports_api::{ReportsApi, StoredReport, Version, served};
pub use wanted::Wanted;
