//! The workloads in sight behind one Service: those that it selects, and the Pods that hand-made endpoints name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evidence::{self, Evidence};
use super::istio::{Istio, UnknownRouter};
use super::selection::{rarest_pairs, selects_in};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, World};
use crate::labels::Labels;
use crate::objects::service::Service;
use crate::objects::workload::Workload;
use crate::objects::{Facts, Object};
use crate::wording::Wording;

/// A gateway workload behind a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The workload.
    pub key: ObjectKey,
    /// What shows that it is a gateway.
    pub evidence: Evidence,
}

/// Workloads in sight behind one Service.
#[derive(Default)]
pub(super) struct Observed {
    pub(super) gateways: BTreeMap<ObjectKey, Gateway>,
    /// A workload that is no gateway, or one of a kind that the policy does not ask about.
    pub(super) has_ordinary: bool,
    /// Endpoints that name no Pod, or one that is not visible.
    pub(super) has_unknown: bool,
    /// Workloads with a proxy whose role cannot be told, and why.
    unknown_roles: BTreeMap<ObjectKey, Wording>,
}

impl Observed {
    /// Why it cannot be told whether a gateway is among them.
    pub(super) fn unknown_role(&self) -> Option<Wording> {
        let (workload, why) = self.unknown_roles.first_key_value()?;
        Some(
            Wording::ours("of ")
                .name(workload)
                .then(", ")
                .and_of(workload, why),
        )
    }
}

/// Looks at the workloads of the Service's namespace that it selects.
pub(super) fn see_selected(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    selector: &Labels,
    observed: &mut Observed,
) {
    if selector.is_empty() {
        return;
    }
    // Candidates are few, so all of them are looked at; of the others one is enough to know that there are any.
    for object in world.find(&IndexKey::GatewayCandidates(Arc::clone(namespace))) {
        if let Some(workload) = object.facts.as_workload()
            && selects_in(world, selector, object, workload)
            && !is_old_revision(world, object, workload)
        {
            see(world, istio, object, workload, observed);
        }
    }
    if observed.gateways.is_empty() && !observed.has_ordinary {
        let rarest = rarest_pairs(world, namespace, selector);
        observed.has_ordinary = rarest.into_iter().flatten().any(|key| {
            world.find(&key).any(|object| {
                let workload = object.facts.as_workload();
                workload.is_some_and(|workload| {
                    selects_in(world, selector, object, workload)
                        && !is_old_revision(world, object, workload)
                })
            })
        });
    }
}

/// Looks at the Pods that hand-made endpoints name: EndpointSlices of any Service, Endpoints of one without selector.
pub(super) fn see_endpoints(
    world: &World<'_>,
    istio: &Istio,
    key: &ServiceKey,
    service: &Service,
    observed: &mut Observed,
) {
    for object in world.find(&IndexKey::EndpointsOf(key.clone())) {
        let Facts::Endpoints(list) = &object.facts else {
            continue;
        };
        if object.key.kind == Kind::Endpoints && !service.selector.is_empty() {
            continue;
        }
        observed.has_unknown |= list.has_bare_addresses;
        for pod in list.pod_keys() {
            if world.is_spent() {
                return;
            }
            match world.get(&pod) {
                Some(object) => {
                    if let Some(workload) = object.facts.as_workload() {
                        see(world, istio, object, workload, observed);
                    }
                }
                None => observed.has_unknown = true,
            }
        }
    }
}

fn see(
    world: &World<'_>,
    istio: &Istio,
    object: &Object,
    workload: &Workload,
    observed: &mut Observed,
) {
    let evidence = evidence::of_workload(world, istio, &object.key.namespace, workload);
    let key = object.key.clone();
    match evidence.filter(|evidence| istio.asks_for(evidence.kind)) {
        Some(evidence)
            if evidence.is_of_unknown_role && istio.unknown_router == UnknownRouter::Unresolved =>
        {
            observed.unknown_roles.insert(key, evidence.text);
        }
        Some(evidence) => {
            observed
                .gateways
                .insert(key.clone(), Gateway { key, evidence });
        }
        None => observed.has_ordinary = true,
    }
}

/// A ReplicaSet whose owner is visible is one of its revisions: the owner's template decides.
fn is_old_revision(world: &World<'_>, object: &Object, workload: &Workload) -> bool {
    if object.key.kind != Kind::ReplicaSet {
        return false;
    }
    let Some(owner) = workload.owner.as_deref() else {
        return false;
    };
    let kind = match &*owner.kind {
        "Deployment" => Kind::Deployment,
        "Rollout" => Kind::Rollout,
        _ => return false,
    };
    let owner = ObjectKey::new(
        kind,
        Arc::clone(&object.key.namespace),
        Arc::clone(&owner.name),
    );
    world.get(&owner).is_some()
}
