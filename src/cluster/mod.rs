//! The live world: what the cluster holds, watched and read.
//!
//! ```text
//! connection ─▶ discovery: which kinds are served ─▶ reflector, one a kind: watch ─▶ facts ─▶ the inventory
//!                                                └─▶ live_read: answers to the policy's questions
//! ```
//!
//! No object is kept: each is read into the policy's facts as it arrives, and dropped.

mod connection;
mod discovery;
mod json_items;
mod kinds;
mod live_read;
mod object_name;
mod pods;
mod raw_object;
mod read_batching;
mod read_shares;
mod reflector;
mod request_timeout;
mod response_size;
mod shared_inventory;
mod watch_activity;
mod watch_state;
mod watch_supervisor;
mod world;

#[cfg(test)]
mod tests;

pub use connection::{Connection, ConnectionError};
pub use discovery::DiscoveryError;
pub use live_read::ReadError;
pub use world::ClusterWorld;
