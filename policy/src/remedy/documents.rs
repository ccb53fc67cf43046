//! Whole objects: what the inventory does not keep, given by the caller.

use serde_json::Value;

use crate::identity::ObjectKey;

/// An object of any kind, whether rules read it or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentKey {
    /// API group, empty for the core group. An object of an older group (`extensions`) stands under its kind's group of today.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// Tells objects of files apart whose name is a placeholder; see [`ObjectKey::instance`].
    pub instance: u32,
}

impl DocumentKey {
    /// The key of an object of a kind that no rule reads.
    #[must_use]
    pub fn of(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            instance: 0,
        }
    }
}

impl From<&ObjectKey> for DocumentKey {
    fn from(key: &ObjectKey) -> Self {
        let version = key.kind.api_version();
        Self {
            group: version
                .split_once('/')
                .map_or("", |(group, _)| group)
                .to_owned(),
            kind: key.kind.name().to_owned(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            instance: key.instance,
        }
    }
}

/// Whole objects of one world. What is not given counts as not in sight.
pub trait Documents {
    /// The object of this key.
    fn get(&self, key: &DocumentKey) -> Option<Value>;
}
