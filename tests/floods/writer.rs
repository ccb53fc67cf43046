//! Writing through a real API server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use control_plane::ControlPlane;
use hyper::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// The pause of a writer between two writes: an API server that does nothing but ask one webhook is not what is measured.
const PAUSE: Duration = Duration::from_millis(20);

/// One of so many writes has to be refused.
const REFUSED: usize = 5;

/// What came of writes.
#[derive(Default)]
pub(crate) struct Tally {
    took: Vec<Duration>,
    /// Writes that failed for another reason than a verdict: when, and why.
    pub(crate) lost: Vec<(Duration, String)>,
    /// Verdicts that should have been the other one.
    pub(crate) wrong: usize,
    /// How long after the flood the last write was lost.
    pub(crate) recovered: Duration,
}

/// One writer.
pub(crate) struct Writer {
    client: Client,
    namespace: String,
    number: usize,
    /// Whether somebody refuses what breaks the policy.
    is_guarded: bool,
}

/// A client with connections of its own.
pub(crate) async fn client(cluster: &ControlPlane) -> Client {
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options);
    Client::try_from(config.await.unwrap()).unwrap()
}

impl Tally {
    pub(crate) fn writes(&self) -> usize {
        self.took.len()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        self.lost.extend(other.lost);
        self.wrong += other.wrong;
    }

    /// Milliseconds.
    pub(crate) fn percentile(&self, hundredths: usize) -> f64 {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = took.get(took.len().saturating_sub(1) * hundredths / 100);
        at.copied().unwrap_or_default().as_secs_f64() * 1000.0
    }
}

impl Writer {
    pub(crate) fn new(client: Client, namespace: &str, number: usize, is_guarded: bool) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            number,
            is_guarded,
        }
    }

    /// Writes one Ingress after the other; times are from `began` on.
    pub(crate) async fn write_until(self, stop: Arc<AtomicBool>, began: Instant) -> Tally {
        let mut tally = Tally::default();
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            count += 1;
            let breaks_policy = self.is_guarded && count % REFUSED == 0;
            let sent = Instant::now();
            let outcome = self.create(breaks_policy).await;
            tally.took.push(sent.elapsed());
            match outcome {
                Ok(_) if !breaks_policy => {}
                Err(kube::Error::Api(status)) if status.code == 403 && breaks_policy => {}
                Ok(_) => tally.wrong += 1,
                Err(kube::Error::Api(status)) if status.code == 403 => tally.wrong += 1,
                Err(error) => tally.lost.push((began.elapsed(), error.to_string())),
            }
            sleep(PAUSE).await;
        }
        tally
    }

    /// A dry run: every review is one of a new object, and nothing is left.
    async fn create(&self, breaks_policy: bool) -> Result<Value, kube::Error> {
        let (namespace, service) = if breaks_policy {
            ("istio-system", "istio-ingressgateway")
        } else {
            (self.namespace.as_str(), "no-such-service")
        };
        let ingress = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"namespace": namespace, "name": format!("written-{}", self.number)},
            "spec": {
                "ingressClassName": "public",
                "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
            },
        });
        let path =
            format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses?dryRun=All");
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(ingress.to_string().into_bytes());
        self.client
            .request(request.map_err(kube::Error::HttpError)?)
            .await
    }
}
