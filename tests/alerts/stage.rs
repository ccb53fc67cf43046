//! A cluster with l7guard in good order, whose webhooks bear the names that the chart gives them.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};

use control_plane::{Binaries, ControlPlane, Error, Options};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pki::Authority;
use crate::replica::Replica;
use crate::samples::Look;

/// The name that the certificate of the replica in good order is for.
pub(crate) const SERVER_NAME: &str = "l7guard.l7guard.svc";

pub(crate) const CONFIGURATION: &str = "apiVersion: l7guard/v1\nkind: Configuration\n";

const FIRST: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
";

pub(crate) struct Stage {
    // Dropped in this order: replicas watch the control plane.
    sound: Replica,
    _without_rights: Replica,
    pub(crate) cluster: ControlPlane,
    pub(crate) authority: Authority,
    /// Where the replica in good order is, and the one that may not list anything.
    pub(crate) addresses: [Ipv4Addr; 2],
    folder: TempDir,
}

impl Stage {
    /// Starts everything; `None`: nothing can run here, which has been said.
    pub(crate) fn start() -> Result<Option<Self>, Failed> {
        let binaries = match Binaries::find_or_build(&mut io::stderr()) {
            Err(error @ Error::GoMissing { .. })
                if std::env::var("CI").as_deref() != Ok("true") =>
            {
                let _ = writeln!(
                    io::stderr(),
                    "alerts: SKIPPED against a real API server: {error}"
                );
                return Ok(None);
            }
            binaries => binaries?,
        };
        let options = Options {
            audit_log: false,
            ..Options::default()
        };
        let cluster = ControlPlane::start(&binaries, &options)?;
        let (authority, folder) = (Authority::new()?, tempfile::tempdir()?);
        let service = |name| cluster.create_webhook_service("l7guard", name);
        let addresses = [*service("l7guard")?.ip(), *service("second")?.ip()];
        // A replica looks at its webhook configuration when it starts, and then every 15 seconds.
        register(
            &cluster,
            &authority.bundle(),
            &["ingresses", "ingressclasses"],
        )?;
        let start = |service: &str, address, kubeconfig: &Path| -> Result<Replica, Failed> {
            let folder = folder.path().join(service);
            authority.write(&folder, &format!("{service}.l7guard.svc"), 365)?;
            fs::write(folder.join("l7guard.yaml"), CONFIGURATION)?;
            Replica::start(address, &folder, kubeconfig)
        };
        let sound = start("l7guard", addresses[0], cluster.kubeconfig())?;
        let without_rights = start("second", addresses[1], cluster.developer_kubeconfig())?;
        let stage = Self {
            sound,
            _without_rights: without_rights,
            cluster,
            authority,
            addresses,
            folder,
        };
        stage.apply(FIRST)?;
        let world = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart/world");
        stage.kubectl(&["apply", "--filename", world])?;
        Ok(Some(stage))
    }

    /// The files of the replica in good order.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("l7guard").join(name)
    }

    /// Has the API server ask the replica without rights about `ConfigMaps`.
    pub(crate) fn register_without_rights(&self) -> Result<(), Failed> {
        let bundle = self.authority.bundle();
        let rule = rule("", &["configmaps"]);
        configure(
            &self.cluster,
            "second",
            &json!([entry("gateways", "second", "Ignore", &bundle, &rule)]),
        )
    }

    pub(crate) fn apply(&self, manifests: &str) -> Result<(), Failed> {
        apply(&self.cluster, manifests)
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<(), Failed> {
        let outcome = self.cluster.run_kubectl(arguments)?;
        outcome
            .status
            .success()
            .then_some(())
            .ok_or_else(|| outcome.stderr.into())
    }

    /// Has the replica in good order read its files now.
    pub(crate) fn hang_up(&self) -> Result<(), Failed> {
        self.sound.signal("HUP")
    }

    /// What the API server says of itself.
    pub(crate) fn look_at_api_server(&self) -> Result<Look, Failed> {
        let outcome = self.cluster.run_kubectl(&["get", "--raw", "/metrics"])?;
        Look::of(&outcome.stdout)
    }
}

/// What a replica says of itself.
pub(crate) fn look(address: Ipv4Addr) -> Result<Look, Failed> {
    let mut stream = TcpStream::connect((address, 9090))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: l7guard\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (_, body) = text.split_once("\r\n\r\n").ok_or("no body")?;
    Look::of(body)
}

/// Writes the webhook configuration: its authority, and the resources of `networking.k8s.io` that are asked about.
pub(crate) fn register(
    cluster: &ControlPlane,
    bundle: &str,
    networking: &[&str],
) -> Result<(), Failed> {
    let networking = rule("networking.k8s.io", networking);
    let services = rule("", &["services"]);
    let webhooks = json!([
        entry("ingresses", "l7guard", "Ignore", bundle, &networking),
        entry("services", "l7guard", "Fail", bundle, &services),
    ]);
    configure(cluster, "l7guard", &webhooks)
}

fn configure(cluster: &ControlPlane, name: &str, webhooks: &Value) -> Result<(), Failed> {
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": webhooks,
    });
    apply(cluster, &configuration.to_string())
}

fn apply(cluster: &ControlPlane, manifests: &str) -> Result<(), Failed> {
    let outcome = cluster.apply(manifests)?;
    outcome
        .status
        .success()
        .then_some(())
        .ok_or_else(|| outcome.stderr.into())
}

fn rule(group: &str, resources: &[&str]) -> Value {
    json!({"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": resources})
}

fn entry(name: &str, service: &str, policy: &str, bundle: &str, rule: &Value) -> Value {
    json!({
        "name": format!("{name}.admission.l7guard"),
        "clientConfig": {
            "service": {"namespace": "l7guard", "name": service, "path": "/validate", "port": 8443},
            "caBundle": bundle,
        },
        "rules": [rule],
        "namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "istio-system"]}]},
        "failurePolicy": policy,
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": if service == "second" { 1 } else { 5 },
        "admissionReviewVersions": ["v1"],
    })
}
