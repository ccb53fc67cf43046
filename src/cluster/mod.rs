//! The live world: what the cluster holds, watched and read.
//!
//! ```text
//! connection ─▶ discovery: which kinds are served ─▶ reflector, one a kind: watch ─▶ facts ─▶ the inventory
//!                                                └─▶ live_read: answers to the policy's questions
//! ```
//!
//! No object is kept: each is read into the policy's facts as it arrives, and dropped.

mod answer_size;
mod connection;
mod discovery;
mod gathering;
mod hearing;
mod json_items;
mod kinds;
mod live_read;
mod names;
mod pods;
mod raw_object;
mod read_shares;
mod reflector;
mod shared_inventory;
mod time_limit;
mod watch_state;
mod watches;
mod world;

#[cfg(test)]
mod tests;

pub use connection::{Connection, ConnectionError};
pub use discovery::DiscoveryError;
pub use live_read::ReadError;
pub use world::ClusterWorld;
