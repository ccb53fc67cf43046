//! What a remedy consists of: changes, each addressed to whoever owns the object.

use serde_json::Value;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The object that is changed, or whose owner is told to.
    pub target: Target,
    /// What is done to it.
    pub action: Action,
    /// Who owns the object beside the one who applies manifests: a tool of which the change has to be asked, or which
    /// writes the object from elsewhere.
    pub owner: Option<Owner>,
    /// What a controller or tool then writes by itself.
    pub effect: Vec<Change>,
    /// JSON pointers of values in the object that have to be filled in. The API server refuses them as they are.
    pub placeholders: Vec<String>,
    /// Why, and what has to be known before it is applied.
    pub why: String,
}

/// What is done to the target.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It exists and is changed by this patch.
    Patch(Patch),
    /// It does not exist and is made.
    Create(Value),
    /// It is taken away. Of an object that is not stored yet: left out.
    Delete,
    /// These values are given to the tool that makes it; the effect is what comes out.
    Values(Value),
}

/// A patch.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// RFC 7396. It never holds an array.
    Merge(Value),
    /// RFC 6902. Each removal or replacement stands behind a test of what it is about.
    Json(Vec<Value>),
}

/// An object by type and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// As it is written in the object.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// A tool that makes or writes an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `Helm`, `IstioOperator`, `Argo CD`, `Flux`.
    pub tool: &'static str,
    /// Release, operator or application, as far as the object says it.
    pub name: String,
    /// Its namespace, as far as the object says it.
    pub namespace: String,
    /// The Helm chart with its version.
    pub chart: Option<String>,
}

/// The changes of one finding, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remedy {
    /// In the order in which they are applied.
    pub changes: Vec<Change>,
    /// Why there are none.
    pub no_changes: Option<String>,
}

impl Remedy {
    /// One without changes, and why.
    pub(super) fn none(reason: String) -> Self {
        Self {
            changes: Vec::new(),
            no_changes: Some(reason),
        }
    }
}

impl Action {
    /// As written in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Patch(_) => "patch",
            Self::Create(_) => "create",
            Self::Delete => "delete",
            Self::Values(_) => "values",
        }
    }
}
