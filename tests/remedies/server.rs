//! A real API server takes the changes: strictly, as patches where they are patches, and without keeping them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use control_plane::{AWS_CRDS, Binaries, ControlPlane, Error, Options};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::change::{Action, Change, PatchType};
use crate::manifests::{Identity, Manifests, text};
use crate::resources::{OTHERS, crd_of, path_of};

/// A control plane with the CRDs of all kinds that fixtures hold.
pub(crate) struct Server {
    runtime: Runtime,
    client: Client,
    _cluster: ControlPlane,
}

/// What became of a write.
enum Written {
    /// With the object as the server holds it then.
    Taken(Value),
    Refused(String),
}

/// Why there is no server.
pub(crate) enum Absent {
    /// There is no Go to build one with.
    NoGo(Error),
    Failed(Failed),
}

impl From<Error> for Absent {
    fn from(error: Error) -> Self {
        match error {
            Error::GoMissing { .. } => Self::NoGo(error),
            other => Self::Failed(other.into()),
        }
    }
}

impl Server {
    pub(crate) fn start() -> Result<Self, Absent> {
        let binaries = Binaries::find_or_build(&mut io::stderr())?;
        let crds = [
            control_plane::gateway_api_crds()?,
            control_plane::istio_crds()?,
        ];
        let cluster = ControlPlane::start(&binaries, &Options::default())?;
        for crd in crds {
            let file = crd.display().to_string();
            cluster.run_kubectl(&["apply", "--server-side", "--filename", &file])?;
        }
        cluster.apply(AWS_CRDS)?;
        for crd in OTHERS {
            cluster.apply(&crd_of(crd).to_string())?;
        }
        cluster.run_kubectl(&["wait", "--for=condition=Established", "crd", "--all"])?;
        Self::connect(cluster).map_err(Absent::Failed)
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
            _cluster: cluster,
        })
    }

    /// Stores a world, and takes it away again afterwards. The world is handed on as the server holds it, with its
    /// defaults; what it does not take stays as it is.
    pub(crate) fn with<T>(
        &self,
        world: &Manifests,
        then: impl FnOnce(&Stored<'_>) -> T,
    ) -> Result<T, Failed> {
        let mut stored = BTreeSet::new();
        let mut held = Vec::new();
        for object in &world.0 {
            self.namespace(text(&object["metadata"]["namespace"]))?;
            held.push(match self.store(object)? {
                Written::Taken(stored_object) => {
                    stored.insert(Identity::of(object));
                    stored_object
                }
                Written::Refused(_) => object.clone(),
            });
        }
        let result = then(&Stored {
            server: self,
            held: &stored,
            world: Manifests(held),
        });
        for object in &world.0 {
            if stored.contains(&Identity::of(object)) {
                // Nobody else would take the finalizers away.
                let freed = json!({"metadata": {"finalizers": null}});
                self.send("PATCH", object, "", &freed)?;
                let now = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
                self.send("DELETE", object, "", &now)?;
            }
        }
        Ok(result)
    }

    /// Creates an object as it is, or as it can come to be: the API server takes no new Ingress with both a class and
    /// the class annotation, but lets the annotation be added.
    fn store(&self, object: &Value) -> Result<Written, Failed> {
        let written = self.send("POST", object, "", object)?;
        let class = &object["metadata"]["annotations"][CLASS_ANNOTATION];
        if matches!(written, Written::Taken(_))
            || text(&object["kind"]) != "Ingress"
            || class.is_null()
        {
            return Ok(written);
        }
        let mut without = object.clone();
        if let Some(annotations) = without["metadata"]["annotations"].as_object_mut() {
            annotations.remove(CLASS_ANNOTATION);
        }
        let written = self.send("POST", &without, "", &without)?;
        if let Written::Refused(_) = written {
            return Ok(written);
        }
        let added = json!({"metadata": {"annotations": {CLASS_ANNOTATION: class}}});
        self.send("PATCH", object, "", &added)
    }

    fn namespace(&self, name: &str) -> Result<(), Failed> {
        if !name.is_empty() {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            self.send("POST", &namespace, "", &namespace)?;
        }
        Ok(())
    }

    /// Sends a body about an object.
    fn send(
        &self,
        method: &str,
        object: &Value,
        query: &str,
        body: &Value,
    ) -> Result<Written, Failed> {
        let mut path = path_of(object);
        if method != "POST" {
            write!(path, "/{}", text(&object["metadata"]["name"]))?;
        }
        let kind = match (method, body.is_array()) {
            ("PATCH", true) => "application/json-patch+json",
            ("PATCH", false) => "application/merge-patch+json",
            _ => "application/json",
        };
        let request = hyper::http::Request::builder()
            .method(method)
            .uri(format!("{path}?{query}"))
            .header("content-type", kind)
            .body(serde_json::to_vec(body)?)?;
        match self.runtime.block_on(self.client.request_text(request)) {
            Ok(answer) => Ok(Written::Taken(desired(&answer)?)),
            Err(kube::Error::Api(status)) => Ok(Written::Refused(status.message.clone())),
            Err(error) => Err(error.into()),
        }
    }
}

