//! The routes, and the way of one request through them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, EXPECT, HeaderValue};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::FutureExt;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};

use super::body;
use super::deadline::budget;
use super::limiter::AdmissionLimiter;
use super::request_error::{RequestError, plain};
use crate::admission::{Answer, Review, TraceId};
use crate::judge::metrics::{Decision, ReviewMetrics, Reviewed};
use crate::judge::{Judge, JudgeError, span};
use crate::server::Peer;
use crate::shares::{SMALL, Sender, off_workers};

/// Where reviews are to be sent.
pub const VALIDATE_PATH: &str = "/validate";

/// The header in which an API server that traces names the trace.
const TRACE_PARENT: &str = "traceparent";

/// How long the body of a request to a wrong path or with a wrong method is waited for.
const STRAY_BODY: Duration = Duration::from_secs(5);

/// The webhook: `POST /validate` answers each `AdmissionReview` with the verdicts of `judge`.
///
/// | answer | when |
/// |---|---|
/// | 200 | a verdict, allowed or denied |
/// | 400 | the content type is not `application/json`, or the body is no `AdmissionReview` of `admission.k8s.io/v1` |
/// | 404, 405 | another path or method |
/// | 408 | the body did not arrive in time |
/// | 413 | the body is larger than [`super::BODY_LIMIT`] |
/// | 500 | the judge failed, panicked or was not ready in time; the text names an id that is in the log |
/// | 503 | `gate` lets nobody in; with `Retry-After: 1` and `Connection: close` |
///
/// Every answer but the first is plain text with the reason.
pub fn router<J: Judge>(judge: Arc<J>, gate: AdmissionLimiter) -> Router {
    Router::new()
        .route(VALIDATE_PATH, post(validate::<J>).fallback(wrong_method))
        .fallback(wrong_path)
        .with_state((judge, gate))
}

async fn validate<J: Judge>(
    State((judge, gate)): State<(Arc<J>, AdmissionLimiter)>,
    request: Request,
) -> Response {
    let span = span::begin(trace_id(request.headers()));
    answered(&*judge, &gate, request, &span)
        .instrument(span.clone())
        .await
}

async fn answered<J: Judge>(
    judge: &J,
    gate: &AdmissionLimiter,
    request: Request,
    span: &Span,
) -> Response {
    match answer(judge, gate, request, span).await {
        Ok(json) => (
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            json,
        )
            .into_response(),
        Err(refusal) => {
            let status = refusal.status();
            if status.is_client_error() {
                gate.metrics().refused(status.as_u16());
            }
            refusal.into_response()
        }
    }
}

async fn answer<J: Judge>(
    judge: &J,
    gate: &AdmissionLimiter,
    request: Request,
    span: &Span,
) -> Result<Vec<u8>, RequestError> {
    let deadline = Instant::now() + budget(request.uri().query());
    let (parts, mut body) = request.into_parts();
    if let Err(reason) = gate.check_ready() {
        if !parts.headers.contains_key(EXPECT) {
            body::discard(&mut body, deadline).await;
        }
        return Err(RequestError::RetryLater(reason));
    }
    // Before everything else, or a client that is still sending would see a reset in place of the reason.
    let sender = sender(&parts.extensions);
    let body = body::read(body, &parts.headers, deadline, gate, sender).await?;
    expect_json(&parts.headers)?;
    let begun = Instant::now();
    let turn = gate.turn_to_decode(sender, body.bytes.len(), deadline);
    let turn = turn.await.map_err(RequestError::RetryLater)?;
    let mut review = decoded(&body.bytes)?;
    drop(turn);
    review.sender = sender;
    review.trace_id = trace_id(&parts.headers);
    span::describe(span, &review);
    let _pass = gate
        .enter(review.flow())
        .map_err(RequestError::RetryLater)?;
    let judged = verdict(judge, &mut review, deadline).await;
    count(gate.metrics(), &review, &judged, begun.elapsed());
    judged
        .and_then(|answer| answer.to_json(&review.uid).map_err(failed))
        .map_err(|error| RequestError::failure(&error))
}

