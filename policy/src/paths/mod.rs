//! Fronts × gateways = paths: every way on which a front reaches a Service, and what is behind that Service.
//!
//! A *leg* is one front and one Service; several gateway workloads behind the Service are in the leg together.
//! [`affected`] says which fronts an object can have part in.

pub mod affected;
pub mod network_gateway;

use std::collections::BTreeSet;

use foldhash::HashSet;

use crate::budget::steps_of_text;
use crate::confidence::Confidence;
use crate::fronts::{Destination, Front, Provisioning, Target};
use crate::gateways::istio::Istio;
use crate::gateways::selection::selects;
use crate::gateways::service::{Backends, ServiceTrace, reach};
use crate::identity::{ObjectKey, ServiceKey};
use crate::inventory::{World, bound_group_key};
use crate::objects::target_group_binding::{Protocol, TargetGroup};
use crate::objects::{Facts, Object};

/// All ways that lead from a front.
#[derive(Clone, Debug)]
pub struct FrontPaths<'a> {
    /// The front.
    pub front: Front<'a>,
    /// One leg for each Service that it routes to, by the first field that names it.
    pub legs: Vec<Leg>,
    /// Target groups that it forwards to and that no visible binding explains, each once.
    pub open_target_groups: Vec<(String, TargetGroup)>,
}

/// One front and one Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The field of the front that leads there.
    pub field: String,
    /// The TargetGroupBinding between them, where the front names a target group.
    pub binding: Option<(ObjectKey, TargetGroup)>,
    /// The Service and what is behind it.
    pub reach: ServiceTrace,
}

/// Follows a front to everything that it routes to. A front that makes nothing leads nowhere.
#[must_use]
pub fn of_front<'a>(world: &World<'a>, istio: &Istio, front: Front<'a>) -> FrontPaths<'a> {
    let mut open_target_groups = Vec::new();
    let legs = legs(world, istio, &front.destinations, &mut open_target_groups);
    FrontPaths {
        front,
        legs,
        open_target_groups,
    }
}

/// Follows each destination to the Services behind it; target groups that no visible binding explains are added to
/// `open_target_groups`.
pub(crate) fn legs(
    world: &World<'_>,
    istio: &Istio,
    destinations: &[Destination],
    open_target_groups: &mut Vec<(String, TargetGroup)>,
) -> Vec<Leg> {
    let mut legs = Vec::new();
    let mut services: HashSet<ServiceKey> = HashSet::default();
    let mut groups: HashSet<TargetGroup> = HashSet::default();
    for Destination { field, target } in destinations {
        if !world.take(1 + steps_of_text(field.len())) {
            break;
        }
        match target {
            Target::Service(service) => {
                if services.insert(service.clone()) {
                    legs.push(Leg {
                        field: field.to_string(),
                        binding: None,
                        reach: reach(world, istio, service),
                    });
                }
            }
            Target::TargetGroup(group) => {
                if !groups.insert(group.clone()) {
                    continue;
                }
                let bound = bindings(world, group);
                if bound.is_empty() {
                    open_target_groups.push((field.to_string(), group.clone()));
                }
                for (binding, service) in bound {
                    if services.insert(service.clone()) {
                        legs.push(Leg {
                            field: field.to_string(),
                            binding: Some((binding, group.clone())),
                            reach: reach(world, istio, &service),
                        });
                    }
                }
            }
            Target::Unreadable { .. } => {}
        }
    }
    legs
}

/// The bindings that may give a target group of an ALB its targets, in the order of their keys. Those of a protocol
/// that AWS permits for Network Load Balancers only cannot.
fn bindings(world: &World<'_>, group: &TargetGroup) -> Vec<(ObjectKey, ServiceKey)> {
    let mut bindings: Vec<(ObjectKey, ServiceKey)> = world
        .find(&bound_group_key(group))
        .filter_map(|object| {
            let Facts::TargetGroupBinding(binding) = &object.facts else {
                return None;
            };
            let joins = world.joins(binding.target_group.as_ref()?, group);
            (joins && binding.protocol != Protocol::Network).then(|| {
                let service = (object.key.namespace.clone(), binding.service.clone());
                (object.key.clone(), service)
            })
        })
        .collect();
    bindings.sort();
    bindings
}

impl FrontPaths<'_> {
    /// How sure it is that the leg puts an ALB in front of a gateway; `None`: it does not, or nobody can tell.
    #[must_use]
    pub fn confidence(&self, leg: &Leg) -> Option<Confidence> {
        let Provisioning::Alb(proof) = &self.front.provisioning else {
            return None;
        };
        Some(leg.reach.confidence()?.min(proof.confidence))
    }

    /// About how many steps it takes to describe what is on the way: every leg tells of the front and of the gateways behind its
    /// Service.
    pub(crate) fn steps(&self) -> usize {
        let front = match &self.front.provisioning {
            Provisioning::Alb(proof) => proof.text.length(),
            Provisioning::Unknown(reason) => reason.length(),
            Provisioning::Undecided | Provisioning::Nothing => 0,
        };
        let legs = self.legs.iter().map(|leg| {
            let hops = leg.reach.services.iter();
            let hops: usize = hops.map(|hop| hop.evidence.length()).sum();
            let gateways = match &leg.reach.backends {
                Backends::Gateways(gateways) => gateways.len(),
                _ => 0,
            };
            1 + gateways + steps_of_text(leg.field.len() + hops + front)
        });
        let groups = self.open_target_groups.iter();
        let groups = groups
            .map(|(field, group)| 1 + steps_of_text(field.len() + group.as_str().len() + front));
        legs.chain(groups).sum()
    }

    /// The objects on the leg's path, this front included: an object that is not among them has no part in it.
    #[must_use]
    pub fn participants(&self, leg: &Leg) -> BTreeSet<ObjectKey> {
        let mut objects = BTreeSet::from([self.front.object.key.clone()]);
        if let Provisioning::Alb(proof) = &self.front.provisioning {
            objects.extend(proof.rests_on.iter().cloned());
        }
        objects.extend(leg.binding.iter().map(|(binding, _)| binding.clone()));
        objects.extend(leg.reach.participants());
        objects
    }
}

impl ServiceTrace {
    /// Whether the last Service selects this workload, whatever it is.
    #[must_use]
    pub fn selects(&self, object: &Object) -> bool {
        let (Facts::Workload(workload), Some(service), Some(last)) =
            (&object.facts, &self.service, self.last_service())
        else {
            return false;
        };
        last.namespace == object.key.namespace && selects(&service.selector, object, workload)
    }

    /// The Services on the way that exist, the workloads behind the last one, and what their evidence rests on.
    #[must_use]
    pub fn participants(&self) -> BTreeSet<ObjectKey> {
        let existing = self.services.iter().filter(|hop| hop.exists);
        let mut objects: BTreeSet<ObjectKey> = existing.map(|hop| hop.key.clone()).collect();
        match &self.backends {
            Backends::Gateways(gateways) => {
                for gateway in gateways {
                    objects.insert(gateway.key.clone());
                    objects.extend(gateway.evidence.rests_on.iter().cloned());
                }
            }
            Backends::Likely(hint) | Backends::Stated(hint) => {
                objects.extend(hint.rests_on.iter().cloned());
            }
            Backends::Ordinary | Backends::Unknown(_) => {}
        }
        objects
    }
}
