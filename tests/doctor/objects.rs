//! The objects of an installation in good order, and of the controllers around it.

use serde_json::{Value, json};

/// What the `ClusterRole` of the documentation grants.
pub(crate) fn cluster_role() -> &'static str {
    const PAGE: &str = include_str!("../../docs/operations.md");
    let after = PAGE.split("<!-- cluster role -->").nth(1);
    let block = after.and_then(|text| text.split("```yaml").nth(1));
    block
        .and_then(|text| text.split("```").next())
        .unwrap_or_default()
}

/// What `--service` needs besides.
pub(crate) fn further_role() -> Value {
    let rule = |group: &str, resource: &str, verbs: &[&str]| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "l7guard-further"},
        "rules": [
            rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", &["get"]),
            rule("coordination.k8s.io", "leases", &["create", "get", "patch"]),
            rule("events.k8s.io", "events", &["create", "patch"]),
        ],
    })
}

pub(crate) fn further_binding() -> Value {
    let mut binding = binding();
    binding["metadata"]["name"] = "l7guard-further".into();
    binding["roleRef"]["name"] = "l7guard-further".into();
    binding
}

pub(crate) fn binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "l7guard"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "l7guard"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "l7guard", "name": "l7guard"}],
    })
}

/// The webhook configuration, with every rule that it needs where only AWS's CRDs are installed.
pub(crate) fn webhook(bundle: &str) -> Value {
    let rule = |groups: &[&str], resources: &[&str]| json!({"apiGroups": groups, "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": resources});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "l7guard"},
        "webhooks": [{
            "name": "validate.l7guard.example.com",
            "clientConfig": {
                "service": {"namespace": "l7guard", "name": "l7guard", "path": "/validate", "port": 8443},
                "caBundle": bundle,
            },
            "rules": [
                rule(&["networking.k8s.io"], &["ingresses", "ingressclasses"]),
                rule(&[""], &["services"]),
                rule(&["elbv2.k8s.aws", "eks.amazonaws.com"], &["targetgroupbindings"]),
            ],
            "namespaceSelector": {"matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["l7guard", "kube-system"]}]},
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "sideEffects": "None",
            "timeoutSeconds": 5,
            "admissionReviewVersions": ["v1"],
        }],
    })
}

/// The endpoints of the Service: the Pods `a` and `b`, ready or not. A slice may not hold addresses of the loopback network.
pub(crate) fn slice(ready: [bool; 2]) -> Value {
    let endpoint = |pod: &str, address: &str, ready: bool| {
        json!({"addresses": [address], "conditions": {"ready": ready},
            "targetRef": {"kind": "Pod", "namespace": "l7guard", "name": pod}})
    };
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"namespace": "l7guard", "name": "l7guard-1", "labels": {"kubernetes.io/service-name": "l7guard"}},
        "ports": [{"name": "https", "port": 8443}],
        "endpoints": [endpoint("a", "10.0.0.1", ready[0]), endpoint("b", "10.0.0.2", ready[1])],
    })
}

pub(crate) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "l7guard", "name": name, "labels": {"app.kubernetes.io/name": "l7guard"}},
        "spec": {"nodeName": "node", "serviceAccountName": "l7guard", "containers": [{"name": "l7guard", "image": "l7guard", "args": ["serve", "--service=l7guard/l7guard"]}]},
    })
}

/// The node of the kubelet.
pub(crate) fn node() -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}})
}

pub(crate) fn node_status(port: u16) -> Value {
    json!({"status": {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }})
}

pub(crate) fn aws_controller(arguments: &[&str]) -> Value {
    let label = json!({"app.kubernetes.io/name": "aws-load-balancer-controller"});
    deployment(
        "kube-system",
        "aws-load-balancer-controller",
        &label,
        &json!({"name": "controller", "image": "i", "args": arguments}),
    )
}

pub(crate) fn istiod(environment: &Value) -> Value {
    let container = json!({"name": "discovery", "image": "i", "args": ["discovery", "--domain", "cluster.local"], "env": environment});
    deployment(
        "istio-system",
        "istiod",
        &json!({"app": "istiod"}),
        &container,
    )
}

fn deployment(namespace: &str, name: &str, labels: &Value, container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}
