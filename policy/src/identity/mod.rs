//! What an object is called: its kind, namespace and name.
//!
//! These are the only identity types of the crate; facts, indexes, paths and findings all speak of objects through
//! them.

mod kind;

use std::fmt;
use std::sync::Arc;

pub use kind::Kind;

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
        }
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
