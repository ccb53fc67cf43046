//! What the trials share: a cluster in which the example world and some violators stand already, and the webhook.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use control_plane::{Binaries, ControlPlane, Options, Outcome};
use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::kubectl::{kubectl, kubectl_with_input, silent_success};
use crate::webhook::{Installation, Namespaces, Webhook};
use crate::{come_again, drain, failure_policy, managed_certificates, replicas};

/// The namespaces of the example world.
const NAMESPACES: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
";

/// The world of `examples/quickstart`: the webhook is given it as manifests, and it stands in the cluster too.
pub(crate) const WORLD: &str = "examples/quickstart/world";

/// Ingresses that break the policy and are older than the webhook, each for one trial.
const OLDER: &str = "tests/cluster/fixtures/older-than-the-webhook.yaml";

/// The webhook of all trials. The API server knows it by this name, and so does `kubectl` in its messages.
pub(crate) const WEBHOOK: &str = "l7guard.l7guard.svc";

/// Namespaces that the shared webhook is not asked about.
const LEFT_ALONE: [&str; 13] = [
    "l7guard",
    come_again::NAMESPACE,
    drain::NAMESPACE,
    replicas::NAMESPACE,
    failure_policy::NAMESPACE,
    managed_certificates::MADE,
    managed_certificates::WIPED,
    managed_certificates::ROTATED,
    managed_certificates::MENDED,
    managed_certificates::LAGGING,
    managed_certificates::WITHOUT_RIGHTS,
    managed_certificates::FOREIGN,
    managed_certificates::SWITCHED,
];

/// A control plane, and a webhook that it calls.
pub(crate) struct Scene {
    pub(crate) cluster: ControlPlane,
    _webhook: Webhook,
    logs: TempDir,
}

impl Scene {
    /// Starts everything: the violators are older than the webhook, as in a cluster that l7guard is installed into.
    pub(crate) fn start(binaries: &Binaries) -> Result<Self, Failed> {
        let cluster = ControlPlane::start(binaries, &Options::default())?;
        let logs = tempfile::Builder::new()
            .prefix("l7guard-cluster-logs-")
            .tempdir()?;
        let apply = ["apply", "--filename", "-"];
        silent_success(&kubectl_with_input(&cluster, &apply, NAMESPACES)?)?;
        silent_success(&kubectl(
            &cluster,
            &["apply", "--filename", WORLD, "--filename", OLDER],
        )?)?;
        let installation = Installation {
            namespace: "l7guard",
            certified_for: WEBHOOK,
            reviews: Namespaces::AllBut(&LEFT_ALONE),
            probed_in: "shop",
            drain: Duration::ZERO,
        };
        let webhook = installation.install(&cluster, logs.path())?;
        Ok(Self {
            cluster,
            _webhook: webhook,
            logs,
        })
    }

    /// `kubectl` as administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<Outcome, Failed> {
        kubectl(&self.cluster, arguments)
    }

    /// `kubectl apply` of these manifests as administrator.
    pub(crate) fn apply(&self, manifests: &str) -> Result<Outcome, Failed> {
        kubectl_with_input(&self.cluster, &["apply", "--filename", "-"], manifests)
    }

    /// Where webhooks write their logs.
    pub(crate) fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// Keeps every log beyond the end, and says where.
    pub(crate) fn keep_logs(&mut self) {
        self.cluster.keep_logs();
        self.logs.disable_cleanup(true);
        let logs = self.logs.path().display();
        let _ = writeln!(
            io::stderr(),
            "cluster tests: l7guard's logs are kept in {logs}"
        );
    }
}

/// The root folder of this repository. Paths in what `kubectl` prints are from there.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
