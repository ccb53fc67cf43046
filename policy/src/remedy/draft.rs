//! Objects as a remedy will leave them: drafts over the objects as they are, out of which the changes are read in the end.
//!
//! Because a draft is read again by whatever comes next, findings that share an object are repaired together, by one
//! change of each object.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::change::{Action, Change, Owner, Target};
use super::documents::{DocumentKey, Documents};
use super::json::{settled, text};
use super::owner::{self, Maker};
use super::{Scene, diff, values};
use crate::configuration::Configuration;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{IndexKey, World};
use crate::objects::service::Service;
use crate::objects::{self, Facts, Naming, Source};

/// Drafts of objects in one world.
pub(super) struct Draft<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) configuration: &'a Configuration,
    documents: &'a dyn Documents,
    pub(super) scene: &'a Scene,
    entries: BTreeMap<DocumentKey, Entry>,
    /// Keys in the order in which they were first changed.
    order: Vec<DocumentKey>,
    /// Services that are made.
    made: Vec<ObjectKey>,
}

/// When a change is applied: what stands in for the front comes before the front goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The way that stays or comes.
    Way,
    /// A defect of a Service that goes on serving.
    Defect,
    /// The front that goes.
    Front,
}

/// One object and its draft.
struct Entry {
    base: Option<Value>,
    draft: Option<Value>,
    phase: Phase,
    maker: Option<Maker>,
    /// The maker's own object is changed, and this is what the maker then writes.
    is_effect_of: Option<DocumentKey>,
    placeholders: Vec<String>,
    why: Vec<String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        world: &'a World<'a>,
        configuration: &'a Configuration,
        documents: &'a dyn Documents,
        scene: &'a Scene,
    ) -> Self {
        Self {
            world,
            configuration,
            documents,
            scene,
            made: Vec::new(),
            entries: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    /// The object as it stands in the draft, with the places of what was taken out of lists.
    fn raw(&self, key: &DocumentKey) -> Option<Value> {
        match self.entries.get(key) {
            Some(entry) => entry.draft.clone(),
            None => self.documents.get(key),
        }
    }

    /// The object as it is, whatever the draft makes of it.
    pub(super) fn base(&self, key: &DocumentKey) -> Option<Value> {
        match self.entries.get(key) {
            Some(entry) => entry.base.clone(),
            None => self.documents.get(key),
        }
    }

    /// The object as it will be.
    pub(super) fn document(&self, key: &DocumentKey) -> Option<Value> {
        self.raw(key).map(|value| settled(&value))
    }

    /// Whether it exists, in this draft or in the world.
    pub(super) fn exists(&self, key: &ObjectKey) -> bool {
        match self.entries.get(&key.into()) {
            Some(entry) => entry.draft.is_some(),
            None => self.world.get(key).is_some(),
        }
    }

    /// What rules read of a Service as it will be.
    pub(super) fn service(&self, key: &ObjectKey) -> Option<Arc<Service>> {
        if let Some(entry) = self.entries.get(&key.into()) {
            let value = settled(entry.draft.as_ref()?);
            let naming = Naming {
                api_version: "v1",
                kind: "Service",
                default_namespace: &key.namespace,
                default_name: &key.name,
            };
            return match objects::read(naming, Source::Value(&value)).ok()??.facts {
                Facts::Service(service) => Some(service),
                _ => None,
            };
        }
        match self.world.facts(key) {
            Some(Facts::Service(service)) => Some(Arc::clone(service)),
            _ => None,
        }
    }

    /// Services that this draft makes.
    pub(super) fn made_services(&self) -> &[ObjectKey] {
        &self.made
    }

    /// Changes an object that exists. `false`: it is not in sight.
    pub(super) fn edit(
        &mut self,
        key: &DocumentKey,
        phase: Phase,
        change: impl FnOnce(&mut Value),
    ) -> bool {
        if !self.entries.contains_key(key) {
            let Some(base) = self.documents.get(key) else {
                return false;
            };
            let maker = if key.kind == "Service" {
                owner::maker(&base)
            } else {
                None
            };
            let draft = Some(base.clone());
            self.insert(key, Some(base), draft, phase, maker);
        }
        let Some(draft) = self
            .entries
            .get_mut(key)
            .and_then(|entry| entry.draft.as_mut())
        else {
            return false;
        };
        change(draft);
        true
    }

    /// Makes an object that does not exist.
    pub(super) fn create(&mut self, key: &DocumentKey, object: Value, placeholders: Vec<String>) {
        if key.kind == "Service" {
            let made = ObjectKey::new(Kind::Service, &*key.namespace, &*key.name);
            self.made.push(made);
        }
        self.insert(key, None, Some(object), Phase::Way, None);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.placeholders = placeholders;
        }
    }

    /// Takes an object away.
    pub(super) fn delete(&mut self, key: &DocumentKey, phase: Phase) {
        if self.edit(key, phase, |_| {})
            && let Some(entry) = self.entries.get_mut(key)
        {
            entry.draft = None;
        }
    }

    fn insert(
        &mut self,
        key: &DocumentKey,
        base: Option<Value>,
        draft: Option<Value>,
        phase: Phase,
        maker: Option<Maker>,
    ) {
        let entry = Entry {
            base,
            draft,
            phase,
            maker,
            is_effect_of: None,
            placeholders: Vec::new(),
            why: Vec::new(),
        };
        self.entries.insert(key.clone(), entry);
        self.order.push(key.clone());
    }

    /// Says that a Service is written by its maker once the maker's own object is changed as drafted.
    pub(super) fn is_effect_of(&mut self, key: &DocumentKey, maker: &DocumentKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.is_effect_of = Some(maker.clone());
        }
    }

    /// The object whose change makes a controller write this one.
    pub(super) fn written_for(&self, key: &DocumentKey) -> Option<&DocumentKey> {
        self.entries.get(key)?.is_effect_of.as_ref()
    }

    /// Objects that do not exist and that the owner of this one will make.
    pub(super) fn made_for(&self, maker: &DocumentKey) -> Vec<DocumentKey> {
        let made = self.entries.iter().filter(|(_, entry)| {
            entry.base.is_none() && entry.is_effect_of.as_ref() == Some(maker)
        });
        made.map(|(key, _)| key.clone()).collect()
    }

    /// Says why an object is changed. What was said already is not said again.
    pub(super) fn explain(&mut self, key: &DocumentKey, why: impl Into<String>) {
        let why = why.into();
        if let Some(entry) = self.entries.get_mut(key)
            && !why.is_empty()
            && !entry.why.contains(&why)
        {
            entry.why.push(why);
        }
    }

    /// The changes, in the order in which they are applied.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut keys: Vec<&DocumentKey> = self.order.iter().collect();
        keys.sort_by_key(|key| self.entries.get(*key).map(|entry| entry.phase));
        keys.into_iter()
            .filter_map(|key| self.change(key))
            .collect()
    }

    fn change(&self, key: &DocumentKey) -> Option<Change> {
        let entry = self.entries.get(key)?;
        if entry.is_effect_of.is_some() {
            return None;
        }
        let change = entry.change(key)?;
        if let Some(through) = self.through_operator(key, entry, &change) {
            return Some(through);
        }
        if let Some((owner, values)) = entry.values(key) {
            return Some(Change {
                why: change.why.clone(),
                target: change.target.clone(),
                action: Action::Values(values),
                owner: Some(owner),
                placeholders: Vec::new(),
                effect: vec![Change {
                    why: "what the chart then makes".to_owned(),
                    ..change
                }],
            });
        }
        let effects = self
            .entries
            .iter()
            .filter(|(_, other)| other.is_effect_of.as_ref() == Some(key));
        Some(Change {
            effect: effects
                .filter_map(|(key, entry)| entry.change(key))
                .collect(),
            ..change
        })
    }

    /// The change of the `IstioOperator` in the world that makes this Service.
    fn through_operator(
        &self,
        key: &DocumentKey,
        entry: &Entry,
        change: &Change,
    ) -> Option<Change> {
        let Some(Maker::IstioOperator(_, named)) = &entry.maker else {
            return None;
        };
        let (base, draft) = (entry.base.as_ref()?, entry.draft.as_ref()?);
        let service = (Arc::from(&*key.namespace), Arc::from(&*key.name));
        let index = IndexKey::NamesGatewayService(service);
        let naming = self.world.find(&index).map(|object| &object.key);
        let mut operators = naming.filter(|key| key.kind == Kind::IstioOperator);
        let operator = operators.next().unwrap_or(named);
        let before = self.documents.get(&operator.into())?;
        let mut after = before.clone();
        values::tell_operator(&mut after, base, &settled(draft), key)?;
        Some(Change {
            target: Target {
                api_version: text(&before, &["apiVersion"])
                    .unwrap_or_default()
                    .to_owned(),
                kind: operator.kind.name().to_owned(),
                namespace: operator.namespace.to_string(),
                name: operator.name.to_string(),
            },
            action: Action::Patch(diff::patch(&before, &after)?),
            owner: owner::gitops(&before),
            placeholders: Vec::new(),
            why: format!(
                "Istio's installer makes the Service from it. {}",
                change.why
            ),
            effect: vec![Change {
                owner: None,
                why: "what Istio's installer then writes".to_owned(),
                ..change.clone()
            }],
        })
    }
}

