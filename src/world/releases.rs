//! Objects that hold no manifests themselves: a controller in the cluster installs a chart or a directory that they name, and
//! what it installs is not in these files.

use l7guard_manifests::RawObject;
use serde_json::Value;

/// What an object names for a controller to install.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    /// Plain manifests or a kustomization, by the path in a repository.
    Manifests,
    /// A chart, or a source that is rendered in the cluster with Helm.
    Chart,
}

/// What is said of an object that holds a chart, or names manifests of a repository.
///
/// Sources: Flux `helm-controller` (`HelmRelease`), Argo CD `pkg/apis/application/v1alpha1/types.go` (`source`, `sources`, and
/// the template of an `ApplicationSet`), k3s `helm-controller` (`HelmChart`).
pub(super) fn note(object: &RawObject) -> Option<String> {
    let group = object.api_version.split('/').next().unwrap_or_default();
    let holds = match (group, object.kind.as_str()) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") | ("helm.cattle.io", "HelmChart") => {
            Some(Holds::Chart)
        }
        ("argoproj.io", "Application") => of_application(object.value.get("spec")),
        ("argoproj.io", "ApplicationSet") => {
            of_application(object.value.pointer("/spec/template/spec"))
        }
        _ => None,
    }?;
    let name = object.name.as_deref().unwrap_or_default();
    let (what, render) = match holds {
        Holds::Chart => (
            "a chart that is not rendered here",
            "Render it: `helm template NAME CHART | l7guard check -`",
        ),
        Holds::Manifests => (
            "manifests that are not rendered here",
            "Check its path, or render it: `kustomize build PATH | l7guard check -`",
        ),
    };
    Some(format!(
        "{} {name} holds {what}: what it installs is not judged. {render}",
        object.kind
    ))
}

/// What the sources of an Argo CD Application name: of several a chart first. A source that only lends value files to
/// another (`ref` without a path) installs nothing.
fn of_application(spec: Option<&Value>) -> Option<Holds> {
    let spec = spec?;
    let several = spec.get("sources").and_then(Value::as_array);
    let hydrated = spec.pointer("/sourceHydrator/drySource");
    let sources = spec.get("source").into_iter().chain(hydrated);
    let held = sources
        .chain(several.into_iter().flatten())
        .filter_map(of_source);
    held.max()
}

fn of_source(source: &Value) -> Option<Holds> {
    let names = |field: &str| source.get(field).is_some_and(|value| !value.is_null());
    if names("chart") || names("helm") {
        Some(Holds::Chart)
    } else if names("path") || (names("repoURL") && !names("ref")) {
        Some(Holds::Manifests)
    } else {
        None
    }
}
