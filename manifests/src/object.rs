//! A Kubernetes object as it was written.

use serde_json::Value;

use super::yaml::Address;

/// A Kubernetes object as it was written: nothing is checked but that `apiVersion` and `kind` are texts.
#[derive(Debug, Clone)]
pub struct RawObject {
    /// All of it, with the `apiVersion` and `kind` that a typed list gave it.
    pub value: Value,
    /// Its `apiVersion`, such as `networking.k8s.io/v1`.
    pub api_version: String,
    /// Its `kind`, such as `Ingress`.
    pub kind: String,
    /// `metadata.namespace`, if it is a text that is not empty.
    pub namespace: Option<String>,
    /// `metadata.name`, if it is a text that is not empty.
    pub name: Option<String>,
    /// `metadata.generateName`, if it is a text that is not empty.
    pub generate_name: Option<String>,
    /// Where it stands.
    pub address: Address,
}

/// The type of an object.
#[derive(Debug, Clone)]
pub(super) struct Type {
    /// Its `apiVersion`.
    pub(super) api_version: String,
    /// Its `kind`.
    pub(super) kind: String,
}

impl RawObject {
    /// Takes the names out of `value`.
    #[must_use]
    pub(super) fn new(value: Value, own: Type, address: Address) -> Self {
        let Type { api_version, kind } = own;
        let field = |name: &str| {
            let text = value.get("metadata")?.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            namespace: field("namespace"),
            name: field("name"),
            generate_name: field("generateName"),
            value,
            api_version,
            kind,
            address,
        }
    }
}