/// A world that the server holds.
pub(crate) struct Stored<'a> {
    server: &'a Server,
    /// What of it the server takes.
    held: &'a BTreeSet<Identity>,
    pub(crate) world: Manifests,
}

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

const STRICT: &str = "dryRun=All&fieldValidation=Strict";

impl Stored<'_> {
    /// Why the server does not take a change; `None`: it does, or the change is about what it does not hold.
    pub(crate) fn refusal(&self, change: &Change) -> Result<Option<String>, Failed> {
        let target = json!({
            "apiVersion": change.target.api_version, "kind": change.target.kind,
            "metadata": {"namespace": change.target.namespace, "name": change.target.name},
        });
        let is_held = self.holds(&change.target.identity());
        let written = match (change.action, &change.patch, &change.object) {
            (Action::Patch, Some(patch), _) if is_held => {
                let is_json = change.patch_type == Some(PatchType::Json);
                if is_json != patch.is_array() {
                    return Ok(Some("the patch is of another type".to_owned()));
                }
                self.server.send("PATCH", &target, STRICT, &filled(patch))?
            }
            (Action::Create, _, Some(object)) if is_rendered(object) => {
                let namespace = text(&object["metadata"]["namespace"]);
                self.server.namespace(namespace)?;
                if !change.placeholders.is_empty() && self.takes(object)? {
                    return Ok(Some("the placeholders are taken as they are".to_owned()));
                }
                self.server.send("POST", object, STRICT, &filled(object))?
            }
            (Action::Delete, ..) if is_held => {
                let dry = json!({"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]});
                self.server.send("DELETE", &target, "", &dry)?
            }
            _ => return Ok(None),
        };
        Ok(match written {
            Written::Taken(_) => None,
            Written::Refused(message) => Some(message),
        })
    }

    pub(crate) fn holds(&self, identity: &Identity) -> bool {
        self.held.contains(identity)
    }

    fn takes(&self, object: &Value) -> Result<bool, Failed> {
        let written = self.server.send("POST", object, STRICT, object)?;
        Ok(matches!(written, Written::Taken(_)))
    }
}

/// An object without what the server alone writes.
fn desired(answer: &str) -> Result<Value, Failed> {
    let mut object: Value = serde_json::from_str(answer)?;
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    Ok(object)
}

/// Whether an object has the names that it will have: those of a template are filled in before.
fn is_rendered(object: &Value) -> bool {
    let is_plain = |name: &Value| !text(name).contains(['$', '{']);
    is_plain(&object["metadata"]["namespace"]) && is_plain(&object["metadata"]["name"])
}

/// With something in place of every placeholder.
fn filled(value: &Value) -> Value {
    match value {
        Value::String(text) if crate::placeholders::is_placeholder(text) => json!("filled-in"),
        Value::Array(elements) => elements.iter().map(filled).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), filled(value)))
            .collect(),
        other => other.clone(),
    }
}
