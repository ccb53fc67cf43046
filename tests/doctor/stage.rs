//! What the trials share: a control plane with an installation of l7guard in good order.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use control_plane::{AWS_CRDS, Binaries, ControlPlane, Options, until};
use libtest_mimic::Failed;
use serde_json::Value;
use tempfile::TempDir;

use crate::diagnosis::{self, Diagnosis};
use crate::kubelet::Kubelet;
use crate::objects;
use crate::pki::Authority;
use crate::replica::Replica;

/// The name that the certificates are for.
pub(crate) const SERVER_NAME: &str = "l7guard.l7guard.svc";

const CONFIGURATION: &str = "apiVersion: l7guard/v1\nkind: Configuration\n";

/// The namespaces and the `ServiceAccount`.
const FIRST: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: l7guard, name: l7guard}}
";

pub(crate) struct Stage {
    // Dropped in this order: the replicas watch the control plane.
    pub(crate) first: Replica,
    _second: Replica,
    pub(crate) cluster: ControlPlane,
    pub(crate) kubelet: Kubelet,
    pub(crate) authority: Authority,
    /// An address at which nobody listens.
    pub(crate) spare: Ipv4Addr,
    addresses: [Ipv4Addr; 2],
    folder: TempDir,
}

impl Stage {
    /// Starts everything, and returns when every line is as it should be.
    pub(crate) fn start(binaries: &Binaries) -> Result<Self, Failed> {
        let cluster = ControlPlane::start(binaries, &Options::default())?;
        let address = |name| -> Result<Ipv4Addr, Failed> {
            Ok(*cluster.create_webhook_service("l7guard", name)?.ip())
        };
        let addresses = [address("l7guard")?, address("second")?];
        let spare = address("spare")?;
        let (kubelet, authority, folder) =
            (Kubelet::start()?, Authority::new()?, tempfile::tempdir()?);
        let mut replicas = Vec::new();
        for (pod, address) in ["a", "b"].into_iter().zip(addresses) {
            authority.write(&folder.path().join(pod), SERVER_NAME, 365)?;
            fs::write(folder.path().join(pod).join("l7guard.yaml"), CONFIGURATION)?;
            replicas.push(Replica::start(
                address,
                &folder.path().join(pod),
                cluster.kubeconfig(),
            )?);
        }
        let (Some(second), Some(first)) = (replicas.pop(), replicas.pop()) else {
            return Err("no replicas".into());
        };
        let stage = Self {
            first,
            _second: second,
            cluster,
            kubelet,
            authority,
            spare,
            addresses,
            folder,
        };
        stage.install()?;
        stage.until_all_is_well()?;
        Ok(stage)
    }

    fn install(&self) -> Result<(), Failed> {
        self.place_replicas();
        for text in [AWS_CRDS, FIRST, objects::cluster_role()] {
            self.apply(text)?;
        }
        let world = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart/world");
        self.kubectl(&["apply", "--filename", world])?;
        for object in [
            objects::node(),
            objects::pod("a"),
            objects::pod("b"),
            objects::binding(),
            objects::further_role(),
        ] {
            self.apply(&object.to_string())?;
        }
        let status = objects::node_status(self.kubelet.port).to_string();
        self.kubectl(&[
            "patch",
            "node",
            "node",
            "--subresource=status",
            "--type=merge",
            "--patch",
            &status,
        ])?;
        self.mend()
    }

    /// Both replicas where they are.
    pub(crate) fn place_replicas(&self) {
        for (pod, address) in ["a", "b"].into_iter().zip(self.addresses) {
            for port in [8443, 9090] {
                self.kubelet
                    .place(pod, port, SocketAddr::from((address, port)));
            }
        }
    }

    /// Puts everything that a trial may have broken into good order.
    pub(crate) fn mend(&self) -> Result<(), Failed> {
        self.place_replicas();
        self.put(&objects::webhook(&self.authority.bundle()))?;
        self.put(&objects::slice([true, true]))?;
        self.put(&objects::binding())?;
        self.put(&objects::further_binding())?;
        self.put(&objects::aws_controller(&[]))?;
        self.put(&objects::istiod(&serde_json::json!([])))?;
        for pod in ["a", "b"] {
            fs::write(self.file(pod, "l7guard.yaml"), CONFIGURATION)?;
        }
        Ok(())
    }

