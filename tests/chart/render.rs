//! What `helm template` renders, as objects.

use std::sync::Arc;

use l7guard_manifests::{Item, Reader, Source};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::helm::{CHART, Helm};

/// The namespace of all releases, and their name.
pub(crate) const RELEASE: &str = "l7guard";

/// The one value that has no default.
pub(crate) const IMAGE: &str = "image.repository=registry.example.com/l7guard";

/// The text that `helm template` prints with these values, as `--set` has them.
pub(crate) fn template(helm: &Helm, values: &[&str]) -> Result<String, Failed> {
    helm.succeed(&arguments(values))
}

/// The same of another chart.
pub(crate) fn template_chart(helm: &Helm, chart: &str, values: &[&str]) -> Result<String, Failed> {
    let mut arguments = arguments(values);
    arguments[2] = chart;
    helm.succeed(&arguments)
}

/// The same without what `helm test` alone creates.
pub(crate) fn template_without_hooks(helm: &Helm, values: &[&str]) -> Result<String, Failed> {
    helm.succeed(&[&arguments(values)[..], &["--no-hooks"]].concat())
}

fn arguments<'a>(values: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "template",
        RELEASE,
        CHART,
        "--namespace",
        RELEASE,
        "--set",
        IMAGE,
    ];
    for value in values {
        arguments.extend(["--set", value]);
    }
    arguments
}

/// The objects of such a text.
pub(crate) fn objects(text: &str) -> Result<Vec<Value>, Failed> {
    let source = Arc::new(Source::new("rendered", text.as_bytes().to_vec()));
    Reader::new(source)
        .filter_map(|item| match item {
            Item::Object(object) => Some(Ok(object.value)),
            Item::Note(_) => None,
            Item::Error(error) => Some(Err(format!("not an object: {error:?}").into())),
        })
        .collect()
}

/// What is rendered with these values, without hooks.
pub(crate) fn render(helm: &Helm, values: &[&str]) -> Result<Vec<Value>, Failed> {
    objects(&template_without_hooks(helm, values)?)
}

/// The one object of this kind.
pub(crate) fn the<'a>(objects: &'a [Value], kind: &str) -> Result<&'a Value, Failed> {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    match (found.next(), found.next()) {
        (Some(object), None) => Ok(object),
        _ => Err(format!("not exactly one {kind}").into()),
    }
}
