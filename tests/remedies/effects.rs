//! What an owner writes is what the owner was told: an effect says no more and no less than values, or than the patched
//! object.
//!
//! The charts' values are those of Istio's own `gateway` chart (`templates/service.yaml`) and of the older `gateways`; an
//! `IstioOperator` has them below `k8s`; istiod copies `spec.infrastructure.annotations` of a Gateway.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::change::{Action, Change};
use crate::fault::Faults;
use crate::manifests::{Identity, Manifests, annotation, elements, fields, text};

/// Of every Service that istiod makes.
const STATUS_PORT: u64 = 15021;

/// The numbers of ports.
fn numbers(ports: &Value) -> BTreeSet<u64> {
    let ports = elements(ports).iter();
    ports.filter_map(|port| port["port"].as_u64()).collect()
}

/// What an owner is told of a Service.
#[derive(Debug, Default)]
struct Told {
    annotations: Map<String, Value>,
    /// Others are none of it.
    has_all_annotations: bool,
    /// The ports of the listeners that ports are made of.
    listeners: Option<BTreeSet<u64>>,
    /// Fields of `spec`.
    spec: Map<String, Value>,
}

pub(crate) fn faults(before: &Manifests, after: &Manifests, changes: &[Change]) -> Faults {
    let mut faults = Faults::default();
    for change in changes.iter().filter(|change| !change.effect.is_empty()) {
        for effect in &change.effect {
            let service = effect.target.identity();
            if service.kind != "Service" || effect.action == Action::Delete {
                continue;
            }
            let Some(told) = told(change, &service, after) else {
                let detail = format!("{service} by {}", change.target.identity());
                faults.add("an effect of something else", detail);
                continue;
            };
            let old = before.get(&service).unwrap_or(&Value::Null);
            let new = after.get(&service).unwrap_or(&Value::Null);
            if let Some(listeners) = &told.listeners {
                let ports = numbers(&new["spec"]["ports"]);
                let is_made = ports.difference(listeners).all(|port| *port == STATUS_PORT)
                    && listeners.is_subset(&ports);
                let detail = format!("{service} {ports:?} of {listeners:?}");
                faults.require(is_made, "ports that no listener makes", detail);
            }
            for detail in differences(old, new, &told) {
                faults.add(
                    "an effect that the owner was not told",
                    format!("{service} {detail}"),
                );
            }
        }
    }
    faults
}

fn told(change: &Change, service: &Identity, after: &Manifests) -> Option<Told> {
    if let Some(values) = &change.values {
        let owner = change.owner.as_ref()?;
        return match owner.tool.as_str() {
            "Helm" => of_chart(values, service),
            _ => of_operator(values, service),
        };
    }
    let target = after.get(&change.target.identity())?;
    match change.target.kind.as_str() {
        "IstioOperator" => of_operator(target, service),
        "Gateway" => Some(of_gateway(target)),
        _ => None,
    }
}

/// `service` of the newer chart, `gateways.<name>` of the older.
fn of_chart(values: &Value, service: &Identity) -> Option<Told> {
    if let Some(stated) = values.get("service") {
        return Some(of_fields(stated, "annotations"));
    }
    let stated = values["gateways"].get(&service.name)?;
    Some(of_fields(stated, "serviceAnnotations"))
}

/// `spec.components.ingressGateways[].k8s`, or the same under `spec.values.gateways`.
fn of_operator(operator: &Value, service: &Identity) -> Option<Told> {
    let gateways = elements(&operator["spec"]["components"]["ingressGateways"]);
    let gateway = gateways
        .iter()
        .find(|gateway| text(&gateway["name"]) == service.name)?;
    let k8s = &gateway["k8s"];
    let mut told = of_fields(&k8s["service"], "-");
    for (key, value) in fields(&k8s["serviceAnnotations"]) {
        told.annotations.insert(key.clone(), value.clone());
    }
    Some(told)
}

fn of_gateway(gateway: &Value) -> Told {
    let mut told = Told {
        has_all_annotations: true,
        listeners: Some(numbers(&gateway["spec"]["listeners"])),
        ..Told::default()
    };
    // istiod copies the Gateway's own annotations as long as there are none for its infrastructure.
    let copied = match &gateway["spec"]["infrastructure"]["annotations"] {
        Value::Null => &gateway["metadata"]["annotations"],
        annotations => annotations,
    };
    for (key, value) in fields(copied) {
        if !key.starts_with("networking.istio.io/") {
            told.annotations.insert(key.clone(), value.clone());
        }
    }
    let kind = annotation(gateway, "networking.istio.io/service-type").unwrap_or("LoadBalancer");
    told.spec.insert("type".to_owned(), kind.into());
    told
}

fn of_fields(stated: &Value, annotations: &str) -> Told {
    let mut told = Told::default();
    for (key, value) in fields(stated) {
        if key == annotations {
            told.annotations
                .extend(fields(value).map(|(key, value)| (key.clone(), value.clone())));
        } else {
            told.spec.insert(key.clone(), value.clone());
        }
    }
    told
}

/// In what a Service differs from what the owner was told to change of it.
fn differences(old: &Value, new: &Value, told: &Told) -> Vec<String> {
    let none = json!({});
    let at = |object: &Value, pointer: &str, key: &str| {
        let part = object.pointer(pointer).unwrap_or(&none);
        part.get(key).cloned().unwrap_or_default()
    };
    let mut differences = Vec::new();
    let has_listeners = told.listeners.is_some();
    let parts = [
        (
            "/metadata/annotations",
            &told.annotations,
            told.has_all_annotations,
        ),
        ("/spec", &told.spec, false),
    ];
    for (pointer, told, is_whole) in parts {
        for (key, value) in told {
            let new = at(new, pointer, key);
            if new != *value {
                differences.push(format!("{pointer}/{key} is {new}, told {value}"));
            }
        }
        // A Service that is made now has all its fields from its owner.
        for (key, value) in fields(new.pointer(pointer).unwrap_or(&none)) {
            let is_made =
                pointer == "/spec" && (old.is_null() || (has_listeners && key == "ports"));
            if !told.contains_key(key) && at(old, pointer, key) != *value && !is_made {
                differences.push(format!("{pointer}/{key} is {value}, which nobody said"));
            }
        }
        for (key, _) in fields(old.pointer(pointer).unwrap_or(&none)) {
            let is_gone = new.is_object() && at(new, pointer, key).is_null();
            let is_said =
                told.get(key).is_some_and(Value::is_null) || (is_whole && !told.contains_key(key));
            if is_gone && !is_said {
                differences.push(format!("{pointer}/{key} is gone, which nobody said"));
            }
        }
    }
    differences
}
