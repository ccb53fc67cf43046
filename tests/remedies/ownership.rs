//! Who writes an object again after somebody else has changed it.

use serde_json::Value;

use crate::manifests::{Identity, Manifests, elements, label, text};

/// Who restores an object, or makes it anew from something else at the next turn. A tool of `GitOps` is none: it writes what
/// stands in the files that are judged.
pub(crate) fn restored_by(world: &Manifests, object: &Value) -> Option<&'static str> {
    if !elements(&object["metadata"]["ownerReferences"]).is_empty() {
        return Some("its owner");
    }
    if label(object, "gateway.istio.io/managed").is_some() || has_gateway(world, object) {
        return Some("istiod, for a Gateway");
    }
    if label(object, "install.operator.istio.io/owning-resource").is_some() {
        return Some("an IstioOperator");
    }
    let is_service = object["kind"] == "Service";
    (is_service && is_of_gateway_chart(object)).then_some("a Helm chart")
}

/// The label that istiod puts on what it makes for a Gateway.
fn has_gateway(world: &Manifests, object: &Value) -> bool {
    let Some(name) = label(object, "gateway.networking.k8s.io/gateway-name") else {
        return false;
    };
    let namespace = text(&object["metadata"]["namespace"]);
    let gateway = Identity::new("gateway.networking.k8s.io/v1", "Gateway", namespace, name);
    object["kind"] == "Service" && world.get(&gateway).is_some()
}

/// The charts `istio/gateway` (`helm.sh/chart: gateway-1.27.0`) and the older `gateways` (`chart: gateways`).
fn is_of_gateway_chart(object: &Value) -> bool {
    let is_of_helm = label(object, "app.kubernetes.io/managed-by") == Some("Helm");
    let chart = label(object, "helm.sh/chart").unwrap_or_default();
    let is_new = is_of_helm && chart.starts_with("gateway-");
    let is_old = label(object, "chart") == Some("gateways") && label(object, "release").is_some();
    is_new || is_old
}
