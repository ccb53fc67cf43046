//! The cluster of all trials, and what is looked at in it.

use std::fs;
use std::path::PathBuf;

use control_plane::{Binaries, ControlPlane, Options, Outcome};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::crds;
use crate::guard::{Guard, until};

const SHARED: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: guard}}
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

/// A control plane, and where replicas write their logs.
pub(crate) struct Stage {
    pub(crate) cluster: ControlPlane,
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
        let stage = Self {
            cluster,
            configuration,
            files,
        };
        for manifests in [crds::ISTIO, &crds::policy_reports(), SHARED] {
            stage.apply(manifests)?;
        }
        let wait = ["wait", "--for=condition=Established", "crd", "--all"];
        done(&stage.cluster.run_kubectl(&wait)?)?;
        Ok(stage)
    }

    pub(crate) fn start(&self, replica: &str) -> Result<Guard, Failed> {
        let kubeconfig = self.cluster.kubeconfig();
        Guard::start(kubeconfig, &self.configuration, replica, self.files.path())
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
        let result = until(&format!("{at}/{name} is reported"), || {
            Ok(self.results("reports.openreports.io", at, name)?.pop())
        })?;
        until(&format!("{at}/{name} has an Event"), || {
            Ok(self.events(at, name, "L7GuardFinding")?.pop())
        })?;
        Ok(result)
    }

    /// Waits until it is in no report, and an Event says so.
    pub(crate) fn gone(&self, at: &str, name: &str) -> Result<(), Failed> {
        until(&format!("{at}/{name} is gone from the report"), || {
            let results = self.results("reports.openreports.io", at, name)?;
            Ok(results.is_empty().then_some(()))
        })?;
        until(&format!("{at}/{name} has an Event that it is gone"), || {
            Ok(self.events(at, name, "L7GuardFindingGone")?.pop())
        })?;
        Ok(())
    }
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
