//! l7guard installed into a cluster, as in production: a Service, a certificate for its name, a configuration.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::{ControlPlane, WEBHOOK_PORT, WebhookCertificate};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::kubectl::{kubectl_with_input, silent_success};
use crate::serve::Serve;
use control_plane::until;

/// How l7guard is to be installed.
pub(crate) struct Installation {
    /// The namespace of its Service `l7guard`, and the name of its configuration.
    pub(crate) namespace: &'static str,
    /// The name that its certificate is for. In good order that is `l7guard.<namespace>.svc`.
    pub(crate) certified_for: &'static str,
    /// Which namespaces' objects the API server asks about.
    pub(crate) reviews: Namespaces,
    /// One of those namespaces.
    pub(crate) probed_in: &'static str,
    /// How long it goes on after SIGTERM, in whole seconds.
    pub(crate) drain: Duration,
}

/// A choice of namespaces.
pub(crate) enum Namespaces {
    AllBut(&'static [&'static str]),
    Only(&'static str),
}

/// l7guard in a cluster. Its process ends when this is dropped; its configuration stays.
pub(crate) struct Webhook {
    pub(crate) serve: Serve,
}

impl Installation {
    /// Installs it, and returns when the API server asks it.
    pub(crate) fn install(&self, cluster: &ControlPlane, logs: &Path) -> Result<Webhook, Failed> {
        let namespace = self.namespace;
        let address = cluster.create_webhook_service(namespace, "l7guard")?;
        let folder = tempfile::tempdir()?;
        let certificate = WebhookCertificate::write_into(folder.path(), self.certified_for)?;
        let log = logs.join(format!("{namespace}.log"));
        let serve = Serve::start(address, &certificate, self.drain, &log)?;
        self.register(cluster, &certificate.authority)?;
        Ok(Webhook { serve })
    }

    /// Tells the API server of a webhook that is there, and returns when it asks it.
    pub(crate) fn register(&self, cluster: &ControlPlane, authority: &str) -> Result<(), Failed> {
        let configuration = self.configuration(authority);
        let apply = ["apply", "--filename", "-"];
        silent_success(&kubectl_with_input(
            cluster,
            &apply,
            &configuration.to_string(),
        )?)?;
        let probe = probe(self.probed_in);
        until("the API server asks the webhook", || {
            let dry_run = ["apply", "--dry-run=server", "--filename", "-"];
            let is_refused = !kubectl_with_input(cluster, &dry_run, &probe)?
                .status
                .success();
            Ok(is_refused.then_some(()))
        })
    }

    fn configuration(&self, authority: &str) -> Value {
        let namespace = self.namespace;
        let rule = |group: &str, resources: &[&str]| {
            json!({
                "apiGroups": [group],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "resources": resources,
            })
        };
        // Nobody needs to ask about deletions and the status. Where somebody does, it must do no harm.
        let mut rules = vec![
            rule("networking.k8s.io", &["ingresses", "ingresses/status"]),
            rule("", &["services"]),
        ];
        let (operator, namespaces) = match self.reviews {
            Namespaces::AllBut(namespaces) => {
                // No choice of namespaces holds for objects that are in none: this one is asked about all of them.
                rules.push(rule("networking.k8s.io", &["ingressclasses"]));
                ("NotIn", namespaces.to_vec())
            }
            Namespaces::Only(namespace) => ("In", vec![namespace]),
        };
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": namespace},
            "webhooks": [{
                "name": format!("l7guard.{namespace}.svc"),
                "clientConfig": {
                    "service": {"namespace": namespace, "name": "l7guard", "path": "/validate", "port": WEBHOOK_PORT},
                    "caBundle": STANDARD.encode(authority),
                },
                "rules": rules,
                "namespaceSelector": {"matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": operator, "values": namespaces},
                ]},
                "failurePolicy": "Fail",
                "matchPolicy": "Equivalent",
                "sideEffects": "None",
                "timeoutSeconds": 5,
                "admissionReviewVersions": ["v1"],
            }],
        })
    }
}

/// An Ingress that l7guard refuses.
fn probe(namespace: &str) -> String {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"namespace": namespace, "name": "probe"},
        "spec": {
            "ingressClassName": "public",
            "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
        },
    })
    .to_string()
}
