//! AdmissionReview on the wire (`admission.k8s.io/v1`): what is asked, read from JSON, and what is answered, written as JSON.
//!
//! Nothing here knows HTTP, and nothing judges.

mod envelope;
mod response;
mod review;
mod text;
mod trace_parent;

pub use response::{Answer, Cause, Details, Status};
pub use review::{
    API_VERSION, GroupVersionKind, KIND, Operation, Review, ReviewError, ReviewedObject, UserInfo,
};
pub(crate) use text::truncate;
pub use text::{WARNING_LENGTH, warning_line};
pub use trace_parent::TraceId;
