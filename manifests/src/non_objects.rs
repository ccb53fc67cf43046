//! What stands beside manifests and is no object: the parts that Helm and kustomize make objects of. Each is told by what
//! it holds, with how to render it.

use super::foreign;
use super::item::NoteReason;
use super::object::Type;
use super::yaml::{Meaning, NodeId, Text};

/// The group of kustomize's own files (kubernetes-sigs/kustomize `api/types/typemeta.go`): `Kustomization` and
/// `Component`. Flux has a `Kustomization` of another group, which is an object.
const KUSTOMIZE_GROUP: &str = "kustomize.config.k8s.io/";

/// Fields that a kustomization has and nothing else (`api/types/kustomization.go`), which may leave out its type.
const KUSTOMIZATION_FIELDS: [&str; 9] = [
    "bases",
    "components",
    "configMapGenerator",
    "helmCharts",
    "images",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "resources",
];

/// What is said of something that is no object.
#[derive(Debug)]
pub(super) struct NonObject {
    /// Who makes objects of it, if anybody does.
    pub(super) reason: NoteReason,
    /// In words.
    pub(super) message: String,
}

/// What to say of an object that kustomize or Helm would not send to an API server; `None` of one that they would.
#[must_use]
pub(super) fn of_object(text: Text<'_>, mapping: NodeId, own: &Type) -> Option<NonObject> {
    if own.api_version.starts_with(KUSTOMIZE_GROUP) {
        return Some(kustomize(&format!("a kustomize {}", own.kind)));
    }
    // A directive of strategic merge patches (k8s.io/apimachinery `pkg/util/strategicpatch/patch.go`). As a field of an
    // object it is refused by the API server's validation.
    let is_patch = has(text, mapping, &["$patch"]);
    is_patch.then(|| kustomize("a strategic merge patch (`$patch`)"))
}

/// What to say of a mapping without `apiVersion` and `kind`; `None` of one that is evidently another program's.
#[must_use]
pub(super) fn of_mapping(text: Text<'_>, mapping: NodeId) -> Option<NonObject> {
    let file = text.source.name();
    let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let is_named = |name: &str| stem.eq_ignore_ascii_case(name);
    if is_named("kustomization") && has(text, mapping, &KUSTOMIZATION_FIELDS) {
        return Some(kustomize("a kustomization"));
    }
    // helm.sh/helm `pkg/chart/metadata.go`: what a chart has to say of itself.
    if is_named("Chart")
        && ["apiVersion", "name", "version"]
            .iter()
            .all(|key| has(text, mapping, &[key]))
    {
        return Some(helm("the description of a Helm chart"));
    }
    let is_values = |word: &str| word.eq_ignore_ascii_case("values");
    if stem.split(['-', '_']).any(is_values) {
        return Some(helm("the values of a Helm chart"));
    }
    // helmfile `pkg/state/state.go`: `releases` are charts that it installs.
    if stem.starts_with("helmfile") || has(text, mapping, &["releases"]) {
        return Some(NonObject {
            reason: NoteReason::Helm,
            message: "a helmfile, which holds charts: skipped. Render it: `helmfile template | l7guard check -`".to_owned(),
        });
    }
    if !has(text, mapping, &["apiVersion", "kind"]) && foreign::is_mapping(text, mapping) {
        return None;
    }
    let message = "no `apiVersion` and `kind`: not a Kubernetes object, skipped (values of a Helm chart? Render it: `helm template … \
     | l7guard check -`)";
    Some(other(message))
}

/// What to say of a document that is a single value, if anything.
#[must_use]
pub(super) fn of_scalar(text: Text<'_>) -> Option<NonObject> {
    (!foreign::is_named_so(text.source.name()))
        .then(|| other("a single value, not a Kubernetes object: skipped"))
}

/// What to say of a list of which no element is an object, if anything.
#[must_use]
pub(super) fn of_list(text: Text<'_>, sequence: NodeId) -> Option<NonObject> {
    let mut elements = text.tree.children(sequence).peekable();
    let is_operation =
        |element: NodeId| ["op", "path"].iter().all(|key| has(text, element, &[key]));
    if elements.peek().is_some() && elements.all(is_operation) {
        return Some(kustomize("a JSON patch (RFC 6902)"));
    }
    (!foreign::is_list(text, sequence)).then(|| other("a list, not a Kubernetes object: skipped"))
}

fn kustomize(what: &str) -> NonObject {
    NonObject {
        reason: NoteReason::Kustomize,
        message: format!(
            "{what}, not an object: skipped. Render it: `kustomize build DIRECTORY | l7guard check -`"
        ),
    }
}

fn helm(what: &str) -> NonObject {
    NonObject {
        reason: NoteReason::Helm,
        message: format!(
            "{what}, not an object: skipped. Render it: `helm template NAME DIRECTORY | l7guard check -`"
        ),
    }
}

fn other(message: &str) -> NonObject {
    NonObject {
        reason: NoteReason::NotAnObject,
        message: message.to_owned(),
    }
}

/// Whether a mapping itself has one of these keys.
fn has(text: Text<'_>, mapping: NodeId, keys: &[&str]) -> bool {
    text.tree.is_mapping(mapping)
        && text.tree.entries(mapping).any(|(key, _)| {
            matches!(text.meaning(key), Ok(Meaning::Text(name)) if keys.contains(&name.as_ref()))
        })
}
