//! Remedies: what to change so that a finding is gone, as changes that can be applied.
//!
//! A finding, the world and the whole objects (which the caller gives, as the inventory keeps facts alone) become an ordered
//! list of [`Change`]s. Every way out drafts objects (`draft`); the smallest patch from each object to its draft is
//! what is said (`diff`). So findings that share objects are repaired together by drafting one after the other.
//!
//! Nothing here takes part in a verdict: remedies are worked out where a report is rendered.

mod change;
mod defect;
mod diff;
mod documents;
mod draft;
mod facing;
mod front_ingress;
mod front_route;
mod gateway_api;
mod json;
mod missing_service;
mod network_load_balancer;
mod owner;
mod ports;
mod second_service;
mod standing;
mod values;
mod way;

pub use change::{Action, Change, Owner, Patch, Remedy, Target};
pub use documents::{DocumentKey, Documents};
pub use owner::gitops;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::configuration::Configuration;
use crate::fronts;
use crate::fronts::aws::{AUTO_MODE_CONTROLLER, Aws};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{IndexKey, World, bound_group_key};
use crate::objects::Facts;
use crate::paths::{self, Leg};
use crate::rules::{Finding, WayOut};
use draft::{Draft, Phase};
use facing::Facing;

/// Works out remedies in one world.
pub struct Remedies<'a> {
    world: &'a World<'a>,
    configuration: &'a Configuration,
    documents: &'a dyn Documents,
    scene: Scene,
}

/// What is worked out once for all findings of a world.
#[derive(Default)]
struct Scene {
    by_name: OnceCell<HashMap<Arc<str>, Vec<ObjectKey>>>,
    is_auto_modes: OnceCell<bool>,
    groups: OnceCell<facing::Groups>,
}

