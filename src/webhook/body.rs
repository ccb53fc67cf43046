//! Reading the body of a request: not too much of it, and not for ever.

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body_util::BodyExt;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use super::body_memory::BodyRoom;
use super::lazy_timeout::lazy_timeout;
use super::limiter::AdmissionLimiter;
use super::retry_later::RetryLater;
use crate::shares::{SMALL, Sender};

/// The largest body that is read: 7 MiB. The API server takes objects of up to 3 MiB (kubernetes/apiserver,
/// `pkg/server/config.go`, `MaxRequestBodyBytes`), and an update's review carries two of them.
pub const BODY_LIMIT: usize = 7 * 1024 * 1024;

/// How much of a body that is too large is read and thrown away before the answer: 64 MiB. A client that is still
/// sending when the connection is closed sees a reset in place of the answer that tells it why.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;

/// Why there is no body.
#[derive(Debug, Error)]
pub(super) enum BodyError {
    #[error(
        "the body is larger than {BODY_LIMIT} bytes (7 MiB), which no AdmissionReview of a Kubernetes API server is"
    )]
    TooLarge,
    #[error("the body did not arrive within the time of the request")]
    TooSlow,
    #[error("the body cannot be read: {0}")]
    Broken(#[from] axum::Error),
    #[error("{0}")]
    NoRoom(RetryLater),
}

/// A whole body, and leave to have it in memory.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Option<BodyRoom>,
}

/// The whole body, unless it is larger than [`BODY_LIMIT`], not there by `deadline`, or large while `gate` has no room.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    deadline: Instant,
    gate: &AdmissionLimiter,
    sender: Sender,
) -> Result<Whole, BodyError> {
    let (announced, waits) = (body.size_hint().lower(), headers.contains_key(EXPECT));
    let mut body = body;
    if announced > BODY_LIMIT as u64 {
        // A client that waits for "100 Continue" has sent nothing and will send nothing now.
        if !waits {
            discard(&mut body, deadline).await;
        }
        return Err(BodyError::TooLarge);
    }
    let result = match lazy_timeout(deadline, collect(&mut body, gate, sender)).await {
        Ok(result) => result,
        Err(_) => Err(BodyError::TooSlow),
    };
    if matches!(result, Err(BodyError::TooLarge | BodyError::NoRoom(_))) {
        discard(&mut body, deadline).await;
    }
    result
}

async fn collect(
    body: &mut Body,
    gate: &AdmissionLimiter,
    sender: Sender,
) -> Result<Whole, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let first = next_chunk(body).await?.unwrap_or_default();
    // A review of the usual size is one piece and need not be copied.
    if body.is_end_stream() && first.len() <= SMALL {
        return Ok(Whole {
            bytes: first,
            _room: None,
        });
    }
    let mut whole = Vec::with_capacity(SMALL.max(first.len()));
    let mut room = None;
    let mut next = Some(first);
    while let Some(chunk) = next {
        let length = whole.len() + chunk.len();
        if length > BODY_LIMIT {
            return Err(BodyError::TooLarge);
        }
        if length > SMALL {
            make_room(&mut room, &mut whole, length, announced, gate, sender)?;
        }
        whole.extend_from_slice(&chunk);
        next = more(body, room.as_ref()).await?;
    }
    if let Some(room) = &room {
        room.has_arrived();
    }
    Ok(Whole {
        bytes: whole.into(),
        _room: room,
    })
}

/// Room for `length` bytes: for all that is announced, else for twice what there is, so that little is copied.
fn make_room(
    room: &mut Option<BodyRoom>,
    whole: &mut Vec<u8>,
    length: usize,
    announced: usize,
    gate: &AdmissionLimiter,
    sender: Sender,
) -> Result<(), BodyError> {
    let wanted = announced.max(length);
    match room {
        Some(room) if room.bytes() >= length => return Ok(()),
        Some(room) => {
            let wanted = wanted.max(2 * room.bytes()).min(BODY_LIMIT);
            AdmissionLimiter::more_room(room, wanted).map_err(BodyError::NoRoom)?;
        }
        None => *room = Some(gate.room(sender, wanted).map_err(BodyError::NoRoom)?),
    }
    let bytes = room.as_ref().map_or(length, BodyRoom::bytes);
    whole.reserve_exact(bytes - whole.len());
    Ok(())
}

/// The next piece, unless the body has to make room for others before it comes.
async fn more(body: &mut Body, room: Option<&BodyRoom>) -> Result<Option<Bytes>, BodyError> {
    let Some(room) = room else {
        return Ok(next_chunk(body).await?);
    };
    tokio::select! {
        biased;
        chunk = next_chunk(body) => Ok(chunk?),
        () = room.has_to_give_up() => Err(BodyError::NoRoom(AdmissionLimiter::gives_up())),
    }
}

/// The next piece of data; trailers are passed over.
async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, axum::Error> {
    while let Some(frame) = body.frame().await.transpose()? {
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Reads on without keeping anything, up to [`DISCARD_LIMIT`], the end, a failure or `deadline`.
pub(super) async fn discard(body: &mut Body, deadline: Instant) {
    let to_the_end = async {
        let mut left = DISCARD_LIMIT;
        while let Ok(Some(chunk)) = next_chunk(body).await {
            match left.checked_sub(chunk.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whatever came of it, the answer is due now.
    let _ = timeout_at(deadline, to_the_end).await;
}
