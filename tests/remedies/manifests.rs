//! Sets of objects as JSON, and who an object is.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use l7guard_manifests::{Item, Reader, Source};
use libtest_mimic::Failed;
use serde_json::{Value, json};

/// Kinds without a namespace, of those that worlds of these tests hold.
const CLUSTER_SCOPED: [&str; 8] = [
    "IngressClass",
    "IngressClassParams",
    "GatewayClass",
    "Namespace",
    "Node",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
];

/// Who an object is, whatever the version it is written in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Identity {
    pub(crate) fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        let (group, _version) = api_version.split_once('/').unwrap_or(("", api_version));
        let namespace = if CLUSTER_SCOPED.contains(&kind) {
            ""
        } else {
            namespace
        };
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Of an object whose namespace is filled in.
    pub(crate) fn of(object: &Value) -> Self {
        let metadata = &object["metadata"];
        Self::new(
            text(&object["apiVersion"]),
            text(&object["kind"]),
            text(&metadata["namespace"]),
            text(&metadata["name"]),
        )
    }

    pub(crate) fn service(namespace: &str, name: &str) -> Self {
        Self::new("v1", "Service", namespace, name)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// A text, or nothing for anything else.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The elements of an array; none for anything else.
pub(crate) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The fields of a map; none for anything else.
pub(crate) fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// An annotation that is a text.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"].get(key)?.as_str()
}

/// A label that is a text.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["labels"].get(key)?.as_str()
}

/// Objects that exist together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Manifests(pub(crate) Vec<Value>);

impl Manifests {
    /// The objects, with the namespace that those have which name none.
    pub(crate) fn new(objects: Vec<Value>, default_namespace: &str) -> Self {
        let mut manifests = Self(objects);
        for object in &mut manifests.0 {
            let is_namespaced = !CLUSTER_SCOPED.contains(&text(&object["kind"]));
            if is_namespaced
                && text(&object["metadata"]["namespace"]).is_empty()
                && let Some(metadata) = object["metadata"].as_object_mut()
            {
                metadata.insert("namespace".to_owned(), default_namespace.into());
            }
        }
        manifests
    }

    /// The objects that `check` reads in these files.
    pub(crate) fn read(files: &[&Path], default_namespace: &str) -> Result<Self, Failed> {
        let mut objects = Vec::new();
        for file in files {
            let source = Arc::new(Source::new("fixture", std::fs::read(file)?));
            objects.extend(Reader::new(source).filter_map(|item| match item {
                Item::Object(object) if object.name.is_some() => Some(object.value),
                _ => None,
            }));
        }
        Ok(Self::new(objects, default_namespace))
    }

    pub(crate) fn get(&self, identity: &Identity) -> Option<&Value> {
        self.0
            .iter()
            .rfind(|object| Identity::of(object) == *identity)
    }

    pub(crate) fn get_mut(&mut self, identity: &Identity) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .rfind(|object| Identity::of(object) == *identity)
    }

    pub(crate) fn remove(&mut self, identity: &Identity) {
        self.0.retain(|object| Identity::of(object) != *identity);
    }

    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0
            .iter()
            .filter(move |object| text(&object["kind"]) == kind)
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = &Value> {
        let services = self.of_kind("Service");
        services.filter(|service| service["apiVersion"] == "v1")
    }

    /// Whether an object is given more than once.
    pub(crate) fn has_copies(&self) -> bool {
        let mut identities: Vec<Identity> = self.0.iter().map(Identity::of).collect();
        identities.sort();
        identities.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// As one document that `check` reads.
    pub(crate) fn document(&self) -> String {
        json!({"apiVersion": "v1", "kind": "List", "items": self.0}).to_string()
    }
}
