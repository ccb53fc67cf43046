//! The request: `AdmissionReview` of `admission.k8s.io/v1`, as far as it is read (k8s.io/api, `admission/v1/types.go`).
//!
//! The envelope is borrowed from the body where JSON allows it. Of an object that a rule may read only what rules read is
//! kept; any other object stays the JSON text that came, because its review is decided without looking at it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

pub use super::envelope::ReviewedObject;
use super::envelope::{self, Envelope, Head, ObjectDecoding};
use super::text::truncate;
use super::trace_parent::TraceId;
use crate::shares::{Flow, Sender};

/// The `apiVersion` of the reviews that are read and written.
pub const API_VERSION: &str = "admission.k8s.io/v1";

/// The `kind` of the reviews that are read and written.
pub const KIND: &str = "AdmissionReview";

/// How many characters of something that came are repeated in an error.
const EXCERPT: usize = 200;

/// One request for a verdict. Text that the request leaves out or sets to null is empty or `None`.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    /// What the answer has to repeat. Never empty.
    pub uid: Cow<'a, str>,
    /// What is being done.
    pub operation: Operation,
    /// The kind that the objects are in: with `matchPolicy: Equivalent` the one that the webhook is registered for.
    pub kind: GroupVersionKind<'a>,
    /// `status`, `scale` and so on; `None` for the object itself.
    pub sub_resource: Option<Cow<'a, str>>,
    /// The name of the object. With `generateName` it is the generated one.
    pub name: Option<Cow<'a, str>>,
    /// Its namespace; `None` for kinds that have none.
    pub namespace: Option<Cow<'a, str>>,
    /// Who asks.
    pub user_info: UserInfo<'a>,
    /// Whether nothing will be stored whatever the answer.
    pub dry_run: bool,
    /// The object as it would be stored; `None` for a deletion, never for the creation or update of the object itself.
    pub object: Option<ReviewedObject<'a>>,
    /// The object as it is stored; `None` for a creation.
    pub old_object: Option<ReviewedObject<'a>>,
    /// The body, out of which an object that was read in passing can be read again.
    pub body: &'a [u8],
    /// Who sent it. The body does not say that: nobody until it is set.
    pub sender: Sender,
    /// The trace that it is part of. The body does not say that either.
    pub trace_id: Option<TraceId>,
}

/// What is being done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of a stored one.
    Update,
    /// A removal.
    Delete,
    /// A connection to a subresource such as `exec`.
    Connect,
}

impl Operation {
    /// As the API server writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// A kind with its API group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GroupVersionKind<'a> {
    /// The API group, empty for the core group.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub group: Cow<'a, str>,
    /// The version in that group.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub version: Cow<'a, str>,
    /// The kind, `Ingress`.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub kind: Cow<'a, str>,
}

/// Who asks, as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UserInfo<'a> {
    /// The user's name, `system:serviceaccount:<namespace>:<name>` for a service account.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub username: Cow<'a, str>,
}

/// Why a body is no review. The texts repeat at most an excerpt of what came.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReviewError {
    /// There is no body.
    #[error("the request has no body; expected an AdmissionReview of {API_VERSION} as JSON")]
    Empty,
    /// The body is no JSON.
    #[error("the body is no JSON: {reason}")]
    NotJson {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A field has another type than it should.
    #[error("the body is no AdmissionReview of {API_VERSION}: {reason}")]
    WrongType {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// It is another kind of object, or another version.
    #[error(
        "expected apiVersion {API_VERSION} and kind {KIND}, got apiVersion {api_version:?} and kind {kind:?}"
    )]
    NotAReview {
        /// The version that came, empty when there was none.
        api_version: String,
        /// The kind that came, empty when there was none.
        kind: String,
    },
    /// A field without which there is nothing to answer is missing, null or empty.
    #[error("the AdmissionReview has no {field}")]
    Missing {
        /// The field, `request.uid`.
        field: &'static str,
    },
    /// The operation is none of the four that there are.
    #[error(
        "the AdmissionReview's request.operation is {operation:?}; expected CREATE, UPDATE, DELETE or CONNECT"
    )]
    UnknownOperation {
        /// What came.
        operation: String,
    },
}

impl GroupVersionKind<'_> {
    /// Group and version as an object writes them.
    #[must_use]
    pub fn api_version(&self) -> Cow<'_, str> {
        if self.group.is_empty() {
            Cow::Borrowed(&self.version)
        } else {
            Cow::Owned(format!("{}/{}", self.group, self.version))
        }
    }
}

impl<'a> Review<'a> {
    /// Reads a review. Objects that a rule may read are read in the same pass where an API server wrote the review; where they
    /// cannot be, they are the text that came, and whoever reads that learns why.
    ///
    /// # Errors
    /// When `body` is no JSON, no `AdmissionReview` of `admission.k8s.io/v1`, or lacks what an answer needs: `request`,
    /// `request.uid`, `request.operation`, `request.kind.kind`, and of a creation or an update the object.
    pub fn decode(body: &'a [u8]) -> Result<Self, ReviewError> {
        let mut review = match envelope::read(text(body)?, ObjectDecoding::Inline) {
            Ok(envelope) => Self::of(envelope),
            Err(_) => Self::decode_envelope(body),
        }?;
        review.body = body;
        Ok(review)
    }

