//! The HTTP face of the admission webhook: `AdmissionReview` in, `AdmissionReview` out.
//!
//! ```text
//! POST /validate ─▶ gate ─▶ body (7 MiB, in time) ─▶ review (envelope) ─▶ a Judge ─▶ response (same uid) ─▶ 200
//!                     │        └────────────────────────┴──── refusal: 4xx, what is wrong with the request
//!                     │                                         └──── refusal: 500 with an id, our own failure
//!                     └──── refusal: 503, come again in a second
//! ```
//!
//! Who judges is not known here: [`router()`] serves any [`Judge`](crate::judge::Judge). What we fail at is never an answer of allowed or denied
//! but an HTTP error, so that the API server applies the `failurePolicy` that the cluster's owner chose.

mod body;
mod body_memory;
mod deadline;
mod lazy_timeout;
mod limiter;
mod paths;
mod request_error;
mod retry_later;
mod router;

#[cfg(test)]
mod tests;

pub use body::BODY_LIMIT;
pub use body_memory::BODY_MEMORY;
pub use limiter::{AdmissionLimiter, DEFAULT_IN_FLIGHT};
pub use paths::VALIDATE_PATH;
pub use router::router;
