//! The cluster of all trials, and what is looked at in it.

use std::fs;
use std::path::PathBuf;

use control_plane::{Binaries, ControlPlane, Options, Outcome};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::crds;
use crate::guard::{Guard, soon, until};
use crate::trials::LEADER;

const SHARED: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: l7guard}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: public}
spec: {controller: ingress.k8s.aws/alb}
";

const CONFIGURATION: &str = "
apiVersion: l7guard/v1
kind: Configuration
audit: {interval: 10s}
";

/// What the chart renders, and what its own tests hold it to: the rights in it are those that are documented.
const CHART: &str = include_str!("../chart/snapshots/default.snap");

/// A control plane, and where replicas write their logs.
pub(crate) struct Stage {
    pub(crate) cluster: ControlPlane,
    /// As the chart's `ServiceAccount`.
    kubeconfig: PathBuf,
    pub(crate) configuration: PathBuf,
    pub(crate) files: TempDir,
}

impl Stage {
    pub(crate) fn prepare(binaries: &Binaries) -> Result<Self, Failed> {
        let options = Options {
            // Pods are written without the service account that a controller would make.
            api_server_arguments: vec!["--disable-admission-plugins=ServiceAccount".to_owned()],
            audit_log: false,
            ..Options::default()
        };
        let cluster = ControlPlane::start(binaries, &options)?;
        let files = tempfile::tempdir()?;
        let configuration = files.path().join("l7guard.yaml");
        fs::write(&configuration, CONFIGURATION)?;
        let mut stage = Self {
            kubeconfig: files.path().join("kubeconfig"),
            cluster,
            configuration,
            files,
        };
        for manifests in [crds::ISTIO, &crds::policy_reports(), SHARED, &rights()] {
            stage.apply(manifests)?;
        }
        stage.log_in()?;
        let wait = ["wait", "--for=condition=Established", "crd", "--all"];
        done(&stage.cluster.run_kubectl(&wait)?)?;
        Ok(stage)
    }

    pub(crate) fn start(&self, replica: &str) -> Result<Guard, Failed> {
        let files = self.files.path();
        Guard::start(&self.kubeconfig, &self.configuration, replica, files)
    }

    /// Writes the kubeconfig of the `ServiceAccount`.
    fn log_in(&mut self) -> Result<(), Failed> {
        let token = ["create", "token", "l7guard", "--namespace", "l7guard"];
        let token = self.cluster.run_kubectl(&token)?;
        done(&token)?;
        let administrator = fs::read_to_string(self.cluster.kubeconfig())?;
        let mut kubeconfig: Value = serde_json::from_str(&administrator)?;
        kubeconfig["users"][0]["user"] = json!({"token": token.stdout.trim()});
        Ok(fs::write(&self.kubeconfig, kubeconfig.to_string())?)
    }