impl Entry {
    /// The change of this object, whoever makes it.
    fn change(&self, key: &DocumentKey) -> Option<Change> {
        let action = match (&self.base, &self.draft) {
            (None, None) => return None,
            (None, Some(object)) => Action::Create(settled(object)),
            (Some(_), None) => Action::Delete,
            (Some(base), Some(draft)) => Action::Patch(diff::patch(base, draft)?),
        };
        let shown = self.base.as_ref().or(self.draft.as_ref())?;
        Some(Change {
            target: Target {
                api_version: text(shown, &["apiVersion"]).unwrap_or_default().to_owned(),
                kind: key.kind.clone(),
                namespace: key.namespace.clone(),
                name: key.name.clone(),
            },
            action,
            owner: self.owner(),
            effect: Vec::new(),
            placeholders: self.placeholders.clone(),
            why: self.why.join(" "),
        })
    }

    fn owner(&self) -> Option<Owner> {
        let base = self.base.as_ref()?;
        match &self.maker {
            Some(Maker::Release(owner)) => Some(owner.clone()),
            _ => owner::gitops(base),
        }
    }

    /// The values for the chart or installer that makes this Service, where it is one of Istio's.
    fn values(&self, key: &DocumentKey) -> Option<(Owner, Value)> {
        let (base, draft) = (self.base.as_ref()?, self.draft.as_ref()?);
        match self.maker.as_ref()? {
            Maker::Helm(owner, chart) => Some((
                owner.clone(),
                values::of_chart(*chart, base, &settled(draft), &key.name),
            )),
            Maker::IstioOperator(owner, _) => Some((
                owner.clone(),
                values::of_operator(base, &settled(draft), key),
            )),
            _ => None,
        }
    }
}
