//! Answers to what is no review, or is not judged now: what is wrong with a request (4xx), and when to come again (503).

use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use super::body::BodyError;
use super::paths::VALIDATE_PATH;
use super::retry_later::RetryLater;
use crate::admission::{ReviewError, truncate};
use crate::judge::metrics::ReviewMetrics;
use crate::visible_text::one_line;

/// The most characters of a reason in an answer, which the API server passes on to the user.
const REASON_LENGTH: usize = 1024;

/// Why a request gets no verdict: no review could be read of it, or it was sent away. It is counted, logged and answered once.
#[derive(Debug, Error)]
pub(super) enum RequestError {
    #[error("expected content type application/json, got {0}")]
    ContentType(String),
    #[error(transparent)]
    Body(BodyError),
    #[error(transparent)]
    Review(#[from] ReviewError),
    #[error("{VALIDATE_PATH} takes AdmissionReviews by POST")]
    Method,
    #[error("nothing is here; AdmissionReviews are taken by POST {VALIDATE_PATH}")]
    Path,
    #[error("l7guard cannot judge now, come again in a second: {0}")]
    RetryLater(#[from] RetryLater),
}

impl RequestError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType(_) | Self::Body(BodyError::Broken(_)) | Self::Review(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Body(BodyError::NoRoom(_)) | Self::RetryLater(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Counts and logs it, and gives the answer.
    pub(super) fn conclude(&self, metrics: &ReviewMetrics) -> Response {
        let (status, reason) = (self.status(), self.to_string());
        let mut response = plain(status, &reason);
        let headers = response.headers_mut();
        if let Self::RetryLater(later) | Self::Body(BodyError::NoRoom(later)) = self {
            metrics.shed(later.reason);
            // There may be very many, and nothing is lost: the API server comes again.
            tracing::debug!(%reason, "sent a review away to come again");
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            // On this connection the API server would come to the same replica.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        metrics.refused(status.as_u16());
        tracing::warn!(status = status.as_u16(), %reason, "refused a request");
        if matches!(self, Self::Method) {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

impl From<BodyError> for RequestError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::NoRoom(later) => Self::RetryLater(later),
            error => Self::Body(error),
        }
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
