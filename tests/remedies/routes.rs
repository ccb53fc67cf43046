//! A front loses its ways to the gateway and no others, and keeps no rule that leads nowhere.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fault::Faults;
use crate::manifests::{Identity, Manifests, elements, fields, text};

const ACTION: &str = "alb.ingress.kubernetes.io/actions.";

/// Compares a front with what is left of it. `ways` are the Services and target groups that lead to gateways.
pub(crate) fn faults(
    front: &Identity,
    before: &Manifests,
    after: &Manifests,
    ways: &BTreeSet<String>,
) -> Faults {
    let mut faults = Faults::default();
    let Some(old) = before.get(front) else {
        return faults;
    };
    let new = after.get(front).unwrap_or(&Value::Null);
    let mut kept = entries(new);
    for entry in entries(old) {
        if let Some(at) = kept.iter().position(|other| *other == entry) {
            kept.remove(at);
        } else if !ways.contains(target_group(&entry.backend)) {
            let detail = format!("{front} loses {} of {}", entry.backend, entry.place);
            faults.add("a way to an application is lost", detail);
        }
    }
    for entry in kept {
        let detail = format!("{front} gets {} at {}", entry.backend, entry.place);
        faults.add("a way that was not there", detail);
    }
    leftovers(front, old, new, &mut faults);
    faults
}

/// The name in a target group's ARN; anything else as it is.
pub(crate) fn target_group(name: &str) -> &str {
    let of_arn = name
        .split_once(":targetgroup/")
        .and_then(|(_, rest)| rest.split('/').next());
    of_arn.unwrap_or(name)
}

/// One backend, and where requests for it come in.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    place: String,
    backend: String,
}

fn entries(front: &Value) -> Vec<Entry> {
    match text(&front["kind"]) {
        "Ingress" => of_ingress(front),
        "HTTPRoute" | "GRPCRoute" => of_route(front),
        _ => Vec::new(),
    }
}

fn of_ingress(ingress: &Value) -> Vec<Entry> {
    let spec = &ingress["spec"];
    let mut entries = Vec::new();
    let mut add = |place: String, backend: &Value| {
        for backend in backends(ingress, backend) {
            entries.push(Entry {
                place: place.clone(),
                backend,
            });
        }
    };
    add("default".to_owned(), &spec["defaultBackend"]);
    for rule in elements(&spec["rules"]) {
        for path in elements(&rule["http"]["paths"]) {
            let place = format!("{} {} {}", rule["host"], path["path"], path["pathType"]);
            add(place, &path["backend"]);
        }
    }
    entries
}

/// The Services and target groups of a backend, through an action.
fn backends(ingress: &Value, backend: &Value) -> Vec<String> {
    let service = &backend["service"];
    let Some(name) = service["name"].as_str() else {
        return Vec::new();
    };
    if service["port"]["name"] != "use-annotation" {
        return vec![name.to_owned()];
    }
    let annotations = &ingress["metadata"]["annotations"];
    let action = text(&annotations[format!("{ACTION}{name}")]);
    let Ok(action) = serde_json::from_str::<Value>(action) else {
        return vec![format!("action {name}")];
    };
    let mut found = Vec::new();
    targets(&action, &mut found);
    if found.is_empty() {
        found.push(format!("action {name}"));
    }
    found
}

/// Everything in an action that names a target, in any case.
fn targets(action: &Value, found: &mut Vec<String>) {
    for (key, value) in fields(action) {
        let is_target = ["servicename", "targetgrouparn", "targetgroupname"]
            .contains(&key.to_ascii_lowercase().as_str());
        match value.as_str() {
            Some(text) if is_target => found.push(text.to_owned()),
            _ => targets(value, found),
        }
    }
    for element in elements(action) {
        targets(element, found);
    }
}

fn of_route(route: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    for rule in elements(&route["spec"]["rules"]) {
        let place = rule["matches"].to_string();
        let mirrors = elements(&rule["filters"])
            .iter()
            .map(|filter| &filter["requestMirror"]["backendRef"]);
        let backends = elements(&rule["backendRefs"]).iter().chain(mirrors);
        for backend in backends.filter_map(|backend| backend["name"].as_str()) {
            entries.push(Entry {
                place: place.clone(),
                backend: backend.to_owned(),
            });
        }
        if elements(&rule["backendRefs"]).is_empty() {
            entries.push(Entry {
                place,
                backend: "no backend".to_owned(),
            });
        }
    }
    entries
}

/// Rules that had backends have some, and no list is left empty.
fn leftovers(front: &Identity, old: &Value, new: &Value, faults: &mut Faults) {
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let rules = || elements(&new["spec"]["rules"]).iter();
    let is_empty = rules().any(|rule| empty(&rule["http"]["paths"]) || empty(&rule["backendRefs"]));
    let was_empty = elements(&old["spec"]["rules"])
        .iter()
        .any(|rule| empty(&rule["http"]["paths"]) || empty(&rule["backendRefs"]));
    let lost_all = empty(&new["spec"]["rules"])
        && !empty(&old["spec"]["rules"])
        && new["spec"]["defaultBackend"].is_null();
    faults.require(
        !lost_all && (was_empty || !is_empty),
        "a rule that leads nowhere is left",
        front,
    );
}
