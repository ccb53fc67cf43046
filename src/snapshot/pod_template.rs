//! Pods and Pod templates: what their containers and annotations show of a proxy, in place of what they hold. Command lines,
//! variables and the annotation with the overrides stay out; containers that show the same come in.

use l7guard_policy::objects::workload::{OVERRIDES_ANNOTATION, ProxyFacts, TEMPLATES_ANNOTATION};
use l7guard_policy::proxy::injection_overrides::OverriddenRoles;
use l7guard_policy::proxy::role::{ProxyRole, UnknownRole};
use serde_json::{Map, Value, json};

const PROXY: &str = "istio-proxy";
const IMAGE: &str = "istio/proxyv2";
/// The label and the older annotation that ask for injection.
const INJECT: &str = "sidecar.istio.io/inject";

/// What is kept of a Pod or Pod template: labels, the annotations that are read, and containers that show these facts.
pub(super) fn reduced(whole: &Value, facts: Option<&ProxyFacts>) -> Map<String, Value> {
    let nothing = ProxyFacts::default();
    let facts = facts.unwrap_or(&nothing);
    let mut annotations = Map::new();
    for key in [INJECT, TEMPLATES_ANNOTATION] {
        if let Some(value) = whole["metadata"]["annotations"][key].as_str() {
            annotations.insert(key.to_owned(), value.into());
        }
    }
    if let Some(overrides) = &facts.overrides {
        let roles = overridden(overrides.roles).to_string();
        annotations.insert(OVERRIDES_ANNOTATION.to_owned(), roles.into());
    }
    let labels = whole["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flatten();
    let labels = labels.filter(|(_, value)| value.is_string());
    let labels: Map<_, _> = labels
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut kept = Map::new();
    kept.insert(
        "metadata".to_owned(),
        json!({"labels": labels, "annotations": annotations}),
    );
    kept.insert("spec".to_owned(), spec(facts));
    kept
}

/// The spec of a Pod that shows these facts.
fn spec(facts: &ProxyFacts) -> Value {
    let mut init_containers = Vec::new();
    if let Some(role) = facts.native_sidecar_role {
        let mut sidecar = running(PROXY, role);
        sidecar["restartPolicy"] = "Always".into();
        init_containers.push(sidecar);
    }
    json!({"containers": containers(facts), "initContainers": init_containers})
}

fn containers(facts: &ProxyFacts) -> Vec<Value> {
    let router = facts.router.as_deref();
    let router = router.map(|name| running(name, ProxyRole::Router));
    let own = facts.own_role.map(|role| running(PROXY, role));
    let unknown = facts.unknown.as_ref();
    let unknown = unknown.map(|(name, why)| untold(name, *why));
    let mut containers: Vec<Value> = [router, own, unknown].into_iter().flatten().collect();
    if facts.is_lone_proxy {
        if containers.is_empty() {
            containers.push(json!({"name": PROXY, "image": IMAGE}));
        }
        return containers;
    }
    if containers.len() < 2 {
        containers.push(json!({"name": "application"}));
    }
    containers
}

/// A container that runs a proxy in this role.
fn running(name: &str, role: ProxyRole) -> Value {
    json!({"name": name, "image": IMAGE, "args": ["proxy", role.word()]})
}

/// A container of a proxy whose role cannot be told.
fn untold(name: &str, why: UnknownRole) -> Value {
    match why {
        UnknownRole::Variable => {
            json!({"name": name, "image": IMAGE, "args": ["proxy", "$(ROLE)"], "envFrom": [{}]})
        }
        UnknownRole::Script => {
            json!({"name": name, "image": IMAGE, "command": ["sh", "-c", "if true; then pilot-agent proxy; fi"]})
        }
        UnknownRole::Program => json!({"name": name, "image": IMAGE, "command": ["/start"]}),
        UnknownRole::Image => json!({"name": name, "image": "unknown"}),
    }
}

/// The value of the annotation with the overrides that gives these roles.
fn overridden(roles: OverriddenRoles) -> Value {
    let own = roles.own_role.map(|role| running(PROXY, role));
    let router = roles
        .has_router
        .then(|| running("router", ProxyRole::Router));
    let unknown = roles.unknown.map(|why| untold(PROXY, why));
    let containers: Vec<Value> = [own, router].into_iter().flatten().collect();
    let init_containers: Vec<Value> = unknown.into_iter().collect();
    json!({"containers": containers, "initContainers": init_containers})
}
