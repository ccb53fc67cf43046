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
mod front;
mod front_ingress;
mod front_route;
mod gateway_api;
mod json;
mod listener;
mod missing_service;
mod network_load_balancer;
mod owner;
mod ports;
mod second_service;
mod standing;
mod submitted;
mod values;
mod way;

pub use change::{Action, Change, Owner, Patch, Remedy, Target};
pub use documents::{DocumentKey, Documents};
pub use owner::gitops;
pub use submitted::in_submitted;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::configuration::Configuration;

use crate::fronts::aws::{AUTO_MODE_CONTROLLER, Aws};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::Facts;

use crate::rules::{Finding, WayOut};
use draft::Draft;

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

/// So many findings of one object get changes of their own: each is a patch of the whole object.
const MOST_EACH: usize = 100;

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

    /// What repairs each of these findings by itself in the world as it was judged, in their order.
    #[must_use]
    pub fn of_each<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Remedy> {
        let mut counts: HashMap<&ObjectKey, usize> = HashMap::new();
        let each = findings.into_iter().map(|finding| {
            let count = counts.entry(&finding.object).or_default();
            *count += 1;
            if *count > MOST_EACH {
                let object = &finding.object;
                return Remedy::none(format!(
                    "more than {MOST_EACH} findings are about {object}: the changes of the report repair all of them together"
                ));
            }
            self.of_all([finding])
        });
        each.collect()
    }

    /// What repairs these findings together: one change a target.
    #[must_use]
    pub fn of_all<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>) -> Remedy {
        let mut draft = Draft::new(self.world, self.configuration, self.documents, &self.scene);
        let mut reasons = Reasons::default();
        // Those of one front together, in the place of the first.
        let mut groups: Vec<Vec<&Finding>> = Vec::new();
        let mut fronts: HashMap<&ObjectKey, usize> = HashMap::new();
        for finding in findings {
            let place = match finding.rule.rule().way_out {
                WayOut::Front => *fronts.entry(&finding.object).or_insert(groups.len()),
                WayOut::Defect | WayOut::Unknown(_) => groups.len(),
            };
            match groups.get_mut(place) {
                Some(of_front) => of_front.push(finding),
                None => groups.push(vec![finding]),
            }
        }
        for group in &groups {
            repair(&mut draft, group, &mut reasons);
        }
        let changes = draft.changes();
        let no_changes = changes.is_empty().then(|| reasons.text());
        Remedy {
            changes,
            no_changes,
        }
    }
}

/// Drafts what repairs the findings of one front, or a single other one.
fn repair(draft: &mut Draft<'_>, findings: &[&Finding], reasons: &mut Reasons) {
    let Some(first) = findings.first() else {
        return;
    };
    match first.rule.rule().way_out {
        WayOut::Front => front::repair(draft, &first.object, findings, reasons),
        WayOut::Defect => reasons.take(defect::repair(draft, first)),
        WayOut::Unknown(reason) => reasons.add(reason.to_owned()),
    }
}

/// Why findings have no changes, each reason once.
#[derive(Default)]
struct Reasons(Vec<String>);

impl Reasons {
    fn add(&mut self, reason: String) {
        if !self.0.contains(&reason) {
            self.0.push(reason);
        }
    }

    fn take(&mut self, repaired: Result<(), String>) {
        if let Err(reason) = repaired {
            self.add(reason);
        }
    }

    fn text(&self) -> String {
        if self.0.is_empty() {
            "nothing has to be changed".to_owned()
        } else {
            self.0.join("; ")
        }
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
