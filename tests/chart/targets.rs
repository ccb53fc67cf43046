//! The kinds that the API server asks about, each with an object that is an application's.

use serde_json::{Value, json};

use crate::cluster::NAMESPACE;

/// A kind, and the name of the webhook entry that asks about it.
pub(crate) struct Target {
    pub(crate) entry: &'static str,
    pub(crate) object: Value,
    /// Whether every annotation and field counts, or only some as of TargetGroupBindings.
    pub(crate) is_binding: bool,
}

/// One of each kind, called `name`.
pub(crate) fn targets(name: &str) -> Vec<Target> {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let listener = json!({"name": "http", "port": 80, "protocol": "HTTP"});
    let gateway = "gateway.networking.k8s.io/v1";
    let mut targets = vec![
        namespaced(
            "ingresses",
            "networking.k8s.io/v1",
            "Ingress",
            &json!({"defaultBackend": backend}),
        ),
        namespaced(
            "services",
            "v1",
            "Service",
            &json!({"ports": [{"port": 80}], "selector": {"app": "web"}}),
        ),
        namespaced(
            "gateways",
            gateway,
            "Gateway",
            &json!({"gatewayClassName": "web", "listeners": [listener]}),
        ),
        namespaced(
            "listenersets",
            gateway,
            "ListenerSet",
            &json!({"parentRef": {"name": "web"}, "listeners": [listener]}),
        ),
        namespaced(
            "listenersets",
            "gateway.networking.x-k8s.io/v1alpha1",
            "XListenerSet",
            &json!({"parentRef": {"name": "web"}, "listeners": [listener]}),
        ),
        namespaced(
            "routes",
            gateway,
            "HTTPRoute",
            &json!({"parentRefs": [{"name": "web"}]}),
        ),
        namespaced(
            "routes",
            gateway,
            "GRPCRoute",
            &json!({"parentRefs": [{"name": "web"}]}),
        ),
        binding("elbv2.k8s.aws/v1beta1"),
        binding("eks.amazonaws.com/v1"),
        in_cluster(
            "ingressclasses",
            "networking.k8s.io/v1",
            "IngressClass",
            &json!({"controller": "example.com/web"}),
        ),
        in_cluster(
            "gatewayclasses",
            gateway,
            "GatewayClass",
            &json!({"controllerName": "example.com/web"}),
        ),
    ];
    for target in &mut targets {
        target.object["metadata"]["name"] = json!(name);
        target.object["metadata"]["labels"] = json!({"team": "web"});
        target.object["metadata"]["annotations"] = json!({"note": "one"});
    }
    targets
}

fn namespaced(entry: &'static str, version: &str, kind: &str, spec: &Value) -> Target {
    let mut target = in_cluster(entry, version, kind, spec);
    target.object["metadata"] = json!({"namespace": NAMESPACE});
    target
}

fn in_cluster(entry: &'static str, version: &str, kind: &str, spec: &Value) -> Target {
    Target {
        entry,
        object: json!({"apiVersion": version, "kind": kind, "metadata": {}, "spec": spec}),
        is_binding: false,
    }
}

fn binding(version: &str) -> Target {
    let spec = json!({
        "serviceRef": {"name": "web", "port": 80},
        "targetGroupARN": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1",
        "targetGroupProtocol": "TCP",
        "targetType": "ip",
    });
    Target {
        is_binding: true,
        ..namespaced("targetgroupbindings", version, "TargetGroupBinding", &spec)
    }
}

/// Such a change of an object: it sets the value at the pointer, or takes it away.
pub(crate) type Change<'a> = (&'a str, Option<Value>);

/// The object with the changes.
pub(crate) fn changed(object: &Value, changes: &[Change]) -> Value {
    let mut object = object.clone();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        let Some(Value::Object(fields)) = object.pointer_mut(parent) else {
            continue;
        };
        match value {
            Some(value) => drop(fields.insert(key.replace("~1", "/"), value.clone())),
            None => drop(fields.remove(&key.replace("~1", "/"))),
        }
    }
    object
}
