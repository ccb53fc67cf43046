//! When a watch was heard of: it began, or something came, if only a bookmark.

use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::Request;
use kube::Client;
use kube::client::Body;
use tower::BoxError;

/// The client, with `heard` called whenever one of its watches has begun and whenever anything comes from it. Bookmarks, and
/// that a watch goes on where it stood, are told to nobody else.
pub(super) fn heard_of(client: Client, heard: impl Fn() + Clone + Send + Sync + 'static) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request| {
        let (client, heard) = (client.clone(), heard.clone());
        async move {
            let is_watch = is_watch(&request);
            let answer = client.send(request).await?;
            if !is_watch || !answer.status().is_success() {
                return Ok::<_, BoxError>(answer.map(boxed));
            }
            heard();
            let hear = move |frame| {
                heard();
                frame
            };
            Ok(answer.map(|body| boxed(body.map_frame(hear))))
        }
    });
    Client::new(service, namespace)
}

fn boxed<B>(body: B) -> UnsyncBoxBody<B::Data, BoxError>
where
    B: hyper::body::Body<Error = kube::Error> + Send + 'static,
{
    body.map_err(BoxError::from).boxed_unsync()
}

/// Whether the request begins a watch.
pub(super) fn is_watch(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|parameter| parameter == "watch=true")
}
