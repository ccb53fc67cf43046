//! An API server in memory: it serves what a test says, and misbehaves as a test says.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::{Request, Response};
use kube::Client;
use kube::client::Body;
use l7guard_policy::identity::Kind;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinSet;
use tower::BoxError;

use crate::cluster::ClusterWorld;
use crate::cluster::discovery::assumed;
use crate::cluster::kinds::BUILT_IN;
use crate::judge::metrics::ReviewMetrics;
use crate::operations::Readiness;
use crate::supervisor::{Rule, Supervisor, Then};

type Lines = UnboundedSender<Result<Bytes, io::Error>>;

/// How a request is answered.
pub(super) enum Reply {
    /// By this status and JSON.
    Json(u16, Value),
    /// By 200 and this text in these pieces, and then by what breaks off, if it does.
    Pieces(Vec<Bytes>, Option<io::ErrorKind>),
    /// Never.
    Silence,
    /// The client's own code fails.
    Panic,
}

/// What answers a request, by its path and query; `None`: as every API server would.
type Answering = Box<dyn FnMut(&str) -> Option<Reply> + Send>;

/// The API server. Clones share it.
#[derive(Clone)]
pub(super) struct StandIn(Arc<Mutex<Scene>>);

struct Scene {
    served: BTreeMap<Kind, String>,
    answering: Answering,
    watches: BTreeMap<String, Lines>,
    requests: Vec<String>,
    /// What each request accepts.
    accepted: Vec<String>,
}

/// As `serve` has it.
static WATCHES: Rule = Rule {
    name: "watches",
    returned: Then::Restart,
    panicked: Then::Restart,
};

/// An l7guard that watches it.
pub(super) struct Watching {
    _task: JoinSet<()>,
    pub(super) metrics: ReviewMetrics,
    pub(super) readiness: Readiness,
    pub(super) world: ClusterWorld,
}

impl StandIn {
    /// Serves what every API server serves, and these.
    pub(super) fn serving(kinds: &[Kind]) -> Self {
        let served = BUILT_IN.iter().chain(kinds);
        Self(Arc::new(Mutex::new(Scene {
            served: served.map(|kind| (*kind, assumed(*kind).version)).collect(),
            answering: Box::new(|_| None),
            watches: BTreeMap::new(),
            requests: Vec::new(),
            accepted: Vec::new(),
        })))
    }

    pub(super) fn answering(
        self,
        answer: impl FnMut(&str) -> Option<Reply> + Send + 'static,
    ) -> Self {
        self.answers(answer);
        self
    }

    pub(super) fn answers(&self, answer: impl FnMut(&str) -> Option<Reply> + Send + 'static) {
        self.scene().answering = Box::new(answer);
    }

    pub(super) fn serve(&self, kind: Kind, version: &str) {
        self.scene().served.insert(kind, version.to_owned());
    }

    pub(super) fn serve_no_more(&self, kind: Kind) {
        self.scene().served.remove(&kind);
    }

