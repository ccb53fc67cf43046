//! Which workloads a selector selects.

use std::sync::Arc;

use crate::identity::Kind;
use crate::inventory::{IndexKey, World};
use crate::labels::Labels;
use crate::objects::Object;
use crate::objects::workload::Workload;

/// Of the pairs of a selector those that the fewest workloads of the namespace bear: a Pod bears all of them, a template all
/// but the controllers'. So whatever the selector selects by its labels bears one of these.
pub(crate) fn rarest_pairs(
    world: &World<'_>,
    namespace: &Arc<str>,
    selector: &Labels,
) -> [Option<IndexKey>; 2] {
    let templates = selector.without_controller_labels();
    let pair = |(key, value): &(Arc<str>, Arc<str>)| {
        IndexKey::WorkloadLabel(Arc::clone(namespace), Arc::clone(key), Arc::clone(value))
    };
    [selector, &templates].map(|labels| {
        let mut rarest = None;
        for key in labels.iter().map(pair) {
            let count = world.at_most(&key);
            if rarest.as_ref().is_none_or(|(_, fewest)| count < *fewest) {
                rarest = Some((key, count));
            }
            // Nothing can be rarer.
            if count == 0 {
                break;
            }
        }
        rarest.map(|(key, _)| key)
    })
}

/// [`selects`], counted. The first pair that the workload does not bear ends it.
pub(crate) fn selects_in(
    world: &World<'_>,
    selector: &Labels,
    object: &Object,
    workload: &Workload,
) -> bool {
    world.take(selector.len().min(workload.labels.len())) && selects(selector, object, workload)
}

/// Whether a Service's selector selects the Pods of a workload.
pub(crate) fn selects(selector: &Labels, object: &Object, workload: &Workload) -> bool {
    if object.key.kind == Kind::Pod {
        return selector.selects(&workload.labels);
    }
    let mut pairs = selector.template_pairs().peekable();
    if pairs.peek().is_some() {
        return pairs.all(|(key, value)| workload.labels.get(key) == Some(value));
    }
    // Nothing but labels that controllers add: of a template only a StatefulSet's Pod can be known, by its name.
    selector
        .get("statefulset.kubernetes.io/pod-name")
        .and_then(|pod| pod.rsplit_once('-'))
        .is_some_and(|(set, ordinal)| {
            object.key.kind == Kind::StatefulSet
                && *object.key.name == *set
                && ordinal.bytes().all(|byte| byte.is_ascii_digit())
        })
}