impl Scene {
    /// Services and workloads of this name in any namespace, in order.
    fn named(&self, world: &World<'_>, name: &str) -> &[ObjectKey] {
        let all = self.by_name.get_or_init(|| {
            let mut all: HashMap<Arc<str>, Vec<ObjectKey>> = HashMap::new();
            let of_use = |kind: Kind| kind == Kind::Service || kind.is_workload();
            for object in world.objects().filter(|object| of_use(object.key.kind)) {
                let keys = all.entry(Arc::clone(&object.key.name)).or_default();
                keys.push(object.key.clone());
            }
            for keys in all.values_mut() {
                keys.sort();
            }
            all
        });
        all.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The Ingresses of an explicit group, in order, each with the controller that makes an ALB of it.
    fn in_group(
        &self,
        world: &World<'_>,
        aws: &Aws,
        name: &str,
    ) -> &[(ObjectKey, Option<Box<str>>)] {
        let groups = self.groups.get_or_init(|| facing::groups(world, aws));
        groups.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether EKS Auto Mode builds load balancers here: a class of its own is in sight.
    fn is_auto_modes(&self, world: &World<'_>) -> bool {
        *self.is_auto_modes.get_or_init(|| {
            world.objects().any(|object| {
                matches!(&object.facts, Facts::IngressClass(class) if *class.controller == *AUTO_MODE_CONTROLLER)
            })
        })
    }
}

/// So many findings of one object are repaired; of more the reader sees what they have in common.
const MOST_EACH: usize = 50;

impl<'a> Remedies<'a> {
    /// Over a world and its whole objects.
    #[must_use]
    pub fn new(
        world: &'a World<'a>,
        configuration: &'a Configuration,
        documents: &'a dyn Documents,
    ) -> Self {
        Self {
            world,
            configuration,
            documents,
            scene: Scene::default(),
        }
    }

    /// What repairs one finding in the world as it was judged.
    #[must_use]
    pub fn of(&self, finding: &Finding) -> Remedy {
        self.of_all([finding])
    }

    /// What repairs these findings together: one change a target.
    #[must_use]
    pub fn of_all<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>) -> Remedy {
        let mut draft = Draft::new(self.world, self.configuration, self.documents, &self.scene);
        let mut reasons: Vec<String> = Vec::new();
        let mut counts: HashMap<&ObjectKey, usize> = HashMap::new();
        for finding in findings {
            let count = counts.entry(&finding.object).or_default();
            *count += 1;
            if *count > MOST_EACH {
                continue;
            }
            if let Err(reason) = repair(&mut draft, finding)
                && !reasons.contains(&reason)
            {
                reasons.push(reason);
            }
        }
        let changes = draft.changes();
        let no_changes = changes.is_empty().then(|| {
            if reasons.is_empty() {
                "nothing has to be changed".to_owned()
            } else {
                reasons.join("; ")
            }
        });
        Remedy {
            changes,
            no_changes,
        }
    }
}

/// Drafts what repairs a finding.
fn repair(draft: &mut Draft<'_>, finding: &Finding) -> Result<(), String> {
    match finding.rule.rule().way_out {
        WayOut::Front => front(draft, finding),
        WayOut::Defect => defect::repair(draft, finding),
        WayOut::Unknown(reason) => Err(reason.to_owned()),
    }
}

/// The front goes, once a Layer-4 load balancer leads to the gateway.
fn front(draft: &mut Draft<'_>, finding: &Finding) -> Result<(), String> {
    let key = &finding.object;
    let document = DocumentKey::from(key);
    let world = draft.world;
    let Some(object) = draft.base(&document) else {
        return Err(format!("the whole object of {key} is not at hand"));
    };
    let Some(leg) = leg(draft, finding) else {
        return Err(format!("the way from {key} to the gateway is not in sight"));
    };
    if let Some(owner::Maker::Controller(name)) = owner::maker(&object) {
        return Err(format!(
            "{key} is written by {name}, of which nothing is known here: change it there"
        ));
    }
    let facing = match key.kind {
        Kind::Ingress => facing::of_ingress(draft, key),
        Kind::HttpRoute | Kind::GrpcRoute => {
            facing::of_route(draft, &front_route::alb_parents(draft, key, &object))
        }
        _ => Facing::of_binding(key, &object),
    };
    let stands = way::ensure(draft, &leg.reach, &facing)?;
    let leads = |target: &fronts::Target| leads(world, &leg, target);
    let is_gone = match key.kind {
        Kind::Ingress => front_ingress::take_away(draft, key, &leads),
        Kind::HttpRoute | Kind::GrpcRoute => front_route::take_away(draft, key, &leads),
        _ => {
            draft.delete(&document, Phase::Front);
            true
        }
    };
    if !is_gone {
        return Err(format!("the whole object of {key} is not at hand"));
    }
    explain_front(draft, &document, &facing, stands);
    explain_bindings(draft, &document, &leg);
    if matches!(
        key.kind,
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding
    ) {
        draft.explain(
            &document,
            "A front that forwards to its target group is L7G105 then. A binding that a controller made goes with the front that it was made for: labels alone do not prove that.",
        );
    }
    Ok(())
}

fn explain_front(draft: &mut Draft<'_>, document: &DocumentKey, facing: &Facing, stands: String) {
    draft.explain(document, stands);
    if !facing.certificates.is_empty() {
        draft.explain(document, certificates(facing));
    }
    for remark in &facing.remarks {
        draft.explain(document, remark.clone());
    }
    draft.explain(document, "Routing that it did belongs into a VirtualService or HTTPRoute of the mesh. Afterwards lower numTrustedProxies where it counts the ALB, or clients can forge X-Forwarded-For.");
}

/// Where the certificates go, with their names.
fn certificates(facing: &Facing) -> String {
    format!(
        "The certificate ({}) moves to the gateway: a Secret with it is named by spec.servers[].tls.credentialName of the Istio Gateway (of a Gateway API Gateway by spec.listeners[].tls.certificateRefs).",
        facing.certificates.join(", ")
    )
}

/// Says what becomes of bindings of the same Service, which the front gave their meaning or their controller a reason.
fn explain_bindings(draft: &mut Draft<'_>, document: &DocumentKey, leg: &Leg) {
    let Some(first) = leg.reach.services.first() else {
        return;
    };
    let service = (first.key.namespace.clone(), first.key.name.clone());
    if draft.world.at_most(&IndexKey::BindsService(service)) > 0 {
        draft.explain(document, "The controller deletes the TargetGroupBindings that it made for this front. One that stays behind is a finding of its own: L7G003, or L7G103 where nothing says its protocol any more.");
    }
}

/// The way that the finding is about.
fn leg(draft: &Draft<'_>, finding: &Finding) -> Option<Leg> {
    let (world, configuration) = (draft.world, draft.configuration);
    let object = world.get(&finding.object)?;
    let front = fronts::of_object(world, &configuration.aws, object)?;
    let paths = paths::of_front(world, &configuration.istio, front);
    let to = &finding.identity.first()?.to;
    let is_meant = |leg: &Leg| {
        leg.reach
            .services
            .first()
            .is_some_and(|hop| hop.key.qualified_name() == *to)
    };
    paths.legs.into_iter().find(is_meant)
}

/// Whether a target of the front leads to the Service of this leg: by itself, or bound to it.
fn leads(world: &World<'_>, leg: &Leg, target: &fronts::Target) -> bool {
    let Some(first) = leg.reach.services.first() else {
        return false;
    };
    let is_first = |namespace: &str, name: &str| {
        *first.key.namespace == *namespace && *first.key.name == *name
    };
    match target {
        fronts::Target::Service((namespace, name)) => is_first(namespace, name),
        fronts::Target::TargetGroup(group) => world.find(&bound_group_key(group)).any(|object| {
            matches!(&object.facts, Facts::TargetGroupBinding(binding)
                if is_first(&object.key.namespace, &binding.service)
                    && binding.target_group.as_ref().is_some_and(|bound| world.joins(bound, group)))
        }),
        fronts::Target::Unreadable { .. } => false,
    }
}

/// The key of a whole object by what its manifest says of it; kinds that no rule reads included.
#[must_use]
pub fn document_key(api_version: &str, kind: &str, namespace: &str, name: &str) -> DocumentKey {
    if let Some((known, _)) = Kind::of(api_version, kind) {
        return DocumentKey::from(&ObjectKey::new(known, namespace, name));
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    DocumentKey::of(group, kind, namespace, name)
}
