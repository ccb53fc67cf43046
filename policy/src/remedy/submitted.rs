//! The part of a remedy that lies in the object of a refused write. It needs no other whole object, so that a refusal can say it
//! without another read.

use serde_json::Value;

use super::documents::{DocumentKey, Documents};
use super::draft::Draft;
use super::{Change, Scene, defect, front};
use crate::configuration::Configuration;
use crate::identity::ObjectKey;
use crate::inventory::World;
use crate::rules::{Finding, WayOut};

/// The changes of the object under review that take the ways of these findings out of it; none where it is not what has to be
/// changed. `object` is the whole object as it was submitted.
#[must_use]
pub fn in_submitted<'f>(
    world: &World<'_>,
    configuration: &Configuration,
    key: &ObjectKey,
    object: Value,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<Change> {
    let own: Vec<&Finding> = findings
        .into_iter()
        .filter(|finding| finding.object == *key)
        .collect();
    if own.is_empty() {
        return Vec::new();
    }
    let documents = Submitted {
        key: key.into(),
        object,
    };
    let scene = Scene::default();
    let mut draft = Draft::new(world, configuration, &documents, &scene);
    let mut fronts = Vec::new();
    for finding in own {
        match finding.rule.rule().way_out {
            WayOut::Front => fronts.push(finding),
            WayOut::Defect => defect::repair_alone(&mut draft, finding),
            WayOut::Unknown(_) => {}
        }
    }
    if !fronts.is_empty() {
        front::leave_out(&mut draft, key, &fronts);
    }
    draft.changes()
}

/// The one whole object that is at hand.
struct Submitted {
    key: DocumentKey,
    object: Value,
}

impl Documents for Submitted {
    fn get(&self, key: &DocumentKey) -> Option<Value> {
        (self.key == *key).then(|| self.object.clone())
    }
}
