//! The HTTP face of the admission webhook: `AdmissionReview` in, `AdmissionReview` out.
//!
//! ```text
//! POST /validate ─▶ gate ─▶ body (7 MiB, in time) ─▶ review (envelope) ─▶ a Judge ─▶ response (same uid) ─▶ 200
//!                     │        └────────────────────────┴──── refusal: 4xx, what is wrong with the request
//!                     │                                         └──── refusal: 500 with an id, our own failure
//!                     └──── refusal: 503, come again in a second
//! ```
//!
//! Who judges is not known here: [`router()`] serves any [`Judge`]. What we fail at is never an answer of allowed or denied
//! but an HTTP error, so that the API server applies the `failurePolicy` that the cluster's owner chose.

mod annotations;
mod body;
mod body_memory;
mod confirmed;
mod deadline;
mod envelope;
mod gate;
mod in_time;
mod judge;
mod off_workers;
mod policy_judge;
mod refusal;
pub mod response;
pub mod review;
mod router;
mod text;
mod unreadable;
mod verdict_answer;
mod work;

#[cfg(test)]
mod tests;

pub use body::BODY_LIMIT;
pub use body_memory::BODY_MEMORY;
pub use gate::{DEFAULT_IN_FLIGHT, Gate};
pub use judge::{Judge, JudgeError};
pub use policy_judge::PolicyJudge;
pub use response::{Answer, Cause, Status};
pub use review::{Operation, Review, ReviewError, Taken};
pub use router::{VALIDATE_PATH, router};
pub use text::{WARNING_LENGTH, warning_line};
