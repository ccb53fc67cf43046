//! Whether the Pods behind a Service are what its templates say. "Ordinary" is a claim about Pods: a Service selects also Pods
//! that no template made, and those that an older template made and that run on.
//!
//! ```text
//! metadata of all Pods ─▶ the ReplicaSets that control them, once each ─▶ whole Pods, where neither explains them
//! ```
//!
//! A Pod is its template's only if its controller is, by UID, a workload that replaces Pods of older templates and has done
//! so, or a ReplicaSet of such a workload. Then template and metadata together say what it is. Everything else is read whole
//! and judged like any other Pod.

use std::sync::Arc;

use super::live_query::LiveQuery;
use super::plan::Plan;
use super::selected_pods::{FEW, PodSelection, SelectedPods};
use crate::confidence::Confidence;
use crate::configuration::Likely;
use crate::gateways::evidence;
use crate::gateways::kind::{GatewayKind, is_east_west_by_ports};
use crate::gateways::service::{Backends, ServiceTrace};
use crate::identity::{Kind, ObjectKey};
use crate::labels::Labels;
use crate::objects::Facts;
use crate::objects::controller::Controller;
use crate::objects::pod_metadata::PodShape;
use crate::objects::revision::CurrentPods;
use crate::objects::service::Service;
use crate::objects::workload::Workload;

/// Of so many Services the Pods are asked about when a class is written, which may join the fronts of a whole cluster.
const OF_A_CLASS: usize = 512;

/// Of how many Services the Pods may be asked about when an object of this kind is written.
pub(super) fn most_selections(kind: Kind) -> usize {
    match kind {
        Kind::IngressClass | Kind::GatewayClass => OF_A_CLASS,
        _ => usize::MAX,
    }
}

/// Where a Pod comes from.
enum Origin {
    /// This template.
    Template(Workload),
    /// That is being asked.
    Asked,
    /// It cannot be told.
    Unknown,
}

