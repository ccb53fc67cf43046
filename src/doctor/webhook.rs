//! A webhook configuration: which of its entries send reviews to a Service, and what they ask about.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::{
    RuleWithOperations, ValidatingWebhook, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::core::v1::Namespace;

use super::selector;
use crate::cluster::ServedKind;
use crate::installation::ServiceName;

/// The port that the API server calls where an entry names none.
///
/// Source: Kubernetes API, `ServiceReference.port`.
const DEFAULT_PORT: i32 = 443;

/// The entries that point to this Service.
pub(super) fn entries<'a>(
    configuration: &'a ValidatingWebhookConfiguration,
    service: &ServiceName,
) -> Vec<&'a ValidatingWebhook> {
    let entries = configuration.webhooks.iter().flatten();
    entries
        .filter(|entry| {
            entry.client_config.service.as_ref().is_some_and(|target| {
                target.namespace == service.namespace && target.name == service.name
            })
        })
        .collect()
}

/// The port of the Service that an entry calls.
pub(super) fn port(entry: &ValidatingWebhook) -> i32 {
    let service = entry.client_config.service.as_ref();
    service
        .and_then(|service| service.port)
        .unwrap_or(DEFAULT_PORT)
}

/// Whether an entry asks about this operation on this kind. With the policy `Equivalent` the API server converts objects
/// of other versions, and of other groups only where both serve the same objects, which none of ours do.
pub(super) fn asks_about(entry: &ValidatingWebhook, kind: &ServedKind, operation: &str) -> bool {
    let is_equivalent = entry.match_policy.as_deref().unwrap_or("Equivalent") == "Equivalent";
    entry.rules.iter().flatten().any(|rule| {
        lists(rule.operations.as_ref(), operation)
            && lists(rule.api_groups.as_ref(), &kind.group)
            && lists_resource(rule, &kind.resource)
            && (is_equivalent || lists(rule.api_versions.as_ref(), &kind.version))
            && is_in_scope(rule, kind)
    })
}

/// Whether objects of the namespace are judged by this entry.
pub(super) fn covers(entry: &ValidatingWebhook, namespace: &Namespace) -> bool {
    let none = BTreeMap::new();
    let labels = namespace.metadata.labels.as_ref().unwrap_or(&none);
    let selector = entry.namespace_selector.as_ref();
    selector.is_none_or(|selector| selector::matches(selector, labels))
}

fn lists(words: Option<&Vec<String>>, word: &str) -> bool {
    words.is_some_and(|words| words.iter().any(|listed| listed == "*" || listed == word))
}

/// A resource is listed by its name, and by `*` or `*/*`.
fn lists_resource(rule: &RuleWithOperations, resource: &str) -> bool {
    let resources = rule.resources.iter().flatten();
    resources
        .into_iter()
        .any(|listed| matches!(listed.as_str(), "*" | "*/*") || listed == resource)
}

fn is_in_scope(rule: &RuleWithOperations, kind: &ServedKind) -> bool {
    match rule.scope.as_deref() {
        Some("Namespaced") => kind.kind.is_namespaced(),
        Some("Cluster") => !kind.kind.is_namespaced(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use l7guard_policy::identity::Kind;
    use serde_json::json;

    use super::*;

    fn entry(rule: &serde_json::Value, policy: &str) -> ValidatingWebhook {
        serde_json::from_value(json!({
            "name": "a.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "matchPolicy": policy, "rules": [rule],
            "clientConfig": {"service": {"namespace": "guard", "name": "l7guard"}},
        }))
        .unwrap()
    }

    fn route() -> ServedKind {
        ServedKind {
            kind: Kind::HttpRoute,
            group: "gateway.networking.k8s.io".to_owned(),
            version: "v1".to_owned(),
            resource: "httproutes".to_owned(),
        }
    }

    #[test]
    fn a_rule_asks_about_a_kind_only_if_each_of_its_parts_does() {
        let whole = json!({"operations": ["CREATE"], "apiGroups": ["gateway.networking.k8s.io"],
            "apiVersions": ["v1"], "resources": ["httproutes"], "scope": "Namespaced"});
        assert!(asks_about(&entry(&whole, "Exact"), &route(), "CREATE"));
        assert!(!asks_about(&entry(&whole, "Exact"), &route(), "UPDATE"));
        for (part, value) in [
            ("apiGroups", json!(["networking.k8s.io"])),
            ("apiVersions", json!(["v1beta1"])),
            ("resources", json!(["httproutes/status", "*/status"])),
            ("scope", json!("Cluster")),
        ] {
            let mut other = whole.clone();
            other[part] = value;
            assert!(
                !asks_about(&entry(&other, "Exact"), &route(), "CREATE"),
                "{part}"
            );
        }
        let mut older = whole;
        older["apiVersions"] = json!(["v1beta1"]);
        assert!(asks_about(&entry(&older, "Equivalent"), &route(), "CREATE"));
    }
}
