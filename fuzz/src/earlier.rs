//! What holds of the reader of earlier reports.
#![allow(clippy::expect_used, reason = "a property that does not hold panics")]

use std::sync::Arc;

use l7guard::report::against::Earlier;
use l7guard::report::text::{self, Style};
use l7guard::report::{ClusterSummary, LiveCluster, Report};
use l7guard::visible_text::is_deceptive;
use l7guard_policy::remedy::Remedy;
use serde_json::Value;

/// Compares a report that finds nothing with the bytes.
///
/// # Panics
/// When a property does not hold.
pub fn holds(input: &[u8]) {
    let Ok(earlier) = Earlier::read(input) else {
        let error = Earlier::read(input).expect_err("the same again");
        assert!(!error.to_string().is_empty());
        return;
    };
    let document: Value = serde_json::from_slice(input).unwrap_or_default();
    let findings = document["findings"].as_array().map_or(0, Vec::len);
    // Every cluster of it was read.
    let mut report = over(&document);
    earlier.compare(&mut report, |_| true);
    let names = report
        .clusters
        .iter()
        .map(|cluster| cluster.name.to_string());
    let names: Vec<String> = names.collect();
    for gone in &report.gone {
        assert!(
            gone.cluster
                .as_ref()
                .is_some_and(|name| names.contains(name))
        );
    }
    assert!(report.gone.len() + report.notes.len() <= findings);
    shows(&report);
    // None was: nothing is gone, and that is said.
    let mut report = Report::default();
    let earlier = Earlier::read(input).expect("the same again");
    earlier.compare(&mut report, |_| true);
    assert!(report.gone.is_empty());
    assert_eq!(report.notes.len(), usize::from(findings > 0));
}

/// A report over the clusters that the document names.
fn over(document: &Value) -> Report {
    let findings = document["findings"].as_array();
    let names = findings.into_iter().flatten();
    let names = names.filter_map(|finding| finding["cluster"].as_str());
    let summary = |name: &str| ClusterSummary {
        name: LiveCluster::new(&Arc::from(name), None),
        totals: Report::default().totals(),
        remedy: Remedy::default(),
    };
    Report {
        clusters: names.map(summary).collect(),
        ..Report::default()
    }
}

/// No text of the report hides, or begins a line.
fn shows(report: &Report) {
    let style = Style {
        colour: false,
        width: None,
    };
    let mut output = Vec::new();
    text::write(report, style, true, &mut output).expect("memory takes all");
    let text = String::from_utf8(output).expect("text");
    assert!(!text.contains(|c| is_deceptive(c) && c != '\n'), "{text:?}");
    let gone = text.lines().filter(|line| line.starts_with("gone: ["));
    assert_eq!(gone.count(), report.gone.len());
}
