//! The rule file, and what every alert in it has.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use l7guard_manifests::{Item, Reader, Source};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    (
        "every alert has a severity, a summary, what to do, and its place in the runbook",
        complete,
    ),
    (
        "every expression ends with the threshold that a value of the chart may replace",
        thresholds,
    ),
];

/// The rule file, from the root of this repository.
pub(crate) const FILE: &str = "charts/l7guard/alerts/l7guard.yaml";

/// An alert.
#[derive(Debug)]
pub(crate) struct Alert {
    pub(crate) name: String,
    pub(crate) expression: String,
    pub(crate) severity: String,
    /// Summary, description, address of the runbook.
    annotations: [String; 3],
}

impl Alert {
    /// What it says, with the templates of Prometheus.
    pub(crate) fn words(&self) -> String {
        self.annotations.join("\n")
    }
}

/// The root of this repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All alerts, in the order of the file.
pub(crate) fn alerts() -> Result<Vec<Alert>, Failed> {
    let file = yaml(&root().join(FILE))?;
    let mut alerts = Vec::new();
    for group in list(&file["groups"]) {
        for rule in list(&group["rules"]) {
            let text = |pointer: &str| -> Result<String, Failed> {
                let text = rule.pointer(pointer).and_then(Value::as_str);
                let text = text.ok_or_else(|| format!("{pointer} is missing: {rule}"))?;
                Ok(text.trim().to_owned())
            };
            alerts.push(Alert {
                name: text("/alert")?,
                expression: text("/expr")?,
                severity: text("/labels/severity")?,
                annotations: [
                    text("/annotations/summary")?,
                    text("/annotations/description")?,
                    text("/annotations/runbook_url")?,
                ],
            });
        }
    }
    Ok(alerts)
}

/// YAML of any kind, read by the reader of manifests: put into a field of an object.
pub(crate) fn yaml(file: &Path) -> Result<Value, Failed> {
    let text = fs::read_to_string(file)?;
    let lines = text.lines().map(|line| format!("  {line}\n"));
    let object = format!(
        "apiVersion: v1\nkind: Wrapped\nvalue:\n{}",
        lines.collect::<String>()
    );
    let source = Arc::new(Source::new("file", object.into_bytes()));
    match Reader::new(source).next() {
        Some(Item::Object(object)) => Ok(object.value["value"].clone()),
        other => Err(format!("{}: {other:?}", file.display()).into()),
    }
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn complete() -> Result<(), Failed> {
    let alerts = alerts()?;
    assert!(alerts.len() > 20, "{}", alerts.len());
    for alert in &alerts {
        let name = &alert.name;
        assert!(name.starts_with("L7Guard"), "{name}");
        let severities = ["critical", "warning", "info"];
        assert!(severities.contains(&&*alert.severity), "{name}");
        let [summary, description, runbook] = &alert.annotations;
        // The summary is what a page shows; the description says where and what to do.
        assert!(summary.ends_with('.') && !summary.contains("{{"), "{name}");
        assert!(description.matches(['.', ':']).count() > 1, "{name}");
        let anchor = format!("docs/runbook.md#{}", name.to_lowercase());
        assert_eq!(*runbook, anchor);
        let same = alerts.iter().filter(|other| other.name == *name);
        assert_eq!(same.count(), 1, "{name}");
    }
    Ok(())
}

fn thresholds() -> Result<(), Failed> {
    for alert in alerts()? {
        let words: Vec<&str> = alert.expression.split_whitespace().collect();
        let [.., comparison, threshold] = words[..] else {
            return Err(alert.name.into());
        };
        let is_comparison = ["<", "<=", ">", ">="].contains(&comparison);
        assert!(is_comparison, "{}: {comparison}", alert.name);
        let threshold: f64 = threshold.parse()?;
        assert!(threshold >= 0.0, "{}", alert.name);
    }
    Ok(())
}
