//! An installation in good order, of which tests break one thing each.

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use l7guard_policy::identity::Kind;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Check, Examined, Replica, Seen};
use crate::cluster::ServedKind;
use crate::doctor::Outcome;
use crate::doctor::exposition::Exposition;
use crate::installation::Installation;

fn object<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Everything in good order, without replicas.
pub(in crate::doctor) fn examined() -> Examined {
    let kind = |kind, group: &str, resource: &str| ServedKind {
        kind,
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
    };
    let namespace = |name: &str| {
        object(json!({"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}}))
    };
    let installation = Installation::of("guard/l7guard".parse().unwrap());
    let kinds = vec![
        kind(Kind::Ingress, "networking.k8s.io", "ingresses"),
        kind(Kind::Service, "", "services"),
    ];
    Examined {
        namespaces: Seen::There(["guard", "kube-system", "shop"].map(namespace).into()),
        service: Seen::There(object(
            json!({"spec": {"ports": [{"name": "https", "port": 443}]}}),
        )),
        endpoints: Seen::There(vec![slice(&[true, true])]),
        server_version: Some("v1.36.0".to_owned()),
        ..Examined::new(
            Seen::There(installation),
            Seen::There(webhook(|_| ())),
            Seen::There(kinds),
        )
    }
}

/// A webhook configuration whose one entry `change` changes.
pub(in crate::doctor) fn webhook(
    change: impl FnOnce(&mut Value),
) -> ValidatingWebhookConfiguration {
    let rule = |group: &str, resource: &str| json!({"operations": ["CREATE", "UPDATE"], "apiGroups": [group], "apiVersions": ["v1"], "resources": [resource]});
    let mut entry = json!({
        "name": "one.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "matchPolicy": "Equivalent",
        "failurePolicy": "Fail",
        "timeoutSeconds": 5,
        "rules": [rule("networking.k8s.io", "ingresses"), rule("", "services")],
        "clientConfig": {"service": {"namespace": "guard", "name": "l7guard", "path": "/validate"}},
    });
    change(&mut entry);
    object(json!({"metadata": {"name": "l7guard"}, "webhooks": [entry]}))
}

/// A slice with one endpoint for each, ready or not.
pub(in crate::doctor) fn slice(ready: &[bool]) -> EndpointSlice {
    let endpoints: Vec<Value> = ready
        .iter()
        .map(|ready| json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}))
        .collect();
    object(json!({"addressType": "IPv4", "endpoints": endpoints, "metadata": {}}))
}

/// A replica that serves this and exposes these metrics.
pub(in crate::doctor) fn replica(
    name: &str,
    chain: Seen<Vec<CertificateDer<'static>>>,
    metrics: &str,
) -> Replica {
    Replica {
        pod: object(json!({"metadata": {"name": name}})),
        chain,
        metrics: Seen::There(Exposition::parse(metrics)),
    }
}

/// A Deployment with these arguments and this environment.
pub(in crate::doctor) fn deployment(
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Deployment {
    let environment: Vec<Value> = environment
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    object(json!({
        "metadata": {"namespace": "kube-system", "name": "controller"},
        "spec": {"selector": {}, "template": {"spec": {"containers": [
            {"name": "main", "args": arguments, "env": environment}]}}},
    }))
}

/// Who signs certificates in tests.
pub(in crate::doctor) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(in crate::doctor) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub(in crate::doctor) fn signs(&self, name: &str) -> CertificateDer<'static> {
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        parameters.signed_by(&key, &self.0).unwrap().der().clone()
    }

    /// The `caBundle`, as in JSON.
    pub(in crate::doctor) fn bundle(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(self.0.pem())
    }
}

/// How each line of a check came out.
pub(in crate::doctor) fn outcomes(check: &Check, examined: &Examined) -> Vec<Outcome> {
    let verdicts = (check.run)(examined).into_iter();
    verdicts.map(|verdict| verdict.outcome).collect()
}

/// The first line of a check.
pub(in crate::doctor) fn said(check: &Check, examined: &Examined) -> (Outcome, String) {
    let verdict = (check.run)(examined).remove(0);
    (verdict.outcome, verdict.message)
}
