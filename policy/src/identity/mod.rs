//! What an object is called: its kind, namespace and name.
//!
//! These are the only identity types of the crate; facts, indexes, paths and findings all speak of objects through
//! them.

mod kind;

use std::fmt;
use std::sync::Arc;

pub use kind::Kind;

use crate::placeholder;

/// A Service as (namespace, name), whether it exists or not.
pub type ServiceKey = (Arc<str>, Arc<str>);

/// The key of a Service as an object.
#[must_use]
pub fn service_object(service: &ServiceKey) -> ObjectKey {
    ObjectKey::new(
        Kind::Service,
        Arc::clone(&service.0),
        Arc::clone(&service.1),
    )
}

/// The identity of one object. Cluster-scoped objects have an empty namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The object's kind.
    pub kind: Kind,
    /// The object's namespace; empty for cluster-scoped kinds.
    pub namespace: Arc<str>,
    /// The object's name.
    pub name: Arc<str>,
    /// Tells objects of files apart whose name or namespace is a placeholder, which equals no other. 0 where both are known.
    /// It is never shown.
    pub instance: u32,
}

impl ObjectKey {
    /// The key of an object. The namespace of a cluster-scoped kind is dropped.
    pub fn new(kind: Kind, namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        let namespace = if kind.is_namespaced() {
            namespace.into()
        } else {
            Arc::from("")
        };
        Self {
            kind,
            namespace,
            name: name.into(),
            instance: 0,
        }
    }

    /// The key of one of several objects of the same unknown name. No reference leads to it.
    #[must_use]
    pub fn with_instance(self, instance: u32) -> Self {
        Self { instance, ..self }
    }

    /// Whether name or namespace is a placeholder, or has one in it.
    #[must_use]
    pub fn has_placeholder(&self) -> bool {
        placeholder::is_in(&self.name) || placeholder::is_in(&self.namespace)
    }

    /// `namespace/name`, or the bare name of a cluster-scoped object.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        if self.namespace.is_empty() {
            self.name.to_string()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Display for ObjectKey {
    /// `Kind namespace/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.qualified_name())
    }
}
