//! Objects that hold a chart: a controller in the cluster installs it, and what it installs is not in these files.

use l7guard_manifests::RawObject;
use serde_json::Value;

/// What is said of an object that holds a chart, or a source that is rendered in the cluster with Helm.
///
/// Sources: Flux `helm-controller` (`HelmRelease`), Argo CD `pkg/apis/application/v1alpha1/types.go` (`source`, `sources`, and
/// the template of an `ApplicationSet`), k3s `helm-controller` (`HelmChart`).
pub(super) fn note(object: &RawObject) -> Option<String> {
    let group = object.api_version.split('/').next().unwrap_or_default();
    let holds = match (group, object.kind.as_str()) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") | ("helm.cattle.io", "HelmChart") => true,
        ("argoproj.io", "Application") => is_chart(object.value.get("spec")),
        ("argoproj.io", "ApplicationSet") => is_chart(object.value.pointer("/spec/template/spec")),
        _ => false,
    };
    let name = object.name.as_deref().unwrap_or_default();
    holds.then(|| {
        format!(
            "{} {name} holds a chart that is not rendered here: what it installs is not judged. Render it: `helm template NAME CHART | l7guard check -`",
            object.kind
        )
    })
}

/// Whether a source of an Argo CD Application is a chart.
fn is_chart(spec: Option<&Value>) -> bool {
    let Some(spec) = spec else { return false };
    let several = spec.get("sources").and_then(Value::as_array);
    let sources = spec.get("source").into_iter();
    let mut sources = sources.chain(several.into_iter().flatten());
    sources.any(|source| source.get("chart").is_some() || source.get("helm").is_some())
}