/// The trace that a request is part of. Of several parents none counts (W3C Trace Context, section 3.2.1).
fn trace_id(headers: &HeaderMap) -> Option<TraceId> {
    let mut parents = headers.get_all(TRACE_PARENT).iter();
    let (parent, None) = (parents.next()?, parents.next()) else {
        return None;
    };
    TraceId::of_trace_parent(parent.as_bytes())
}

/// Who sent a request. Where the server does not say, everybody is the same.
fn sender(extensions: &Extensions) -> Sender {
    let peer = extensions.get::<Peer>();
    peer.map_or_else(Sender::default, |peer| Sender {
        address: peer.address,
        is_verified: peer.has_certificate,
    })
}

/// The review in a body. A large one is read off the workers.
fn decoded(body: &[u8]) -> Result<Review<'_>, RequestError> {
    if body.len() <= SMALL {
        return Ok(Review::decode(body)?);
    }
    match off_workers(|| catch_unwind(|| Review::decode(body))) {
        Ok(review) => Ok(review?),
        Err(panic) => Err(RequestError::undecoded(&panic_message(&*panic))),
    }
}

fn count(
    metrics: &ReviewMetrics,
    review: &Review<'_>,
    judged: &Result<Answer, JudgeError>,
    duration: Duration,
) {
    let decision = match judged {
        Err(_) => Decision::Error,
        Ok(answer) if !answer.allowed => Decision::Deny,
        Ok(answer) if answer.warnings.is_empty() => Decision::Allow,
        Ok(_) => Decision::Warn,
    };
    metrics.review(&Reviewed {
        operation: review.operation.as_str(),
        kind: &review.kind.kind,
        decision,
        mode: judged.as_ref().ok().and_then(|answer| answer.mode),
        dry_run: review.dry_run,
        duration,
    });
    if decision == Decision::Allow {
        tracing::debug!(seconds = duration.as_secs_f64(), "allowed");
    }
}

/// The judge's answer. That it is late or panics is its failure and nobody else's.
async fn verdict<J: Judge>(
    judge: &J,
    review: &mut Review<'_>,
    deadline: Instant,
) -> Result<Answer, JudgeError> {
    // Unwind safety is asserted, not shown: a judge that panicked is asked again, for a webhook that is gone would refuse
    // every object of its kinds.
    let judged = AssertUnwindSafe(async { judge.judge(review, deadline).await }).catch_unwind();
    match timeout_at(deadline, judged).await {
        Ok(Ok(judged)) => judged,
        Ok(Err(panic)) => Err(failed(NoVerdict::Panic(panic_message(&*panic)))),
        Err(_) => Err(failed(NoVerdict::Late)),
    }
}

/// Why the judge said nothing at all.
#[derive(Debug, Error)]
enum NoVerdict {
    #[error("panic: {0}")]
    Panic(String),
    #[error("no verdict in the time that the request gives")]
    Late,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> JudgeError {
    JudgeError::Failed(Box::new(error))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

fn expect_json(headers: &HeaderMap) -> Result<(), RequestError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(RequestError::ContentType("none".to_owned()));
    };
    let text = value.to_str().unwrap_or_default();
    // Parameters such as a charset are of no meaning: JSON is UTF-8 (RFC 8259, sections 8.1 and 11).
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(RequestError::ContentType(format!("{value:?}")))
}

async fn wrong_method(request: Request) -> Response {
    let reason = format!("{VALIDATE_PATH} takes AdmissionReviews by POST");
    let mut response = stray(request, StatusCode::METHOD_NOT_ALLOWED, &reason).await;
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

async fn wrong_path(request: Request) -> Response {
    let reason = format!("nothing is here; AdmissionReviews are taken by POST {VALIDATE_PATH}");
    stray(request, StatusCode::NOT_FOUND, &reason).await
}

async fn stray(request: Request, status: StatusCode, reason: &str) -> Response {
    if !request.headers().contains_key(EXPECT) {
        body::discard(&mut request.into_body(), Instant::now() + STRAY_BODY).await;
    }
    plain(status, reason)
}