    /// Reads the envelope of a review and leaves its objects as they came.
    ///
    /// # Errors
    /// Those of [`Self::decode`].
    pub fn decode_envelope(body: &'a [u8]) -> Result<Self, ReviewError> {
        let body = text(body)?;
        if body.trim_ascii_start().is_empty() {
            return Err(ReviewError::Empty);
        }
        let envelope = envelope::read(body, ObjectDecoding::Deferred)
            .map_err(|error| explain(body, &error))?;
        let mut review = Self::of(envelope)?;
        review.body = body.as_bytes();
        Ok(review)
    }

    /// The object as it was submitted, from the body; `None`: it cannot be read so.
    #[must_use]
    pub fn submitted(&self) -> Option<Value> {
        match Self::decode_envelope(self.body).ok()?.object? {
            ReviewedObject::Raw(raw) => serde_json::from_str(raw.get()).ok(),
            ReviewedObject::Read(_) => None,
        }
    }

    /// Whose share of everything it has a part in.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let namespace = self.namespace.as_deref();
        let user = &self.user_info.username;
        self.sender.flow_of(namespace, &self.kind.kind, user)
    }

    fn of(envelope: Envelope<'a>) -> Result<Self, ReviewError> {
        check_version(&envelope.api_version, &envelope.kind)?;
        let request = envelope
            .request
            .ok_or(ReviewError::Missing { field: "request" })?;
        let operation = operation(&request.operation)?;
        if request.uid.is_empty() {
            return Err(ReviewError::Missing {
                field: "request.uid",
            });
        }
        if request.kind.kind.is_empty() {
            return Err(ReviewError::Missing {
                field: "request.kind.kind",
            });
        }
        // Of a write there always is one; to allow what was not sent would be a guess.
        let is_write = matches!(operation, Operation::Create | Operation::Update);
        if is_write && request.object.is_none() && request.sub_resource.is_empty() {
            return Err(ReviewError::Missing {
                field: "request.object",
            });
        }
        Ok(Self {
            uid: request.uid,
            operation,
            kind: request.kind,
            sub_resource: present(request.sub_resource),
            name: present(request.name),
            namespace: present(request.namespace),
            user_info: request.user_info,
            dry_run: request.dry_run,
            object: request.object,
            old_object: request.old_object,
            body: b"",
            sender: Sender::default(),
            trace_id: None,
        })
    }
}

fn present(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}

fn check_version(api_version: &str, kind: &str) -> Result<(), ReviewError> {
    if api_version == API_VERSION && kind == KIND {
        return Ok(());
    }
    Err(ReviewError::NotAReview {
        api_version: excerpt(api_version),
        kind: excerpt(kind),
    })
}

fn operation(operation: &str) -> Result<Operation, ReviewError> {
    match operation {
        "CREATE" => Ok(Operation::Create),
        "UPDATE" => Ok(Operation::Update),
        "DELETE" => Ok(Operation::Delete),
        "CONNECT" => Ok(Operation::Connect),
        "" => Err(ReviewError::Missing {
            field: "request.operation",
        }),
        other => Err(ReviewError::UnknownOperation {
            operation: excerpt(other),
        }),
    }
}

/// The body as text. That is told of the whole at once: to ask it of each string takes nearly as long as the verdict.
fn text(body: &[u8]) -> Result<&str, ReviewError> {
    std::str::from_utf8(body).map_err(|error| {
        let before = &body[..error.valid_up_to()];
        let lines = before.split(|byte| *byte == b'\n');
        let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
        let line = lines.count();
        ReviewError::NotJson {
            reason: format!("no UTF-8 at line {line} column {column}"),
        }
    })
}

/// Why `body` could not be read. A field of a wrong type in a document of another version is that version's affair.
fn explain(body: &str, error: &serde_json::Error) -> ReviewError {
    if !error.is_data() {
        let reason = excerpt(&error.to_string());
        return ReviewError::NotJson { reason };
    }
    let reason = excerpt(&match envelope::failing_field(body) {
        Some(field) => format!("{field}: {error}"),
        None => error.to_string(),
    });
    // serde would take the fields of a structure from an array too, in their order.
    if !body.trim_ascii_start().starts_with('{') {
        return match serde_json::from_str::<IgnoredAny>(body) {
            Ok(_) => ReviewError::WrongType { reason },
            Err(error) => ReviewError::NotJson {
                reason: excerpt(&error.to_string()),
            },
        };
    }
    match serde_json::from_str::<Head>(body) {
        Ok(head) => check_version(&head.api_version, &head.kind)
            .err()
            .unwrap_or(ReviewError::WrongType { reason }),
        // The error above may stand before the place where the JSON itself breaks.
        Err(syntax) if !syntax.is_data() => ReviewError::NotJson {
            reason: excerpt(&syntax.to_string()),
        },
        Err(_) => ReviewError::WrongType { reason },
    }
}

fn excerpt(text: &str) -> String {
    let mut excerpt = text.to_owned();
    truncate(&mut excerpt, EXCERPT);
    excerpt
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
