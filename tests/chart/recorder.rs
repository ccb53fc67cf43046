//! A webhook in the place of l7guard that allows everything and remembers what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use control_plane::WebhookCertificate;
use l7guard::pki::crypto;
use l7guard::server::{OldestTls, Server, Settings, StopHandle, stop, tls_config};
use libtest_mimic::Failed;
use rustls::sign::SingleCertAndKey;
use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE};
use crate::render::RELEASE;
use control_plane::until;

/// The requests of all reviews so far.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<Value>>>);

/// It answers until this is dropped.
pub(crate) struct Recorder {
    requests: Requests,
    stop: StopHandle,
}

impl Recorder {
    /// Takes the place of the installed chart's replicas, and returns when the API server asks it.
    pub(crate) fn start(cluster: &Cluster) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let name = format!("{RELEASE}.{RELEASE}.svc");
        let certificate = WebhookCertificate::write_into(folder.path(), &name)?;
        let service = cluster.get("service", RELEASE)?;
        let address = service["spec"]["clusterIP"].as_str().ok_or("no address")?;
        let port = service["spec"]["ports"][0]["port"]
            .as_u64()
            .ok_or("no port")?;
        let address = format!("{address}:{port}").parse()?;
        let loaded = l7guard::pki::files::load(&certificate.chain, &certificate.key)?;
        let resolver = Arc::new(SingleCertAndKey::from(Arc::new(loaded.certificate)));
        let tls = tls_config(crypto::install(), resolver, OldestTls::default(), None)?;
        let requests = Requests::default();
        let router = requests.router();
        let (handle, stop) = stop();
        let bound = Server::bind(address, tls, router, Settings::default());
        let server = cluster.runtime.block_on(bound)?;
        cluster.runtime.spawn(server.run(stop));
        cluster.write_ca_bundle(&certificate.authority)?;
        let recorder = Self {
            requests,
            stop: handle,
        };
        recorder.wait_until_asked(cluster)?;
        Ok(recorder)
    }

    /// The configuration takes a moment to be in force, for each entry at the same time.
    fn wait_until_asked(&self, cluster: &Cluster) -> Result<(), Failed> {
        let probe = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"namespace": NAMESPACE, "name": "probe"},
            "spec": {"defaultBackend": {"service": {"name": "probe", "port": {"number": 80}}}},
        });
        until("the API server asks the recorder", || {
            let create = ["create", "--dry-run=server", "--filename", "-"];
            cluster
                .plane
                .run_kubectl_with(&create, &probe.to_string())?;
            Ok((!self.take().is_empty()).then_some(()))
        })
    }

    /// What was asked since the last time.
    pub(crate) fn take(&self) -> Vec<Value> {
        let mut requests = self
            .requests
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut requests)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The second time ends it without a drain.
        self.stop.stop();
        self.stop.stop();
    }
}

impl Requests {
    fn router(&self) -> Router {
        let requests = self.clone();
        let answer = move |body: Bytes| {
            let requests = requests.clone();
            async move { requests.allow(&body) }
        };
        Router::new().route("/validate", post(answer))
    }

    fn allow(&self, body: &[u8]) -> ([(&'static str, &'static str); 1], String) {
        let review: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "response": {"uid": review["request"]["uid"], "allowed": true},
        });
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(review["request"].clone());
        ([("content-type", "application/json")], answer.to_string())
    }
}
