//! A real API server that stores one world after another.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use control_plane::{AWS_CRDS, Binaries, ControlPlane, Error, Options};
use futures_util::future::try_join_all;
use hyper::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use l7guard_policy::identity::Kind;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::manifests::{Manifests, elements, text};
use crate::resources::{OTHERS, crd_of, path_of};

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// A control plane with the CRDs of all kinds that fixtures hold.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    pub(crate) client: Client,
    cluster: ControlPlane,
}

/// One server for all trials. It starts with the first trial that needs it.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Option<Result<Server, Absent>>>>);

/// Why there is no server.
enum Absent {
    /// There is no Go to build one with.
    NoGo(String),
    Failed(String),
}

impl Shared {
    /// Calls with the server. Without Go nothing is shown, which is said, and is a failure in CI.
    pub(crate) fn with(&self, then: impl FnOnce(&Server) -> Outcome) -> Outcome {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get_or_insert_with(Server::start) {
            Ok(server) => then(server),
            Err(Absent::NoGo(error)) if std::env::var_os("CI").is_none() => {
                writeln!(io::stderr(), "SKIPPED without an API server: {error}")?;
                Ok(())
            }
            Err(Absent::NoGo(error) | Absent::Failed(error)) => Err(error.as_str().into()),
        }
    }
}

impl Server {
    fn start() -> Result<Self, Absent> {
        let failed = |error: Error| match error {
            Error::GoMissing { .. } => Absent::NoGo(error.to_string()),
            other => Absent::Failed(other.to_string()),
        };
        let binaries = Binaries::find_or_build(&mut io::stderr()).map_err(failed)?;
        let crds = [
            control_plane::gateway_api_crds().map_err(failed)?,
            control_plane::istio_crds().map_err(failed)?,
        ];
        let options = Options {
            // From its cache, a list after any write waits for the next bookmark, up to 100 ms: etcd answers at once.
            api_server_arguments: vec!["--watch-cache=false".to_owned()],
            ..Options::default()
        };
        let cluster = ControlPlane::start(&binaries, &options).map_err(failed)?;
        for crd in crds {
            let file = crd.display().to_string();
            let apply = ["apply", "--server-side", "--filename", &file];
            cluster.run_kubectl(&apply).map_err(failed)?;
        }
        cluster.apply(AWS_CRDS).map_err(failed)?;
        for crd in OTHERS {
            let crd = crd_of(crd).to_string();
            cluster.apply(&crd).map_err(failed)?;
        }
        let established = ["wait", "--for=condition=Established", "crd", "--all"];
        cluster.run_kubectl(&established).map_err(failed)?;
        Self::connect(cluster)
            .map_err(|error| Absent::Failed(error.message().unwrap_or("no connection").to_owned()))
    }

    fn connect(cluster: ControlPlane) -> Result<Self, Failed> {
        let runtime = Runtime::new()?;
        let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig())?;
        let client = runtime.block_on(async {
            let options = KubeConfigOptions::default();
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
            Ok::<_, Failed>(Client::try_from(config)?)
        })?;
        Ok(Self {
            runtime,
            client,
            cluster,
        })
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        self.cluster.kubeconfig()
    }

    /// Of a user who may do nothing until a role is bound.
    pub(crate) fn developer_kubeconfig(&self) -> &Path {
        self.cluster.developer_kubeconfig()
    }

    /// Stores a world, and takes it away again afterwards. What the server does not take is left out.
    pub(crate) fn with(&self, world: &Manifests, then: impl FnOnce() -> Outcome) -> Outcome {
        for object in &world.0 {
            let namespace = text(&object["metadata"]["namespace"]);
            if !namespace.is_empty() {
                let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
                self.send("POST", &namespace, &namespace)?;
            }
            self.store(object)?;
        }
        let outcome = then();
        for object in &world.0 {
            if object["kind"] == "Namespace" {
                // Nobody here would end it.
                let plain = json!({"metadata": {"labels": null, "annotations": null}});
                self.send("PATCH", object, &plain)?;
                continue;
            }
            let freed = json!({"metadata": {"finalizers": null}});
            self.send("PATCH", object, &freed)?;
            let now = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
            self.send("DELETE", object, &now)?;
        }
        outcome
    }

    /// Creates an object as it is, or as it can come to be: the API server takes no new Ingress with both a class and
    /// the class annotation, but lets the annotation be added.
    fn store(&self, object: &Value) -> Result<(), Failed> {
        if self.send("POST", object, object)? {
            return Ok(());
        }
        if object["kind"] == "Namespace" {
            self.send("PATCH", object, object)?;
        }
        let class = &object["metadata"]["annotations"][CLASS_ANNOTATION];
        if object["kind"] == "Ingress" && !class.is_null() {
            let mut without = object.clone();
            if let Some(annotations) = without["metadata"]["annotations"].as_object_mut() {
                annotations.remove(CLASS_ANNOTATION);
            }
            self.send("POST", &without, &without)?;
            let added = json!({"metadata": {"annotations": {CLASS_ANNOTATION: class}}});
            self.send("PATCH", object, &added)?;
        }
        Ok(())
    }

    /// All objects of the kinds that rules read, and of those that remedies do, as `kubectl get --output json` has them.
    pub(crate) async fn dump(&self) -> Result<String, Failed> {
        let kinds = Kind::all().map(|kind| (kind.api_version(), kind.name()));
        let others = [("gateway.k8s.aws/v1beta1", "LoadBalancerConfiguration")];
        let lists = kinds
            .chain(others)
            .map(|(api_version, kind)| self.list(api_version, kind));
        let items = try_join_all(lists).await?.concat();
        Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
    }

    /// All objects of a kind; none where it is not served.
    async fn list(&self, api_version: &str, kind: &str) -> Result<Vec<Value>, Failed> {
        let of_kind = json!({"apiVersion": api_version, "kind": kind});
        let request = Request::get(path_of(&of_kind)).body(Vec::new())?;
        let list: Value = match self.client.request(request).await {
            Ok(list) => list,
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut items = elements(&list["items"]).to_vec();
        for item in &mut items {
            item["apiVersion"] = json!(api_version);
            item["kind"] = json!(kind);
        }
        Ok(items)
    }

    /// Sends a body about an object. Returns whether it was taken.
    fn send(&self, method: &str, object: &Value, body: &Value) -> Result<bool, Failed> {
        let mut path = path_of(object);
        if method != "POST" {
            write!(path, "/{}", text(&object["metadata"]["name"]))?;
        }
        let kind = match method {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(serde_json::to_vec(body)?);
        let Ok(request) = request else {
            // A name that is a placeholder.
            return Ok(false);
        };
        match self.runtime.block_on(self.client.request_text(request)) {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
