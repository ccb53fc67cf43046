//! A change as a report writes it, read strictly.

use serde::Deserialize;
use serde_json::Value;

use crate::manifests::Identity;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Patch,
    Create,
    Delete,
    Values,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PatchType {
    Merge,
    Json,
}

/// One entry of `changes`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) action: Action,
    pub(crate) target: Target,
    pub(crate) patch_type: Option<PatchType>,
    pub(crate) patch: Option<Value>,
    pub(crate) object: Option<Value>,
    pub(crate) values: Option<Value>,
    pub(crate) owner: Option<Owner>,
    #[serde(default)]
    pub(crate) effect: Vec<Change>,
    #[serde(default)]
    pub(crate) placeholders: Vec<String>,
    #[serde(default)]
    pub(crate) why: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn identity(&self) -> Identity {
        Identity::new(&self.api_version, &self.kind, &self.namespace, &self.name)
    }
}

/// Who writes the object that `values` are for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Owner {
    #[serde(default)]
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: String,
    #[serde(default)]
    pub(crate) chart: String,
}

impl Change {
    /// Reads a list of changes.
    pub(crate) fn list(value: &Value) -> Result<Vec<Self>, String> {
        Vec::deserialize(value).map_err(|error| format!("{error}: {value}"))
    }

    /// The change and what its owner then writes.
    pub(crate) fn with_effect(&self) -> impl Iterator<Item = &Change> {
        std::iter::once(self).chain(&self.effect)
    }
}
