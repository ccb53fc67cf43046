//! The listener: TLS and HTTP/1.1 from the socket to an [`axum::Router`], and the way to stop without losing a request.
//!
//! It knows nothing of policy or admission; it serves whatever router it is given, over TLS or (the operations port) plain.
//!
//! ```text
//! listener: bind ─▶ accept ─▶ registry: a place ─▶ connection: handshake, HTTP/1.1 ─▶ the router
//!     ▲                 ▲          ▲
//!     └── drain: Serving → Draining → Closing ◀── a stop (signals, or whoever holds the handle)
//! ```
//!
//! Why an accept loop of our own: the API server keeps idle connections for 90 seconds and sends a review again only
//! when not one byte of it was written (Go's `net/http` `Transport`, client-go `rest/request.go`), so whichever
//! connection *we* close first can cost a review. So this module controls when connections close.

mod accept;
mod connection;
mod drain;
mod handshake;
mod listener;
pub(crate) mod metrics;
mod opening;
mod peer;
mod queue;
mod registry;
mod request_clock;
mod signals;
mod table;
mod tls;
mod unread;
mod watched_body;

#[cfg(test)]
pub(crate) mod test_client;
#[cfg(test)]
mod tests;

pub use drain::{Stop, StopHandle, Stopped, stop};
pub use listener::{BindError, Server, Settings};
pub use peer::Peer;
pub use signals::{StopSignals, stop_on_signals};
pub use tls::{OldestTls, tls_config};
