//! Load balancers that lead to a gateway already.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::Draft;
use super::json::text;
use crate::gateways::selection::selects;
use crate::gateways::service::{Backends, ServiceTrace};
use crate::identity::ObjectKey;
use crate::inventory::IndexKey;
use crate::labels::Labels;
use crate::objects::Facts;
use crate::rules::load_balancer::Built;

/// So many Services of a gateway are looked at.
const MOST: usize = 200;

/// The first Service with a Layer-4 load balancer that leads to the same gateway.
pub(super) fn there(draft: &Draft<'_>, end: &ServiceTrace, key: &ObjectKey) -> Option<ObjectKey> {
    let is_layer_4 = |key: &ObjectKey| {
        let service = draft.service(key);
        let is_asked_for = service.is_some_and(|service| {
            let request = service.load_balancer.as_deref();
            request.is_some_and(|request| match request.built(&service.ports) {
                Built::Network => true,
                Built::Classic => !matches!(
                    request.annotation("backend-protocol"),
                    Some("http" | "https")
                ),
                Built::Other => false,
            })
        });
        // Annotations may ask before the type does. Read last, as the whole object is.
        is_asked_for
            && draft
                .document(&key.into())
                .is_some_and(|object| text(&object, &["spec", "type"]) == Some("LoadBalancer"))
    };
    std::iter::once(key.clone())
        .chain(beside(draft, end, key))
        .find(is_layer_4)
}

/// Other Services that select the same workloads, in order; without a workload in sight those of the same selector.
fn beside(draft: &Draft<'_>, end: &ServiceTrace, key: &ObjectKey) -> BTreeSet<ObjectKey> {
    let own = draft
        .service(key)
        .map(|service| service.selector.without_controller_labels());
    let own = own.filter(|selector| !selector.is_empty());
    let workload = match &end.backends {
        Backends::Gateways(gateways) => gateways
            .first()
            .and_then(|gateway| draft.world.get(&gateway.key)),
        _ => None,
    };
    let workload = workload.and_then(|object| Some((object, object.facts.as_workload()?)));
    let labels = workload.map_or_else(
        || own.clone().unwrap_or_default(),
        |(_, workload)| workload.labels.clone(),
    );
    let leads = |selector: &Labels| match workload {
        Some((object, workload)) => !selector.is_empty() && selects(selector, object, workload),
        None => Some(selector) == own.as_ref(),
    };
    let mut found = BTreeSet::new();
    for (name, value) in labels.iter() {
        let pair = IndexKey::SelectorPair(Arc::clone(name), Arc::clone(value));
        for object in draft.world.find(&pair).take(MOST) {
            if let Facts::Service(service) = &object.facts
                && object.key.namespace == key.namespace
                && leads(&service.selector)
            {
                found.insert(object.key.clone());
            }
        }
    }
    found.extend(
        draft
            .made_services()
            .iter()
            .filter(|made| {
                made.namespace == key.namespace
                    && draft
                        .service(made)
                        .is_some_and(|service| leads(&service.selector))
            })
            .cloned(),
    );
    found
}

/// Whether a Network Load Balancer leads to the same gateway, there or drafted.
pub(super) fn has_network(draft: &Draft<'_>, end: &ServiceTrace, key: &ObjectKey) -> bool {
    beside(draft, end, key)
        .iter()
        .filter(|other| *other != key)
        .any(|other| {
            draft.service(other).is_some_and(|service| {
                let request = service.load_balancer.as_deref();
                request.is_some_and(|request| request.built(&service.ports) == Built::Network)
            })
        })
}
