//! A gate between l7guard and the API server: it can hold what watches say back, be gone, or tell a watch that it fell
//! behind. So a lag that lasts a millisecond in a cluster lasts here as long as a trial needs it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kube::client::Body;
use kube::{Client, Config};
use libtest_mimic::Failed;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// What passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    Everything,
    /// Everything but the events of watches, which wait, as new watches do.
    NoWatchEvents,
    /// Everything but the events of watches and what is said of the kinds that are served, which wait.
    NoNews,
    /// Everything but reads of the Pods of the namespace [`HUGE`], which wait.
    NoPodsOfHuge,
    /// Watches that waited are told that they fell behind, and what they waited for is lost.
    NoOldWatches,
    /// Nothing: connections are closed, as by an API server that is gone.
    Nothing,
}

/// The namespace whose Pods can be held back.
pub(crate) const HUGE: &str = "huge";

/// The gate. It is closed for good when dropped.
pub(crate) struct Gate {
    address: SocketAddr,
    passes: watch::Sender<Passes>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Gate {
    /// Opens a gate through which everything passes to the API server that `client` knows, with its credentials.
    pub(crate) async fn open(client: Client) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (passes, at) = watch::channel(Passes::Everything);
        Ok(Self {
            address: listener.local_addr()?,
            passes,
            accepting: tokio::spawn(accept(listener, client, at)),
        })
    }

    /// A client that reaches the API server through the gate.
    pub(crate) fn client(&self) -> Result<Client, Failed> {
        let mut config = Config::new(format!("http://{}", self.address).parse()?);
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }

    pub(crate) fn let_pass(&self, passes: Passes) {
        self.passes.send_replace(passes);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.passes.send_replace(Passes::Nothing);
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, client: Client, passes: watch::Receiver<Passes>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, client.clone(), passes.clone()));
    }
}

/// Serves a connection until the gate lets nothing pass.
async fn serve(stream: TcpStream, client: Client, passes: watch::Receiver<Passes>) {
    let mut closed = passes.clone();
    let service = service_fn(move |request| forward(request, client.clone(), passes.clone()));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        _ = closed.wait_for(|passes| *passes == Passes::Nothing) => {}
    }
}

async fn forward(
    request: Request<Incoming>,
    client: Client,
    passes: watch::Receiver<Passes>,
) -> Result<Answer, BoxError> {
    let (parts, body) = request.into_parts();
    let is_watch = parts
        .uri
        .query()
        .is_some_and(|query| query.contains("watch="));
    let mut forwarded = Request::builder()
        .method(parts.method)
        .uri(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    for name in ["accept", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            forwarded = forwarded.header(name, value);
        }
    }
    let body = Body::from(body.collect().await?.to_bytes());
    let are_pods_of_huge = parts.uri.path() == format!("/api/v1/namespaces/{HUGE}/pods");
    let is_discovery = matches!(parts.uri.path(), "/apis" | "/api");
    let waits = |passes: &Passes| match passes {
        Passes::NoWatchEvents => is_watch,
        Passes::NoNews => is_watch || is_discovery,
        Passes::NoPodsOfHuge => are_pods_of_huge,
        _ => false,
    };
    passes.clone().wait_for(|passes| !waits(passes)).await?;
    let answer = client.send(forwarded.body(body)?).await?;
    let (parts, body) = answer.into_parts();
    let frames = body
        .into_data_stream()
        .map(|data| data.map(Frame::data).map_err(BoxError::from));
    let body = if is_watch {
        StreamBody::new(held(frames.boxed(), passes)).boxed_unsync()
    } else {
        StreamBody::new(frames).boxed_unsync()
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    if let Some(kind) = parts.headers.get("content-type") {
        answer.headers_mut().insert("content-type", kind.clone());
    }
    Ok(answer)
}

type Frames = stream::BoxStream<'static, Result<Frame<Bytes>, BoxError>>;

/// What the API server says to a watch that asks for events it has forgotten.
const EXPIRED: &[u8] = b"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n";

/// The frames of a watch, each as soon as watches may speak.
fn held(frames: Frames, passes: watch::Receiver<Passes>) -> Frames {
    stream::unfold((frames, passes), async |(mut frames, mut passes)| {
        let expired = Ok(Frame::data(Bytes::from_static(EXPIRED)));
        let frame = tokio::select! {
            frame = frames.next() => Some(frame?),
            _ = passes.wait_for(|passes| *passes == Passes::NoOldWatches) => None,
        };
        let speaks = |passes: &Passes| {
            !matches!(
                passes,
                Passes::NoWatchEvents | Passes::NoNews | Passes::Nothing
            )
        };
        let now = *passes.wait_for(speaks).await.ok()?;
        match (now, frame) {
            (Passes::Everything | Passes::NoPodsOfHuge, Some(frame)) => {
                Some((frame, (frames, passes)))
            }
            // What would come after it is of no interest to anybody.
            _ => Some((expired, (stream::pending().boxed(), passes))),
        }
    })
    .boxed()
}

/// How long anything may take that has to happen sooner or later.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failed> {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited
        .await
        .map_err(|_| format!("waited in vain: {what}").into())
}
