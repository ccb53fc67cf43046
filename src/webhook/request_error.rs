//! Answers that are no verdict: what is wrong with a request (4xx), what went wrong with us (500), and when
//! to come again (503).

use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use super::body::BodyError;
use crate::admission::{ReviewError, truncate};
use crate::judge::JudgeError;
use crate::visible_text::one_line;

/// The most characters of a reason, in an answer, which the API server passes on to the user, and in the log.
const REASON_LENGTH: usize = 1024;

/// Why a request gets no verdict.
#[derive(Debug, Error)]
pub(super) enum RequestError {
    #[error("expected content type application/json, got {0}")]
    ContentType(String),
    #[error(transparent)]
    Body(BodyError),
    #[error(transparent)]
    Review(#[from] ReviewError),
    #[error("{told} (id {id}, under which the log of l7guard has more)")]
    Failure { id: String, told: String },
    #[error("l7guard cannot judge now, come again in a second: {0}")]
    RetryLater(String),
}

impl RequestError {
    /// Our own failure with a review, told and logged under a new id.
    pub(super) fn failure(error: &JudgeError) -> Self {
        let id = new_id();
        let mut problem = error.to_string();
        truncate(&mut problem, REASON_LENGTH);
        tracing::error!(%id, error = %problem, "cannot judge a review");
        let told = match error {
            JudgeError::Field { .. } | JudgeError::TooMuchWork(_) => {
                format!("l7guard cannot judge this object: {error}")
            }
            JudgeError::Unread { .. } => format!("l7guard failed to judge this review: {error}"),
            JudgeError::Failed(_) => "l7guard failed to judge this review".to_owned(),
        };
        Self::Failure { id, told }
    }

    /// Our own failure with a body of which nothing is known, told and logged under a new id.
    pub(super) fn undecoded(problem: &str) -> Self {
        let id = new_id();
        tracing::error!(%id, error = %problem, "cannot read a review");
        let told = "l7guard failed to read this review".to_owned();
        Self::Failure { id, told }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType(_) | Self::Body(BodyError::Broken(_)) | Self::Review(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Failure { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Body(BodyError::NoRoom(_)) | Self::RetryLater(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl From<BodyError> for RequestError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::NoRoom(reason) => Self::RetryLater(reason),
            error => Self::Body(error),
        }
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        let (status, reason) = (self.status(), self.to_string());
        if status.is_client_error() {
            tracing::warn!(status = status.as_u16(), reason = %reason, "refused a request");
        }
        let mut response = plain(status, &reason);
        if matches!(self, Self::RetryLater(_)) {
            tracing::debug!(%reason, "sent a review away to come again");
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            // On this connection the API server would come to the same replica.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// An answer in plain text, made safe and not too long.
pub(super) fn plain(status: StatusCode, reason: &str) -> Response {
    let mut text = reason.to_owned();
    truncate(&mut text, REASON_LENGTH);
    let text = format!("{}\n", one_line(&text));
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(CONTENT_TYPE, content_type)], text).into_response()
}

/// An id to find a failure in the log by. It has to be rare, not secret.
fn new_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}
