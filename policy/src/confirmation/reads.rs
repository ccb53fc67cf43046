//! What was read from the cluster for one review, laid over what is known of it.

use std::collections::{BTreeMap, BTreeSet};

use super::live_query::{LiveQuery, LiveRead, LiveResult};
use super::selected_pods::{PodSelection, SelectedPods};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{Overlay, Scope};
use crate::objects::Facts;

/// What was read from the cluster for one review.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    overlay: Overlay,
    answered: BTreeSet<LiveQuery>,
    /// What metadata shows is no part of the world: it says which Pods have to be read.
    pods: BTreeMap<PodSelection, SelectedPods>,
    /// Nor are revisions: only of those that have Pods it matters what they are.
    revisions: BTreeMap<ObjectKey, Facts>,
}

impl Reads {
    /// Takes in the answer to a query. An object that no rule reads is no object.
    pub(super) fn answer(&mut self, (query, result): LiveRead) {
        let objects = match (&query, result) {
            (LiveQuery::PodMetadata(selection), LiveResult::Pods(pods)) => {
                self.pods.insert(selection.clone(), pods);
                self.answered.insert(query);
                return;
            }
            (_, LiveResult::Objects(objects)) => objects,
            // It answers nothing that was asked.
            (_, LiveResult::Pods(_)) => return,
        };
        match &query {
            LiveQuery::Object(key) => match objects.into_iter().next() {
                Some(object) => self.overlay.put(object),
                None => self.overlay.hide(key.clone()),
            },
            LiveQuery::Objects(kind, scope) => self.overlay.replace(*kind, scope, objects),
            LiveQuery::Revision(key) => {
                if let Some(object) = objects.into_iter().next() {
                    self.revisions.insert(key.clone(), object.facts);
                }
            }
            LiveQuery::Pods(_) | LiveQuery::PodMetadata(_) | LiveQuery::Aliases => {
                for object in objects {
                    self.answered.insert(LiveQuery::Object(object.key.clone()));
                    self.overlay.put(object);
                }
            }
        }
        self.answered.insert(query);
    }

    /// What to put over the inventory.
    pub(super) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// The same, of a review that is done.
    pub(super) fn into_overlay(self) -> Overlay {
        self.overlay
    }

    /// The Pods of a selection by their metadata, if they were asked for.
    pub(super) fn pods(&self, selection: &PodSelection) -> Option<&SelectedPods> {
        self.pods.get(selection)
    }

    /// A ReplicaSet that was asked for as a revision.
    pub(super) fn revision(&self, key: &ObjectKey) -> Option<&Facts> {
        self.revisions.get(key)
    }

    pub(super) fn answers(&self, query: &LiveQuery) -> bool {
        self.answered.contains(query)
            || match query {
                LiveQuery::Object(key) => self.overlay.replaces(key.kind, &Scope::of(key)),
                LiveQuery::Objects(kind, scope) => self.overlay.replaces(*kind, scope),
                LiveQuery::Pods(_) | LiveQuery::PodMetadata(_) | LiveQuery::Revision(_) => false,
                LiveQuery::Aliases => self.overlay.replaces(Kind::Service, &Scope::Cluster),
            }
    }
}
