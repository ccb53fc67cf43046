//! What the trials in a cluster share: a control plane with all CRDs, and hands that install and write.

use std::path::PathBuf;

use control_plane::{AWS_CRDS, Binaries, ControlPlane, Options, Outcome};
use kube::api::{Api, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::helm::{CHART, Helm, Helms};
use crate::render::{IMAGE, RELEASE};
use crate::{Unprepared, say};

/// The webhook's Service has to have the port that the API server dials where there is no kube-proxy: one above 1024.
pub(crate) const PORT: &str = "service.port=8443";

/// The namespace in which trials write.
pub(crate) const NAMESPACE: &str = "default";
/// The values of an installation that enforces.
pub(crate) const ENFORCE: &[&str] = &["enforcement=enforce"];

/// CRDs that no Go module at hand has: Auto Mode's, the older ListenerSet, cert-manager's, Argo's, Prometheus'.
const MORE_CRDS: [(&str, &str, &str, &str); 8] = [
    (
        "eks.amazonaws.com",
        "v1",
        "IngressClassParams",
        "ingressclassparams",
    ),
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
    ("cert-manager.io", "v1", "Certificate", "certificates"),
    ("cert-manager.io", "v1", "Issuer", "issuers"),
    ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    (
        "monitoring.coreos.com",
        "v1",
        "PrometheusRule",
        "prometheusrules",
    ),
    (
        "eks.amazonaws.com",
        "v1",
        "TargetGroupBinding",
        "targetgroupbindings",
    ),
    (
        "gateway.networking.x-k8s.io",
        "v1alpha1",
        "XListenerSet",
        "xlistenersets",
    ),
];

/// Everything that the trials share.
pub(crate) struct Cluster {
    pub(crate) helms: Helms,
    pub(crate) plane: ControlPlane,
    pub(crate) client: Client,
    pub(crate) runtime: Runtime,
    files: TempDir,
}

impl Cluster {
    pub(crate) fn start(helms: &Helms) -> Result<Self, Unprepared> {
        let cluster = Self::start_without_crds(helms)?;
        let crds = [
            control_plane::gateway_api_crds()?,
            control_plane::istio_crds()?,
        ];
        for crd in crds {
            let file = crd.display().to_string();
            cluster.kubectl(&["apply", "--server-side", "--filename", &file])?;
        }
        succeeded(&cluster.plane.apply(AWS_CRDS)?)?;
        for (group, version, kind, plural) in MORE_CRDS {
            succeeded(
                &cluster
                    .plane
                    .apply(&crd(group, version, kind, plural).to_string())?,
            )?;
        }
        say("control plane ready");
        Ok(cluster)
    }

    /// A control plane of Kubernetes' own kinds.
    pub(crate) fn start_without_crds(helms: &Helms) -> Result<Self, Unprepared> {
        let binaries = Binaries::find_or_build(&mut std::io::stderr())?;
        let plane = ControlPlane::start(&binaries, &Options::default())?;
        let runtime = Runtime::new().map_err(|error| Unprepared::Failed(error.into()))?;
        let client = runtime.block_on(client(plane.kubeconfig().to_owned()))?;
        Ok(Self {
            helms: helms.clone().with_kubeconfig(plane.kubeconfig()),
            plane,
            client,
            runtime,
            files: tempfile::tempdir().map_err(|error| Unprepared::Failed(error.into()))?,
        })
    }

    /// `helm install` of the chart with these values, runs the trial, and uninstalls whatever is there then.
    pub(crate) fn installed<T>(
        &self,
        values: &[&str],
        trial: impl FnOnce(&Self) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        install(&self.helms.four, values)?;
        let done = trial(self);
        uninstall(&self.helms.four)?;
        done
    }

    /// A `kubectl` that has to succeed; its standard output.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String, Failed> {
        let outcome = self.plane.run_kubectl(arguments)?;
        succeeded(&outcome)?;
        Ok(outcome.stdout)
    }

    /// Takes the Secret of the authority away, so that the installation makes it anew.
    pub(crate) fn forget_authority(&self) -> Result<(), Failed> {
        let delete = ["delete", "secret", "l7guard-ca", "--namespace", RELEASE];
        self.kubectl(&[&delete[..], &["--ignore-not-found"]].concat())
            .map(drop)
    }

    /// An object of the release's namespace, or of none.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Result<Value, Failed> {
        Ok(self.plane.get_json(&[kind, name, "--namespace", RELEASE])?)
    }

    /// A file that lives as long as the cluster.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The collection that an object belongs to.
    pub(crate) fn api(&self, object: &Value) -> Api<DynamicObject> {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let version = text("apiVersion");
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, text("kind")));
        let client = self.client.clone();
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        }
    }

    /// Writes `authority` into every entry of the webhook configuration, as docs/install.md says of certificates that one
    /// brings.
    pub(crate) fn write_ca_bundle(&self, authority: &str) -> Result<(), Failed> {
        let configuration = self.get("validatingwebhookconfiguration", RELEASE)?;
        let entries = configuration["webhooks"].as_array().map_or(0, Vec::len);
        let patch: Vec<Value> = (0..entries)
            .map(|index| {
                let path = format!("/webhooks/{index}/clientConfig/caBundle");
                json!({"op": "add", "path": path, "value": base64(authority)})
            })
            .collect();
        let patch = json!(patch).to_string();
        self.kubectl(&[
            "patch",
            "validatingwebhookconfiguration",
            RELEASE,
            "--type=json",
            "--patch",
            &patch,
        ])?;
        Ok(())
    }
}

/// `helm upgrade --install` with these values alone.
pub(crate) fn install(helm: &Helm, values: &[&str]) -> Result<String, Failed> {
    install_chart(helm, CHART, values)
}

/// The same with another chart.
pub(crate) fn install_chart(helm: &Helm, chart: &str, values: &[&str]) -> Result<String, Failed> {
    let mut arguments = vec![
        "upgrade",
        "--install",
        RELEASE,
        chart,
        "--namespace",
        RELEASE,
        "--create-namespace",
        "--set",
        IMAGE,
        "--set",
        PORT,
    ];
    for value in values {
        arguments.extend(["--set", value]);
    }
    helm.succeed(&arguments)
}

/// `helm uninstall`, also where nothing is installed.
pub(crate) fn uninstall(helm: &Helm) -> Result<(), Failed> {
    helm.succeed(&[
        "uninstall",
        RELEASE,
        "--namespace",
        RELEASE,
        "--ignore-not-found",
    ])?;
    Ok(())
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

async fn client(kubeconfig: PathBuf) -> Result<Client, Failed> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

fn crd(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            // The API server protects its community's groups; this stands for a CRD that was approved.
            "annotations": {"api-approved.kubernetes.io": "unapproved, experimental-only"},
        },
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}

/// A `kubectl` that had to succeed did.
pub(crate) fn succeeded(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.status.success() {
        return Ok(());
    }
    Err(outcome.stderr.clone().into())
}