    /// Fails where a replica was not allowed to do what it wanted to.
    pub(crate) fn all_was_allowed(&self) -> Result<(), Failed> {
        for entry in fs::read_dir(self.files.path())? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "log") {
                continue;
            }
            let log = fs::read_to_string(&path)?;
            let forbidden = |line: &&str| line.contains("forbidden") && line.contains("User");
            if let Some(line) = log.lines().find(forbidden) {
                return Err(format!("{}: {line}", path.display()).into());
            }
        }
        Ok(())
    }

    pub(crate) fn apply(&self, manifests: &str) -> Result<(), Failed> {
        done(&self.cluster.apply(manifests)?)
    }

    pub(crate) fn write(&self, objects: &[Value]) -> Result<(), Failed> {
        self.apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<(), Failed> {
        done(&self.cluster.run_kubectl(arguments)?)
    }

    /// The results of a namespace's report about an object.
    pub(crate) fn results(
        &self,
        reports: &str,
        at: &str,
        name: &str,
    ) -> Result<Vec<Value>, Failed> {
        let list = self.get(&[reports, "--namespace", at])?;
        let reports = list["items"].as_array().cloned().unwrap_or_default();
        let results = reports
            .iter()
            .flat_map(|report| report["results"].as_array().cloned().unwrap_or_default());
        Ok(results
            .filter(|result| result["resources"][0]["name"] == name)
            .collect())
    }

    /// The Events of an object, of this reason.
    pub(crate) fn events(&self, at: &str, name: &str, reason: &str) -> Result<Vec<Value>, Failed> {
        let get = ["events.events.k8s.io", "--namespace", at];
        let list = self.get(&get)?;
        let events = list["items"].as_array().cloned().unwrap_or_default();
        let is_wanted =
            |event: &Value| event["regarding"]["name"] == name && event["reason"] == reason;
        Ok(events.into_iter().filter(is_wanted).collect())
    }

    pub(crate) fn get(&self, arguments: &[&str]) -> Result<Value, Failed> {
        Ok(self.cluster.get_json(arguments)?)
    }

    /// Waits until an Ingress's finding is in a report and an Event.
    pub(crate) fn found(&self, at: &str, name: &str) -> Result<Value, Failed> {
        let result = soon(&format!("{at}/{name} is reported"), || {
            Ok(self.results("reports.openreports.io", at, name)?.pop())
        })?;
        soon(&format!("{at}/{name} has an Event"), || {
            Ok(self.events(at, name, "L7GuardFinding")?.pop())
        })?;
        Ok(result)
    }

    /// As [`Self::found`], once the replica leads.
    pub(crate) fn found_after_start(
        &self,
        guard: &Guard,
        at: &str,
        name: &str,
    ) -> Result<Value, Failed> {
        until("the replica leads", || {
            Ok((guard.metric(LEADER)? > 0).then_some(()))
        })?;
        self.found(at, name)
    }

    /// Waits until it is in no report, and an Event says so.
    pub(crate) fn gone(&self, at: &str, name: &str) -> Result<(), Failed> {
        soon(&format!("{at}/{name} is gone from the report"), || {
            let results = self.results("reports.openreports.io", at, name)?;
            Ok(results.is_empty().then_some(()))
        })?;
        soon(&format!("{at}/{name} has an Event that it is gone"), || {
            Ok(self.events(at, name, "L7GuardFindingGone")?.pop())
        })?;
        Ok(())
    }
}

/// Account and roles of the chart.
fn rights() -> String {
    let is_right = |manifest: &&str| {
        let is = |line: &str| manifest.lines().any(|of_manifest| of_manifest == line);
        let kinds = [
            "ServiceAccount",
            "ClusterRole",
            "ClusterRoleBinding",
            "Role",
            "RoleBinding",
        ];
        manifest.contains("metadata:\n  name: l7guard\n")
            && kinds.iter().any(|kind| is(&format!("kind: {kind}")))
    };
    let rights: Vec<&str> = CHART.split("\n---\n").filter(is_right).collect();
    assert_eq!(rights.len(), 5, "{rights:?}");
    rights.join("\n---\n")
}

pub(crate) fn done(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.status.success() {
        return Ok(());
    }
    Err(outcome.stderr.clone().into())
}

pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

pub(crate) fn service(at: &str, name: &str, selector: Option<&Value>) -> Value {
    let mut spec = json!({"ports": [{"port": 80}]});
    if let Some(selector) = selector {
        spec["selector"] = selector.clone();
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": at, "name": name}, "spec": spec})
}

pub(crate) fn ingress(at: &str, name: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"namespace": at, "name": name},
        "spec": {
            "ingressClassName": "public",
            "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        },
    })
}

fn template(labels: &Value) -> Value {
    json!({
        "metadata": {"labels": labels},
        "spec": {"containers": [{
            "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.27.0", "args": ["proxy", "router"],
        }]},
    })
}

/// A Deployment of gateways whose Pods bear `labels`.
pub(crate) fn gateway(at: &str, name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": at, "name": name},
        "spec": {"selector": {"matchLabels": {"of": name}}, "template": template(labels)},
    })
}

/// A Pod of nobody's that is a gateway.
pub(crate) fn gateway_pod(at: &str, name: &str, labels: &Value) -> Value {
    let mut pod = template(labels);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["namespace"] = json!(at);
    pod["metadata"]["name"] = json!(name);
    pod
}
