//! Where the API server keeps objects, and kinds that it has to be told of.

use serde_json::{Value, json};

use crate::manifests::text;

/// CRDs without schemas, for kinds that no module at hand has.
pub(crate) const OTHERS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "eks.amazonaws.com",
        "v1",
        "IngressClassParams",
        "ingressclassparams",
        "Cluster",
    ),
    (
        "eks.amazonaws.com",
        "v1",
        "TargetGroupBinding",
        "targetgroupbindings",
        "Namespaced",
    ),
    (
        "argoproj.io",
        "v1alpha1",
        "Rollout",
        "rollouts",
        "Namespaced",
    ),
    (
        "install.istio.io",
        "v1alpha1",
        "IstioOperator",
        "istiooperators",
        "Namespaced",
    ),
    (
        "gateway.k8s.aws",
        "v1beta1",
        "LoadBalancerConfiguration",
        "loadbalancerconfigurations",
        "Namespaced",
    ),
];

/// The path of an object's kind, whose plural is regular.
pub(crate) fn path_of(object: &Value) -> String {
    let version = text(&object["apiVersion"]);
    let kind = text(&object["kind"]).to_lowercase();
    let plural = match kind.as_str() {
        "endpoints" | "ingressclassparams" => kind,
        _ if kind.ends_with('s') => format!("{kind}es"),
        _ if kind.ends_with("cy") => format!("{}ies", kind.trim_end_matches('y')),
        _ => format!("{kind}s"),
    };
    let root = if version.contains('/') { "apis" } else { "api" };
    match text(&object["metadata"]["namespace"]) {
        "" => format!("/{root}/{version}/{plural}"),
        namespace => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
    }
}

pub(crate) fn crd_of(
    (group, version, kind, plural, scope): (&str, &str, &str, &str, &str),
) -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}
