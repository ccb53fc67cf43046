//! The request: `AdmissionReview` of `admission.k8s.io/v1`, as far as it is read (k8s.io/api, `admission/v1/types.go`).
//!
//! Only the envelope is decoded, and borrowed from the body where JSON allows it. The objects stay as the JSON text that
//! came, because most reviews are decided by a few of their fields and many without looking at them at all.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use thiserror::Error;

use super::envelope::{self, Envelope, Head};
use super::text::truncate;

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
    /// The resource that goes with it.
    pub resource: GroupVersionResource<'a>,
    /// `status`, `scale` and so on; `None` for the object itself.
    pub sub_resource: Option<Cow<'a, str>>,
    /// The kind that the user sent, which differs from `kind` when the API server converted it.
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// The resource that the user sent it to.
    pub request_resource: Option<GroupVersionResource<'a>>,
    /// The name of the object. With `generateName` it is the generated one.
    pub name: Option<Cow<'a, str>>,
    /// Its namespace; `None` for kinds that have none.
    pub namespace: Option<Cow<'a, str>>,
    /// Who asks.
    pub user_info: UserInfo<'a>,
    /// Whether nothing will be stored whatever the answer.
    pub dry_run: bool,
    /// The object as it would be stored; `None` for a deletion.
    pub object: Option<&'a RawValue>,
    /// The object as it is stored; `None` for a creation.
    pub old_object: Option<&'a RawValue>,
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

/// A resource with its API group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GroupVersionResource<'a> {
    /// The API group, empty for the core group.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub group: Cow<'a, str>,
    /// The version in that group.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub version: Cow<'a, str>,
    /// The resource, `ingresses`.
    #[serde(borrow, default, deserialize_with = "envelope::text")]
    pub resource: Cow<'a, str>,
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

impl<'a> Review<'a> {
    /// Reads the envelope of a review.
    ///
    /// # Errors
    /// When `body` is no JSON, no `AdmissionReview` of `admission.k8s.io/v1`, or lacks what an answer needs: `request`,
    /// `request.uid`, `request.operation`, `request.kind.kind`.
    pub fn decode(body: &'a [u8]) -> Result<Self, ReviewError> {
        // serde would also take the fields of a structure from an array, in their order.
        match body.trim_ascii_start().first() {
            None => return Err(ReviewError::Empty),
            Some(b'{') => {}
            Some(_) => return Err(no_object(body)),
        }
        let envelope: Envelope =
            serde_json::from_slice(body).map_err(|error| explain(body, &error))?;
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
        Ok(Self {
            uid: request.uid,
            operation,
            kind: request.kind,
            resource: request.resource,
            sub_resource: present(request.sub_resource),
            request_kind: request.request_kind,
            request_resource: request.request_resource,
            name: present(request.name),
            namespace: present(request.namespace),
            user_info: request.user_info,
            dry_run: request.dry_run.unwrap_or(false),
            object: request.object,
            old_object: request.old_object,
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

/// Why `body`, which does not begin like an object, is no review.
fn no_object(body: &[u8]) -> ReviewError {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => ReviewError::WrongType {
            reason: "expected an object at line 1 column 1".to_owned(),
        },
        Err(error) => ReviewError::NotJson {
            reason: excerpt(&error.to_string()),
        },
    }
}

/// Why `body` could not be read. A field of a wrong type in a document of another version is that version's affair.
fn explain(body: &[u8], error: &serde_json::Error) -> ReviewError {
    let reason = excerpt(&error.to_string());
    if !error.is_data() {
        return ReviewError::NotJson { reason };
    }
    match serde_json::from_slice::<Head>(body) {
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