impl Plan<'_> {
    /// Asks about the Pods of a Service that selects known templates, unless these show already what would be found.
    pub(super) fn ask_about_pods(
        &mut self,
        way: &ServiceTrace,
        service: &Service,
        namespace: &Arc<str>,
    ) {
        if !self.can_pods_matter(way, service) {
            return;
        }
        let selection = PodSelection {
            namespace: Arc::clone(namespace),
            labels: service.selector.clone(),
        };
        if self.selections.len() >= self.most_selections && !self.selections.contains(&selection) {
            return;
        }
        self.selections.insert(selection.clone());
        if self.reads.answers(&LiveQuery::Pods(selection.clone())) {
            return;
        }
        if !self.ask(LiveQuery::PodMetadata(selection.clone())) {
            return;
        }
        let Some(pods) = self.reads.pods(&selection) else {
            return;
        };
        match self.unexplained(pods, namespace, way) {
            Some(names) if names.len() <= FEW => {
                for name in names {
                    let pod = ObjectKey::new(Kind::Pod, Arc::clone(namespace), name);
                    self.ask(LiveQuery::Object(pod));
                }
            }
            Some(_) => {
                self.ask(LiveQuery::Pods(selection));
            }
            None => {}
        }
    }

    /// Whether Pods can make more of what is behind a Service than is known.
    fn can_pods_matter(&self, way: &ServiceTrace, service: &Service) -> bool {
        let istio = &self.configuration.istio;
        if is_east_west_by_ports(service) && !istio.asks_for(GatewayKind::EastWest) {
            return false;
        }
        match &way.backends {
            Backends::Ordinary | Backends::Unknown(_) => true,
            // Of proxies whose role cannot be told less is said than of a gateway.
            Backends::Gateways(_) => {
                way.is_of_unknown_role()
                    || self.leads_elsewhere(way)
                    || (self.configuration.likely == Likely::Warn
                        && way.confidence() != Some(Confidence::Confirmed))
            }
            Backends::Likely(_) | Backends::Stated(_) => false,
        }
    }

    /// Whether the change makes a Service on this way lead elsewhere. Then a gateway that was behind it before may hide that
    /// others come.
    fn leads_elsewhere(&self, way: &ServiceTrace) -> bool {
        let leads_to = |facts: &Facts| match facts {
            Facts::Service(service) => {
                Some((service.selector.clone(), service.external_name.clone()))
            }
            _ => None,
        };
        let old = self.old.and_then(|old| leads_to(&old.facts));
        let new = self.world().facts(self.subject).and_then(leads_to);
        old.is_some() && old != new && way.services.iter().any(|hop| hop.key == *self.subject)
    }

    /// The names of the Pods that no template explains: of more than [`FEW`] at least one more than that. `None`: something
    /// has to be read first.
    fn unexplained(
        &mut self,
        pods: &SelectedPods,
        namespace: &Arc<str>,
        way: &ServiceTrace,
    ) -> Option<Vec<Arc<str>>> {
        let Some(shapes) = pods.by_shape() else {
            return Some(vec![Arc::from(""); FEW + 1]);
        };
        let mut names = Vec::new();
        let mut is_complete = true;
        for (shape, alike) in shapes {
            let is_explained = match self.origin(shape, namespace) {
                Origin::Template(template) => {
                    !self.may_be_gateway(&template, shape, namespace, way)
                }
                Origin::Asked => {
                    is_complete = false;
                    continue;
                }
                Origin::Unknown => false,
            };
            if !is_explained {
                names.extend(alike.names.iter().cloned());
                // What counts is only that they are too many.
                names.extend((alike.names.len()..alike.count.min(FEW + 1)).map(|_| Arc::from("")));
            }
        }
        is_complete.then_some(names)
    }

    /// The template that a Pod was made from.
    fn origin(&mut self, shape: &PodShape, namespace: &Arc<str>) -> Origin {
        let Some(controller) = &shape.controller else {
            return Origin::Unknown;
        };
        match &*controller.kind {
            "ReplicaSet" => self.origin_of_revision(controller, namespace),
            "StatefulSet" => self.origin_of_set(Kind::StatefulSet, controller, shape, namespace),
            "DaemonSet" => self.origin_of_set(Kind::DaemonSet, controller, shape, namespace),
            _ => Origin::Unknown,
        }
    }

    /// Of a StatefulSet or DaemonSet.
    fn origin_of_set(
        &mut self,
        kind: Kind,
        controller: &Controller,
        shape: &PodShape,
        namespace: &Arc<str>,
    ) -> Origin {
        let key = ObjectKey::new(kind, Arc::clone(namespace), Arc::clone(&controller.name));
        if !self.ask(LiveQuery::Object(key.clone())) {
            return Origin::Asked;
        }
        let world = self.world();
        let Some(Facts::Workload(set)) = world.facts(&key) else {
            return Origin::Unknown;
        };
        let is_current = controls(set, controller)
            && match set.identity.as_ref().map(|identity| &identity.current) {
                Some(CurrentPods::All) => true,
                Some(CurrentPods::OfRevision(revision)) => {
                    shape.revision.as_ref() == Some(revision)
                }
                Some(CurrentPods::Unknown) | None => false,
            };
        if is_current {
            Origin::Template(set.clone())
        } else {
            Origin::Unknown
        }
    }

    /// Of a ReplicaSet that is a revision of a visible workload. (One that stands by itself replaces no Pod when its template
    /// is changed.)
    fn origin_of_revision(&mut self, controller: &Controller, namespace: &Arc<str>) -> Origin {
        let name = Arc::clone(&controller.name);
        let key = ObjectKey::new(Kind::ReplicaSet, Arc::clone(namespace), name);
        if !self.ask(LiveQuery::Revision(key.clone())) {
            return Origin::Asked;
        }
        let Some(Facts::Workload(revision)) = self.reads.revision(&key) else {
            return Origin::Unknown;
        };
        let owner = revision.owner.as_deref();
        let is_owned = owner.is_some_and(|owner| self.is_visible(owner, namespace));
        if controls(revision, controller) && is_owned {
            Origin::Template(revision.clone())
        } else {
            Origin::Unknown
        }
    }

    /// Whether the workload that controls a ReplicaSet is visible, and is the same.
    fn is_visible(&self, owner: &Controller, namespace: &Arc<str>) -> bool {
        let kind = match &*owner.kind {
            "Deployment" => Kind::Deployment,
            "Rollout" => Kind::Rollout,
            _ => return false,
        };
        let key = ObjectKey::new(kind, Arc::clone(namespace), Arc::clone(&owner.name));
        let world = self.world();
        let workload = world.facts(&key).and_then(Facts::as_workload);
        workload.is_some_and(|workload| controls(workload, owner))
    }

    /// Whether a template, or the metadata of a Pod of it, or both together, show more of a gateway than is known anyway.
    /// What that rests on is read.
    fn may_be_gateway(
        &mut self,
        template: &Workload,
        shape: &PodShape,
        namespace: &Arc<str>,
        way: &ServiceTrace,
    ) -> bool {
        let as_made = Workload {
            labels: shape.marks.labels.clone(),
            ..template.clone()
        };
        let istio = &self.configuration.istio;
        let looked_at = [template, &as_made, &shape.marks];
        let (is_found, premises) = self.recorded(|world| {
            let evidence = looked_at.map(|workload| {
                evidence::of_workload(world, istio, namespace, workload)
                    .filter(|evidence| istio.asks_for(evidence.kind))
            });
            // Where it cannot be told of a template what its Pods are, nor can it of the Pods.
            let is_told = |unknown: bool| unknown && way.backends != Backends::Ordinary;
            let mut evidence = evidence.iter().flatten();
            evidence.any(|evidence| !is_told(evidence.is_of_unknown_role))
        });
        self.ask_premises(premises);
        is_found
    }
}

/// Whether it is this workload that an owner reference names.
fn controls(workload: &Workload, controller: &Controller) -> bool {
    let uid = workload.identity.as_ref().map(|identity| identity.uid);
    uid.is_some() && uid == controller.uid
}

/// A selection by one label.
pub(super) fn with_label(namespace: &Arc<str>, label: &str, value: &Arc<str>) -> PodSelection {
    PodSelection {
        namespace: Arc::clone(namespace),
        labels: Labels::new([(Arc::from(label), Arc::clone(value))]),
    }
}
