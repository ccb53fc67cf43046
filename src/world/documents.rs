//! Whole objects of files, kept as JSON text for the remedies of what is found: of the kinds that a remedy changes or reads.

use std::collections::HashMap;

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::remedy::{DocumentKey, Documents, document_key};
use serde_json::Value;

use super::copies::Copy;
use l7guard_manifests::RawObject;

/// API groups of kinds that no rule reads and that a remedy does: configurations of ALB Gateways.
const OTHER_GROUPS: [&str; 1] = ["gateway.k8s.aws/"];

/// The last copies of objects, as JSON text.
#[derive(Debug, Default)]
pub(super) struct WholeObjects(HashMap<DocumentKey, Box<str>>);

impl WholeObjects {
    /// Keeps an object that a rule reads; returns its earlier copy.
    pub(super) fn keep(&mut self, key: &ObjectKey, value: &Value) -> Option<Box<str>> {
        let is_of_use = !matches!(
            key.kind,
            Kind::Pod | Kind::Namespace | Kind::EndpointSlice | Kind::Endpoints | Kind::ReplicaSet
        );
        if !is_of_use {
            return None;
        }
        self.0.insert(key.into(), value.to_string().into())
    }

    /// Takes in what is known of a cluster's objects, of those that are not here.
    pub(super) fn lay_over(&mut self, below: HashMap<DocumentKey, Box<str>>) {
        for (key, text) in below {
            self.0.entry(key).or_insert(text);
        }
    }

    /// Keeps an object that no rule reads, where a remedy does.
    pub(super) fn keep_other(&mut self, object: &RawObject, namespace: &str) {
        let is_of_use = |group: &&str| object.api_version.starts_with(*group);
        if let Some(name) = object
            .name
            .as_deref()
            .filter(|_| OTHER_GROUPS.iter().any(is_of_use))
        {
            let namespace = object.namespace.as_deref().unwrap_or(namespace);
            let key = document_key(&object.api_version, &object.kind, namespace, name);
            self.0.insert(key, object.value.to_string().into());
        }
    }
}

/// The whole objects with a copy in place of the last one.
pub(super) struct Over<'a> {
    pub(super) whole: &'a WholeObjects,
    pub(super) copy: Option<&'a Copy>,
}

impl Documents for Over<'_> {
    fn get(&self, key: &DocumentKey) -> Option<Value> {
        let of_copy = self
            .copy
            .filter(|copy| DocumentKey::from(&copy.object.key) == *key)
            .map(|copy| copy.whole.as_deref());
        let text = match of_copy {
            Some(text) => text,
            None => self.whole.0.get(key).map(|text| &**text),
        };
        serde_json::from_str(text?).ok()
    }
}
