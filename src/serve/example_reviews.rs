//! The example world of `l7guard demo`, and the AdmissionReviews that the API server would send for its three objects.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use l7guard_manifests as manifests;

/// The files of the world, as (name, text).
pub(crate) const WORLD: &[(&str, &str)] = &[
    (
        "gateway.yaml",
        include_str!("../../examples/quickstart/world/gateway.yaml"),
    ),
    (
        "application.yaml",
        include_str!("../../examples/quickstart/world/application.yaml"),
    ),
    (
        "ingress-class.yaml",
        include_str!("../../examples/quickstart/world/ingress-class.yaml"),
    ),
];

/// One object that is applied.
pub(crate) struct Step {
    /// The file, as a user would name it.
    pub(crate) file: &'static str,
    text: &'static str,
    /// What `kubectl` says if it is allowed.
    pub(crate) allowed: &'static str,
    resource: &'static str,
    /// The file with the object as it was, if it exists already.
    old: Option<&'static str>,
}

/// The three objects.
pub(crate) static STEPS: [Step; 3] = [
    Step {
        file: "alb-to-gateway.yaml",
        text: include_str!("../../examples/quickstart/alb-to-gateway.yaml"),
        allowed: "ingress.networking.k8s.io/edge created",
        resource: "ingresses",
        old: None,
    },
    Step {
        file: "alb-to-application.yaml",
        text: include_str!("../../examples/quickstart/alb-to-application.yaml"),
        allowed: "ingress.networking.k8s.io/shop created",
        resource: "ingresses",
        old: None,
    },
    Step {
        file: "nlb-for-gateway.yaml",
        text: include_str!("../../examples/quickstart/nlb-for-gateway.yaml"),
        allowed: "service/istio-ingressgateway configured",
        resource: "services",
        old: Some(WORLD[0].1),
    },
];

/// The AdmissionReview that the API server would send.
pub(crate) fn review(step: &Step) -> Result<Value> {
    let object = object(step.file, step.text, None)?;
    let kind = object["kind"].as_str().unwrap_or_default();
    let old = match step.old {
        Some(text) => self::object("gateway.yaml", text, Some(kind))?,
        None => Value::Null,
    };
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Ok(json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "8f9a2d5e-0b7c-4f43-9d1e-3a5b6c7d8e9f",
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": step.resource},
            "name": object["metadata"]["name"],
            "namespace": object["metadata"]["namespace"],
            "operation": if old.is_null() { "CREATE" } else { "UPDATE" },
            "userInfo": {"username": "developer", "groups": ["system:authenticated"]},
            "object": object,
            "oldObject": old,
            "dryRun": false,
        }
    }))
}

/// The first object of a file, or the first of a kind.
fn object(file: &str, text: &str, kind: Option<&str>) -> Result<Value> {
    let loaded = manifests::load(file, text.as_bytes().to_vec());
    let mut objects = loaded.objects.into_iter();
    objects
        .find(|object| kind.is_none_or(|kind| object.kind == kind))
        .map(|object| object.value)
        .with_context(|| format!("{file} holds no object"))
}
