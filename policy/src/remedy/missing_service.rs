//! A Service that is not in sight: the gateway's own in another namespace, or a new one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::documents::DocumentKey;
use super::draft::Draft;
use super::facing::Facing;
use super::json::{at, set};
use super::way::{comes, describe, ensure};
use super::{network_load_balancer as nlb, network_load_balancer::Request, ports};
use crate::gateways::service::reach;
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::objects::workload::Workload;

/// Sees to it that the gateway is reached where the Service of the front is not in sight.
///
/// # Errors
///
/// It cannot be told how; the text says why.
pub(super) fn of_missing(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    facing: &Facing,
) -> Result<String, String> {
    let named = Named::find(draft, key);
    if let [service] = &named.services[..] {
        let end = reach(draft.world, &draft.configuration.istio, service);
        return ensure(draft, &end, facing);
    }
    let selected = match &named.workloads[..] {
        [workload] => draft.document(&workload.into()).and_then(|object| {
            let labels = at(&object, &["spec", "selector", "matchLabels"])?.clone();
            Some((Arc::clone(&workload.namespace), labels))
        }),
        _ => None,
    };
    let namespace = selected
        .as_ref()
        .map_or(&key.namespace, |(namespace, _)| namespace);
    let made = ObjectKey::new(Kind::Service, Arc::clone(namespace), Arc::clone(&key.name));
    let document = DocumentKey::from(&made);
    let has_placeholder = selected.is_none();
    let selector = selected.map_or_else(
        || json!({"app": "<label of the gateway's Pods>"}),
        |(_, labels)| labels,
    );
    let service = asking(&made, selector, facing);
    let placeholders = has_placeholder.then(|| "/spec/selector/app".to_owned());
    draft.create(&document, service, placeholders.into_iter().collect());
    describe(draft, &document, facing, Vec::new());
    if has_placeholder {
        draft.explain(&document, format!("{key} is not in sight: where it exists, change it in the same way in place of this one. Its selector is for you to write, as the gateway's Pods are not in sight."));
    }
    Ok(comes(&made))
}

/// What is in sight under the name of the Service that is not.
struct Named {
    /// Gateways' Services, in other namespaces.
    services: Vec<ServiceKey>,
    /// Workloads that may be gateways.
    workloads: Vec<ObjectKey>,
}

impl Named {
    fn find(draft: &Draft<'_>, key: &ObjectKey) -> Self {
        let (world, istio) = (draft.world, &draft.configuration.istio);
        let (mut services, mut workloads) = (Vec::new(), Vec::new());
        for key in draft.scene.named(world, &key.name) {
            let Some(object) = world.get(key) else {
                continue;
            };
            let service = (Arc::clone(&key.namespace), Arc::clone(&key.name));
            let workload = object.facts.as_workload();
            if key.kind == Kind::Service && reach(world, istio, &service).confidence().is_some() {
                services.push(service);
            } else if workload.is_some_and(Workload::may_be_gateway) {
                workloads.push(key.clone());
            }
        }
        Self {
            services,
            workloads,
        }
    }
}

/// A Service with these labels as selector that asks for a Network Load Balancer.
fn asking(key: &ObjectKey, selector: Value, facing: &Facing) -> Value {
    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": *key.name, "namespace": *key.namespace},
        "spec": {"ports": []},
    });
    set(&mut service, &["spec", "selector"], selector);
    nlb::ask(&mut service, facing, Request::Class);
    ports::ensure(&mut service, facing);
    if facing.listeners.is_empty() {
        let usual = json!([{"name": "http2", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443}]);
        set(&mut service, &["spec", "ports"], usual);
    }
    service
}
