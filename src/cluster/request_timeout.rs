//! Per-request timeout for API server calls: a server that accepts and says nothing is one that failed.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::ACCEPT;
use hyper::{Request, Response};
use kube::Client;
use kube::client::Body;
use thiserror::Error;
use tokio::time::timeout;
use tower::BoxError;

use super::response_size::{Answers, TooLarge, smaller_page};
use super::watch_activity::is_watch;

/// How long an answer may take to come whole (a page of a list, one object, what is served), and a watch to be begun. Half
/// of what an API server gives a request itself.
///
/// Source: kube-apiserver, `--request-timeout` (one minute).
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// The API server did not answer in time.
#[derive(Debug, Error)]
#[error("the API server did not answer within {} seconds", LIMIT.as_secs())]
pub(super) struct TimedOut;

/// The client, each request of which ends: with an answer or with [`TimedOut`]. A watch that has begun lasts as long as it
/// lasts, and a list of metadata that has begun is for its reader to end.
pub(super) fn limited(client: Client) -> Client {
    let namespace = client.default_namespace().to_owned();
    let answers = Answers::default();
    let service = tower::service_fn(move |request| {
        let (client, answers) = (client.clone(), answers.clone());
        async {
            match timeout(LIMIT, page(client, request, answers)).await {
                Ok(answer) => answer,
                Err(_) => Err(TimedOut.into()),
            }
        }
    });
    Client::new(service, namespace)
}

/// The answer; that to a page of a list may be a shorter page, where the whole one is too large.
async fn page(
    client: Client,
    request: Request<Body>,
    answers: Answers,
) -> Result<Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError> {
    let mut again = Request::new(());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    let mut answered = answer(client.clone(), request, &answers).await;
    while let Err(error) = &answered
        && error.is::<TooLarge>()
        && let Some(uri) = smaller_page(again.uri())
    {
        *again.uri_mut() = uri;
        let request = again.clone().map(|()| Body::empty());
        answered = answer(client.clone(), request, &answers).await;
    }
    answered
}

async fn answer(
    client: Client,
    request: Request<Body>,
    answers: &Answers,
) -> Result<Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError> {
    let is_streamed = is_watch(&request) || is_streamed_list(&request);
    let (parts, body) = client.send(request).await?.into_parts();
    let body = if is_streamed && parts.status.is_success() {
        body.map_err(BoxError::from).boxed_unsync()
    } else {
        let whole = answers.whole(body).await?;
        Full::new(whole)
            .map_err(|never| match never {})
            .boxed_unsync()
    };
    Ok(Response::from_parts(parts, body))
}

/// Whether the request is for a list that may be long and is read as it comes. Who reads it keeps the time.
fn is_streamed_list(request: &Request<Body>) -> bool {
    let accepted = request.headers().get(ACCEPT);
    accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("as=PartialObjectMetadataList"))
}