    pub(super) fn client(&self) -> Client {
        let scene = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let scene = scene.clone();
            async move { Ok::<_, Infallible>(scene.answer(request).await) }
        });
        Client::new(service, "default")
    }

    pub(super) fn watched(&self) -> Watching {
        let (metrics, readiness) = (ReviewMetrics::new(), Readiness::new());
        let world = ClusterWorld::new(self.client(), &metrics, &readiness);
        let mut supervisor = Supervisor::new(&metrics);
        let watched = world.clone();
        supervisor.spawn(&WATCHES, move || watched.keep_watching());
        let mut watching = JoinSet::new();
        watching.spawn(async move { supervisor.run().await.expect("restarted") });
        Watching {
            _task: watching,
            metrics,
            readiness,
            world,
        }
    }

    /// The requests whose path and query hold this.
    pub(super) fn requests(&self, part: &str) -> usize {
        let scene = self.scene();
        scene
            .requests
            .iter()
            .filter(|request| request.contains(part))
            .count()
    }

    /// The requests whose path and query hold this, each with what it accepts.
    pub(super) fn asked(&self, part: &str) -> Vec<(String, String)> {
        let scene = self.scene();
        let asked = scene.requests.iter().cloned().zip(scene.accepted.clone());
        asked
            .filter(|(request, _)| request.contains(part))
            .collect()
    }

    /// Tells the newest watch of a kind something: `ADDED`, say.
    pub(super) fn tell(&self, plural: &str, event: &str, object: &Value) {
        // In the order in which an API server writes the two.
        let line = format!("{{\"type\":\"{event}\",\"object\":{object}}}\n");
        self.send(plural, Ok(Bytes::from(line)));
    }

    /// Tells the newest watch of a kind that nothing has changed.
    pub(super) fn bookmark(&self, plural: &str) {
        let object =
            json!({"kind": "Any", "apiVersion": "v1", "metadata": {"resourceVersion": "2"}});
        self.tell(plural, "BOOKMARK", &object);
    }

    /// Breaks the newest watch of a kind.
    pub(super) fn cut(&self, plural: &str) {
        self.send(plural, Err(io::Error::from(io::ErrorKind::ConnectionReset)));
    }

    fn send(&self, plural: &str, line: Result<Bytes, io::Error>) {
        let scene = self.scene();
        let watch = scene.watches.get(plural).expect("watched");
        watch.send(line).expect("still watched");
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().expect("no panic while it is held")
    }

    async fn answer(&self, request: Request<Body>) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
        let (request, _) = request.into_parts();
        let uri = request.uri;
        let accepted = request.headers.get("accept");
        let accepted = accepted.map(|accepted| accepted.to_str().expect("text").to_owned());
        let asked = uri.path_and_query().expect("a path").as_str();
        let plural = uri.path().rsplit('/').next().unwrap_or_default();
        let reply = {
            let mut scene = self.scene();
            scene.requests.push(asked.to_owned());
            scene.accepted.push(accepted.unwrap_or_default());
            (scene.answering)(asked)
        };
        match reply {
            Some(Reply::Json(status, json)) => whole(status, &json),
            Some(Reply::Pieces(pieces, broken)) => {
                let broken = broken.map(|kind| Err(io::Error::from(kind)));
                let pieces = pieces.into_iter().map(Ok).chain(broken);
                let frames = pieces.map(|piece| piece.map(Frame::data).map_err(BoxError::from));
                Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync())
            }
            Some(Reply::Silence) => std::future::pending().await,
            Some(Reply::Panic) => panic!("as the test wants it"),
            None if asked == "/apis" || asked == "/api" => {
                whole(200, &self.discovery(asked == "/api"))
            }
            None if asked.contains("watch=true") => self.watch(plural),
            None => whole(200, &page(&[], "")),
        }
    }

    fn watch(&self, plural: &str) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
        let (lines, receiver) = mpsc::unbounded_channel();
        self.scene().watches.insert(plural.to_owned(), lines);
        let frames = stream::unfold(receiver, async |mut receiver| {
            let line: Result<Bytes, io::Error> = receiver.recv().await?;
            Some((line.map(Frame::data).map_err(BoxError::from), receiver))
        });
        Response::new(StreamBody::new(frames).boxed_unsync())
    }

    fn discovery(&self, is_core: bool) -> Value {
        let scene = self.scene();
        let served = scene
            .served
            .iter()
            .map(|(kind, version)| (assumed(*kind), version));
        let groups = served.filter(|(at, _)| at.group.is_empty() == is_core).map(|(at, version)| {
            let resource = json!({
                "resource": at.plural, "scope": "Namespaced", "verbs": ["get", "list", "watch"],
                "responseKind": {"group": at.group, "version": version, "kind": at.kind},
            });
            json!({"metadata": {"name": at.group}, "versions": [{"version": version, "resources": [resource]}]})
        });
        let items = merged(groups);
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
    }
}

/// One group for all kinds of a group and version.
fn merged(groups: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for mut group in groups {
        let same = merged
            .iter_mut()
            .find(|known| known["metadata"] == group["metadata"]);
        match same {
            Some(known) => {
                let versions = known["versions"].as_array_mut().expect("an array");
                let added = group["versions"][0].take();
                match versions
                    .iter_mut()
                    .find(|version| version["version"] == added["version"])
                {
                    Some(version) => version["resources"]
                        .as_array_mut()
                        .expect("an array")
                        .push(added["resources"][0].clone()),
                    None => versions.push(added),
                }
            }
            None => merged.push(group),
        }
    }
    merged
}

fn whole(status: u16, json: &Value) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
    let body = Full::new(Bytes::from(json.to_string()));
    let mut response = Response::new(body.map_err(BoxError::from).boxed_unsync());
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// A page of a list; `next` is the token of the next page.
pub(super) fn page(items: &[Value], next: &str) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1", "continue": next}, "items": items})
}

/// An error of the API server.
pub(super) fn refusal(code: u16, reason: &str) -> Reply {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": reason, "reason": reason, "code": code,
    });
    Reply::Json(code, status)
}

/// A Service.
pub(super) fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "2"},
        "spec": {"selector": {"app": name}},
    })
}

impl Watching {
    /// Whether a Service is known.
    pub(super) fn knows(&self, service: &str) -> bool {
        use crate::judge::ClusterView;
        let key = l7guard_policy::identity::ObjectKey::new(Kind::Service, "shop", service);
        self.world
            .with_inventory(|inventory| inventory.get(&key).is_some())
    }

    /// Whether the metrics hold a line that begins so.
    pub(super) fn says(&self, line: &str) -> bool {
        let text = self.metrics.encode().expect("text");
        text.lines().any(|each| each.starts_with(line))
    }
}