    pub(crate) fn file(&self, pod: &str, name: &str) -> PathBuf {
        self.folder.path().join(pod).join(name)
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `kubectl` as administrator, which has to succeed.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<(), Failed> {
        let outcome = self.cluster.run_kubectl(arguments)?;
        if outcome.status.success() {
            return Ok(());
        }
        Err(format!("kubectl {}: {}", arguments.join(" "), outcome.stderr).into())
    }

    fn apply(&self, manifests: &str) -> Result<(), Failed> {
        let outcome = self.cluster.apply(manifests)?;
        if outcome.status.success() {
            return Ok(());
        }
        Err(outcome.stderr.into())
    }

    /// Writes an object as a whole, whether it is there or not.
    pub(crate) fn put(&self, object: &Value) -> Result<(), Failed> {
        let text = object.to_string();
        let mut said = String::new();
        for verb in ["replace", "create"] {
            let outcome = self
                .cluster
                .run_kubectl_with(&[verb, "--filename", "-"], &text)?;
            if outcome.status.success() {
                return Ok(());
            }
            said.push_str(&outcome.stderr);
        }
        Err(said.into())
    }

    /// Writes the webhook configuration with this change.
    pub(crate) fn change_webhook(&self, change: impl FnOnce(&mut Value)) -> Result<(), Failed> {
        let mut configuration = objects::webhook(&self.authority.bundle());
        change(&mut configuration["webhooks"][0]);
        self.put(&configuration)
    }

    /// Asks `doctor` as administrator.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<Diagnosis, Failed> {
        diagnosis::run(
            self.cluster.kubeconfig(),
            &[&["--output", "json"], arguments].concat(),
        )
    }

    /// Asks `doctor` until a line of this check comes out so with this part of a message (what was written takes a moment to
    /// be in force), and puts everything in order again. `bad` has to end with status 1, the others with 0.
    pub(crate) fn expect(&self, check: &str, outcome: &str, part: &str) -> Result<(), Failed> {
        let found = self.wait_for(check, outcome, part);
        self.mend()?;
        let status = found?;
        if outcome == "bad" {
            assert_eq!(status, Some(1));
        }
        Ok(())
    }

    fn wait_for(&self, check: &str, outcome: &str, part: &str) -> Result<Option<i32>, Failed> {
        let mut said = String::new();
        let found = until(
            &format!("a line {outcome} of {check} with {part:?}"),
            || {
                let diagnosis = self.ask(&[])?;
                let is_it = |line: &diagnosis::Line| {
                    line.check == check && line.outcome == outcome && line.message.contains(part)
                };
                let is_there = diagnosis.lines()?.iter().any(is_it);
                said = diagnosis.output;
                Ok(is_there.then_some(diagnosis.status))
            },
        );
        found.map_err(|error| last_said(&error, &said))
    }

    /// Waits until every line is good.
    pub(crate) fn until_all_is_well(&self) -> Result<(), Failed> {
        let mut said = String::new();
        let well = until("all is well", || {
            let diagnosis = self.ask(&["--strict"])?;
            said = format!("{}{}", diagnosis.output, diagnosis.error);
            Ok((diagnosis.status == Some(0)).then_some(()))
        });
        well.map_err(|error| last_said(&error, &said))
    }

    /// What the operations port of the first replica answers.
    pub(crate) fn metrics_of_the_first(&self) -> Result<String, Failed> {
        let mut stream = TcpStream::connect((self.addresses[0], 9090))?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: l7guard\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// The kubeconfig of a user without rights.
    pub(crate) fn nobody(&self) -> &Path {
        self.cluster.developer_kubeconfig()
    }
}

fn last_said(error: &Failed, said: &str) -> Failed {
    let message = error.message().unwrap_or_default();
    format!("{message}; doctor said at last: {said}").into()
}
