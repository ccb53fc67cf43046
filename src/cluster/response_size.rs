//! How much of the API server's answers is in memory.
//!
//! A page of a list has so many objects, and each of them may have megabytes. So an answer has a limit in bytes; a page beyond it
//! is asked for again with fewer objects, down to one. Whoever asked sees a short page, which an API server may always give.

use std::sync::Arc;

use axum::http::Uri;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::BoxError;

/// The most of one answer: 16 MiB. One object has at most 3 MiB (kubernetes/apiserver, `MaxRequestBodyBytes`), and what is
/// always of moderate size (discovery) has less.
pub(super) const ANSWER: usize = 16 * 1024 * 1024;

/// From here on an answer is a large one: 2 MiB. A page of 250 ordinary objects is not.
const LARGE: usize = 2 * 1024 * 1024;

/// How many large answers are in memory at the same time.
const LARGE_AT_ONCE: usize = 4;

/// By how much fewer objects a page has that is asked for again.
const FEWER: u32 = 16;

/// Where answers are collected. Clones share the bounds.
#[derive(Clone)]
pub(super) struct Answers {
    large: Arc<Semaphore>,
}

/// The answer is larger than [`ANSWER`].
#[derive(Debug, Error)]
#[error("the answer of the API server is larger than {} MiB", ANSWER / 1024 / 1024)]
pub(super) struct TooLarge;

/// An answer, and leave to have it in memory.
struct Held {
    bytes: Vec<u8>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        }
    }
}

impl Answers {
    /// The whole answer. A large one waits until it may be.
    pub(super) async fn whole<B>(&self, body: B) -> Result<Bytes, BoxError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        let (mut body, mut bytes, mut permit) = (body, Vec::new(), None);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(Into::into)?.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > ANSWER {
                return Err(TooLarge.into());
            }
            if permit.is_none() && bytes.len() + data.len() > LARGE {
                // It is never closed.
                permit = Arc::clone(&self.large).acquire_owned().await.ok();
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Bytes::from_owner(Held {
            bytes,
            _permit: permit,
        }))
    }
}

/// Where the same page is asked for with fewer objects; `None`: it has one, or it is no page.
pub(super) fn smaller_page(uri: &Uri) -> Option<Uri> {
    let text = uri.to_string();
    let (before, rest) = text.split_once("limit=")?;
    if !before.ends_with(['?', '&']) {
        return None;
    }
    let (limit, after) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
    let limit: u32 = limit.parse().ok().filter(|limit| *limit > 1)?;
    let fewer = (limit / FEWER).max(1);
    format!("{before}limit={fewer}{after}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_with_fewer_objects_down_to_one() {
        let smaller = |uri: &str| smaller_page(&uri.parse().unwrap()).map(|uri| uri.to_string());
        for (page, fewer) in [
            ("/api/v1/services?&limit=250", "/api/v1/services?&limit=15"),
            ("/a?limit=15&continue=x", "/a?limit=1&continue=x"),
        ] {
            assert_eq!(smaller(page).as_deref(), Some(fewer));
        }
        for no_page in ["/a?limit=1", "/a?limit=0", "/a", "/a?unlimit=9", "/limit=9"] {
            assert_eq!(smaller(no_page), None, "{no_page}");
        }
    }
}
