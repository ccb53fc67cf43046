//! The operations port: whether this process lives, whether it is ready and why not, and what it has counted.
//!
//! It knows nothing of policy. It is plain HTTP on an address of its own, because kubelet and Prometheus are other
//! callers than the API server, and are to be answered also while TLS is what is broken.

pub(crate) mod metrics;
mod readiness;
mod routes;

pub use readiness::{Condition, NeededFor, Readiness};
pub use routes::router;
