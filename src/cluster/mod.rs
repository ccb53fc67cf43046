//! The live world: what the cluster holds, watched and read.
//!
//! ```text
//! world (wiring) ─┬─▶ watch_supervisor ─▶ discovery: which kinds are served
//!                 │          └─▶ reflector, one a kind: watch ─▶ facts ──┐
//! world ─▶ listing: every kind once, without a watch ────────────────────┤
//!                 └─▶ live_read: answers to the policy's queries ──────┴─▶ state: inventory, change feed, watch states
//! ```
//!
//! No object is kept: each is read into the policy's facts as it arrives, and dropped.

mod change_feed;
mod connection;
mod discovery;
mod documents;
mod error_text;
mod json_items;
mod kinds;
mod listing;
mod live_read;
pub(crate) mod metrics;
mod object_name;
mod pods;
mod raw_object;
mod read_batching;
mod read_error;
mod read_shares;
mod reflector;
mod request_timeout;
mod response_size;
mod served_kinds;
mod shared_inventory;
mod slices;
mod state;
mod watch_activity;
mod watch_state;
mod watch_supervisor;
mod world;

#[cfg(test)]
mod tests;

pub use change_feed::{Changed, ChangedObjects, Changes};
pub use connection::{Connection, ConnectionError};
pub use discovery::DiscoveryError;
pub use error_text::{causes, said};
pub use listing::{ListError, Listed, is_endless};
pub use read_error::ReadError;
pub use served_kinds::{ServedKind, served_kinds};
pub use world::ClusterWorld;
