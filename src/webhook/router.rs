//! The routes, and the way of one request through them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, EXPECT, HeaderValue};
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
use super::paths::VALIDATE_PATH;
use super::request_error::{RequestError, plain};
use crate::admission::{Review, ReviewError, TraceId};
use crate::judge::{self, Judge, JudgeError, Outcome, span};
use crate::server::Peer;
use crate::shares::{SMALL, Sender, off_workers};

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
        .route(
            VALIDATE_PATH,
            post(validate::<J>).fallback(wrong_method::<J>),
        )
        .fallback(wrong_path::<J>)
        .with_state((judge, gate))
}

/// What the handlers are given.
type Shared<J> = State<(Arc<J>, AdmissionLimiter)>;

async fn validate<J: Judge>(State((judge, gate)): Shared<J>, request: Request) -> Response {
    let span = span::begin(trace_id(request.headers()));
    let answered = async {
        let answer = answer(&*judge, &gate, request, &span).await;
        answer.unwrap_or_else(|error| error.conclude(gate.metrics()))
    };
    answered.instrument(span.clone()).await
}

async fn answer<J: Judge>(
    judge: &J,
    gate: &AdmissionLimiter,
    request: Request,
    span: &Span,
) -> Result<Response, RequestError> {
    let deadline = Instant::now() + budget(request.uri().query());
    let (parts, mut body) = request.into_parts();
    if let Err(later) = gate.check_ready() {
        if !parts.headers.contains_key(EXPECT) {
            body::discard(&mut body, deadline).await;
        }
        return Err(later.into());
    }
    // Before everything else, or a client that is still sending would see a reset in place of the reason.
    let sender = sender(&parts.extensions);
    let body = body::read(body, &parts.headers, deadline, gate, sender).await?;
    expect_json(&parts.headers)?;
    let begun = Instant::now();
    let turn = gate
        .turn_to_decode(sender, body.bytes.len(), deadline)
        .await?;
    let review = decoded(&body.bytes);
    drop(turn);
    let mut review = match review {
        Ok(review) => review?,
        Err(error) => {
            let failed = (Outcome::failed(error), None);
            return Ok(concluded(gate, None, failed, begun));
        }
    };
    review.sender = sender;
    review.trace_id = trace_id(&parts.headers);
    span::describe(span, &review);
    let _pass = gate.enter(review.flow())?;
    let answered = verdict(judge, &mut review, deadline).await;
    Ok(concluded(gate, Some(&review), answered, begun))
}

/// What came of a review, and its answer as JSON, unless it is a failure.
type Answered = (Outcome, Option<Vec<u8>>);

/// Counts and logs what came of a review that was whole at `begun`, and gives the answer.
fn concluded(
    gate: &AdmissionLimiter,
    review: Option<&Review<'_>>,
    (outcome, json): Answered,
    begun: Instant,
) -> Response {
    judge::conclude(review, &outcome, gate.metrics(), begun.elapsed());
    match (json, outcome.answer()) {
        (Some(json), _) => {
            let content_type = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, content_type)], json).into_response()
        }
        (None, Err(failure)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &failure.to_string()),
        (None, Ok(_)) => plain(StatusCode::INTERNAL_SERVER_ERROR, "no answer"),
    }
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

/// The review in a body; or, where decoding it panics, why there is none. A large one is read off the workers.
fn decoded(body: &[u8]) -> Result<Result<Review<'_>, ReviewError>, JudgeError> {
    let decode = || catch_unwind(|| Review::decode(body));
    let decoded = if body.len() <= SMALL {
        decode()
    } else {
        off_workers(decode)
    };
    decoded.map_err(|panic| JudgeError::Undecoded(panic_message(&*panic)))
}

/// What comes of a review, and its answer. That the judge is late or panics is its failure and nobody else's.
async fn verdict<J: Judge>(judge: &J, review: &mut Review<'_>, deadline: Instant) -> Answered {
    // Unwind safety is asserted, not shown: a judge that panicked is asked again, for a webhook that is gone would refuse
    // every object of its kinds.
    let judged = AssertUnwindSafe(async {
        let outcome = judge.judge(review, deadline).await;
        rendered(outcome, &review.uid)
    })
    .catch_unwind();
    let failure = match timeout_at(deadline, judged).await {
        Ok(Ok(answered)) => return answered,
        Ok(Err(panic)) => NoVerdict::Panic(panic_message(&*panic)),
        Err(_) => NoVerdict::Late,
    };
    (Outcome::failed(failed(failure)), None)
}

fn rendered(outcome: Outcome, uid: &str) -> Answered {
    let json = match outcome.answer() {
        Ok(answer) => answer.to_json(uid),
        Err(_) => return (outcome, None),
    };
    match json {
        Ok(json) => (outcome, Some(json)),
        Err(error) => (Outcome::failed(failed(error)), None),
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

async fn wrong_method<J: Judge>(State((_, gate)): Shared<J>, request: Request) -> Response {
    stray(&gate, request, &RequestError::Method).await
}

async fn wrong_path<J: Judge>(State((_, gate)): Shared<J>, request: Request) -> Response {
    stray(&gate, request, &RequestError::Path).await
}

async fn stray(gate: &AdmissionLimiter, request: Request, error: &RequestError) -> Response {
    let span = span::begin(trace_id(request.headers()));
    if !request.headers().contains_key(EXPECT) {
        body::discard(&mut request.into_body(), Instant::now() + STRAY_BODY).await;
    }
    span.in_scope(|| error.conclude(gate.metrics()))
}
