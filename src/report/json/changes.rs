//! Changes in the JSON report.

use l7guard_policy::remedy::{Action, Change, Owner, Patch};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// One change that repairs something, to be applied in order.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Change")]
pub(super) struct JsonChange<'a> {
    /// What is done to the target.
    #[schemars(extend("enum" = ["patch", "create", "delete", "values"]))]
    action: &'static str,
    /// The object.
    target: JsonTarget<'a>,
    /// The kind of patch: `merge` (RFC 7396) or `json` (RFC 6902).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["merge", "json"]))]
    patch_type: Option<&'static str>,
    /// The patch: an object, or a list of operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    patch: Option<Value>,
    /// The whole object that is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    object: Option<&'a Value>,
    /// Values for the tool that makes the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    values: Option<&'a Value>,
    /// The tool that makes or writes the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonOwner")]
    owner: Option<JsonOwner<'a>>,
    /// What the owner or a controller then writes by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Value>")]
    effect: Vec<JsonChange<'a>>,
    /// JSON pointers (RFC 6901) of values that have to be filled in.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    placeholders: &'a [String],
    /// Why, and what has to be known before it is applied.
    why: &'a str,
}

/// An object's type and name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Target")]
struct JsonTarget<'a> {
    /// As it was written.
    api_version: &'a str,
    /// As it was written.
    kind: &'a str,
    /// Empty for cluster-scoped objects.
    namespace: &'a str,
    /// `metadata.name`.
    name: &'a str,
}

/// A tool that makes or writes an object.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Owner")]
struct JsonOwner<'a> {
    /// `Helm`, `IstioOperator`, `Argo CD` or `Flux`.
    tool: &'static str,
    /// Release, operator or application.
    name: &'a str,
    /// Its namespace; empty where the object does not say it.
    namespace: &'a str,
    /// The Helm chart with its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    chart: Option<&'a str>,
}

/// Changes as JSON.
pub(super) fn changes(changes: &[Change]) -> Vec<JsonChange<'_>> {
    changes.iter().map(change).collect()
}

fn change(change: &Change) -> JsonChange<'_> {
    let target = &change.target;
    let (patch_type, patch) = match &change.action {
        Action::Patch(Patch::Merge(patch)) => (Some("merge"), Some(patch.clone())),
        Action::Patch(Patch::Json(operations)) => (Some("json"), Some(operations.clone().into())),
        _ => (None, None),
    };
    JsonChange {
        action: change.action.as_str(),
        target: JsonTarget {
            api_version: &target.api_version,
            kind: &target.kind,
            namespace: &target.namespace,
            name: &target.name,
        },
        patch_type,
        patch,
        object: match &change.action {
            Action::Create(object) => Some(object),
            _ => None,
        },
        values: match &change.action {
            Action::Values(values) => Some(values),
            _ => None,
        },
        owner: change.owner.as_ref().map(owner),
        effect: changes(&change.effect),
        placeholders: &change.placeholders,
        why: &change.why,
    }
}

fn owner(owner: &Owner) -> JsonOwner<'_> {
    JsonOwner {
        tool: owner.tool,
        name: &owner.name,
        namespace: &owner.namespace,
        chart: owner.chart.as_deref(),
    }
}
