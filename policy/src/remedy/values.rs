//! What a Helm chart of Istio or an `IstioOperator` has to be told so that it makes a Service as drafted.
//!
//! Sources: Istio `manifests/charts/gateway/values.yaml`, `manifests/charts/gateways/istio-ingress/values.yaml`,
//! `operator/pkg/apis/types.go` (`KubernetesResources`).

use serde_json::{Map, Value, json};

use super::documents::DocumentKey;
use super::json::{at, set};
use super::owner::Chart;

/// Fields of a Service's spec that charts and the operator take by the same name.
const FIELDS: [&str; 5] = [
    "type",
    "loadBalancerClass",
    "loadBalancerSourceRanges",
    "externalTrafficPolicy",
    "ports",
];

/// Values of one of Istio's charts.
pub(super) fn of_chart(chart: Chart, base: &Value, draft: &Value, name: &str) -> Value {
    match chart {
        Chart::Gateway { .. } => {
            let mut service = spec(base, draft);
            insert_annotations(&mut service, "annotations", base, draft);
            json!({"service": service})
        }
        Chart::Gateways => {
            let mut gateway = spec(base, draft);
            insert_annotations(&mut gateway, "serviceAnnotations", base, draft);
            let mut gateways = Map::new();
            gateways.insert(name.to_owned(), Value::Object(gateway));
            json!({"gateways": gateways})
        }
    }
}

/// The part of an `IstioOperator` that makes the Service.
pub(super) fn of_operator(base: &Value, draft: &Value, key: &DocumentKey) -> Value {
    let resources = operator_resources(base, draft);
    json!({"spec": {"components": {"ingressGateways": [
        {"name": key.name, "namespace": key.namespace, "enabled": true, "k8s": resources}
    ]}}})
}

/// Gives an `IstioOperator` the settings of the gateway that makes the Service. `None`: it has no such gateway.
pub(super) fn tell_operator(
    operator: &mut Value,
    base: &Value,
    draft: &Value,
    key: &DocumentKey,
) -> Option<()> {
    let gateways = operator.pointer_mut("/spec/components/ingressGateways")?;
    let mut named = gateways.as_array_mut()?.iter_mut();
    let gateway = named.find(|gateway| gateway["name"] == key.name)?;
    for (name, settings) in operator_resources(base, draft) {
        for (field, value) in settings.as_object().into_iter().flatten() {
            set(gateway, &["k8s", &name, field], value.clone());
        }
    }
    Some(())
}

/// The `k8s` settings of a gateway of an `IstioOperator`.
pub(super) fn operator_resources(base: &Value, draft: &Value) -> Map<String, Value> {
    let mut resources = Map::new();
    insert_annotations(&mut resources, "serviceAnnotations", base, draft);
    let service = spec(base, draft);
    if !service.is_empty() {
        resources.insert("service".to_owned(), Value::Object(service));
    }
    resources
}

/// The fields of the spec that differ; lists are given whole, as Helm replaces them.
fn spec(base: &Value, draft: &Value) -> Map<String, Value> {
    let differing = FIELDS.iter().filter_map(|field| {
        let (before, after) = (at(base, &["spec", field]), at(draft, &["spec", field]));
        let value = after.cloned().unwrap_or(Value::Null);
        (before != after).then(|| ((*field).to_owned(), value))
    });
    differing.collect()
}

/// The annotations that differ; `null` for those that go.
fn insert_annotations(into: &mut Map<String, Value>, under: &str, base: &Value, draft: &Value) {
    let all = |object: &Value| {
        let annotations = at(object, &["metadata", "annotations"]);
        annotations
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (before, after) = (all(base), all(draft));
    let mut changed: Map<String, Value> = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        changed.insert(key.clone(), Value::Null);
    }
    if !changed.is_empty() {
        into.insert(under.to_owned(), Value::Object(changed));
    }
}
