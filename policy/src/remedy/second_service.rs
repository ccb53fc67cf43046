//! A second Service beside one whose load balancer cannot become another one in place.

use std::sync::Arc;

use serde_json::{Value, json};

use super::documents::DocumentKey;
use super::draft::Draft;
use super::facing::Facing;
use super::json::{at, set, text};
use super::way::{certificates, describe};
use super::{network_load_balancer as nlb, ports};
use crate::gateways::service::{Backends, ServiceTrace};
use crate::identity::{Kind, ObjectKey};
use crate::labels::{CONTROLLER_LABELS, Labels};

/// A second Service on the same Pods: who builds the load balancer of the first is not changed.
pub(super) fn create(
    draft: &mut Draft<'_>,
    end: &ServiceTrace,
    key: &ObjectKey,
    old: &Value,
    facing: &Facing,
) -> ObjectKey {
    let mut selector = at(old, &["spec", "selector"])
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut base = key.name.to_string();
    if let Some(pairs) = selector.as_object_mut() {
        let before = pairs.len();
        pairs.retain(|key, _| !CONTROLLER_LABELS.contains(&&**key));
        // One load balancer for all revisions of a workload, called after it.
        if pairs.len() < before
            && let Backends::Gateways(gateways) = &end.backends
            && let Some(gateway) = gateways.first()
        {
            base = gateway.key.name.to_string();
        }
    }
    let mut name = format!(
        "{}-nlb",
        base.get(..base.len().min(56)).unwrap_or("gateway")
    );
    let made = |name: &str| ObjectKey::new(Kind::Service, Arc::clone(&key.namespace), name);
    while draft.exists(&made(&name)) {
        name.push('2');
    }
    let made = made(&name);
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        selector = selector_of_pods(draft, end);
    }
    let is_balanced = text(old, &["spec", "type"]) == Some("LoadBalancer");
    let as_before = Facing {
        faces_internet: nlb::faces_internet(old),
        ranges: Vec::new(),
        annotations: Vec::new(),
        certificates: certificates(old, facing),
        ..facing.clone()
    };
    // It takes over from the load balancer that stands: whom that one admits is carried over, whatever the front did.
    let facing = if is_balanced { &as_before } else { facing };
    let mut service = nlb::beside(old, &name, &selector, &ports::copied(old), facing);
    set(&mut service, &["metadata", "namespace"], &*key.namespace);
    let said = ports::ensure(&mut service, facing);
    let document = DocumentKey::from(&made);
    draft.create(&document, service, Vec::new());
    describe(draft, &document, facing, said);
    if is_balanced {
        draft.explain(&document, format!("It stands beside {key}, whose load balancer cannot become another one in place. Move DNS to the new one; the old one goes last, after that."));
    }
    made
}

/// What selects the Pods of the first workload, where a Service has no selector of its own.
fn selector_of_pods(draft: &Draft<'_>, end: &ServiceTrace) -> Value {
    let Backends::Gateways(gateways) = &end.backends else {
        return json!({});
    };
    let workload = gateways.first().and_then(|gateway| {
        let object = draft.world.get(&gateway.key)?;
        object.facts.as_workload()
    });
    let labels = workload.map(|workload| workload.labels.without_controller_labels());
    let pairs = labels.iter().flat_map(Labels::iter);
    pairs
        .map(|(key, value)| (key.to_string(), Value::from(&**value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
