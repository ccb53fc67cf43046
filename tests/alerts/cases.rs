//! The cases of `cases/`: each alert has one in which it fires and one in which it does not, and all come out so.

use std::collections::BTreeSet;
use std::path::PathBuf;

use libtest_mimic::Failed;
use promql_parser::parser::{Expr, parse};
use serde_json::Value;

use crate::Case;
use crate::promtool;
use crate::rules::{Alert, alerts, list, root, yaml};

pub(crate) const CASES: &[Case] = &[
    (
        "promtool: each alert fires in its cases, or does not, as they say",
        all,
    ),
    (
        "each alert has a case in which it fires and one in which it does not",
        both_ways,
    ),
    (
        "an alert names labels that it has when it fires",
        words_name_labels,
    ),
];

/// What one test of a case says.
struct Tested {
    alert: String,
    /// The labels with which it fires; `None`: it does not.
    labels: Option<BTreeSet<String>>,
}

fn files() -> Result<Vec<PathBuf>, Failed> {
    let folder = std::fs::read_dir(root().join("tests/alerts/cases"))?;
    let files: Result<Vec<PathBuf>, _> =
        folder.map(|entry| Ok::<_, Failed>(entry?.path())).collect();
    let files = files?;
    assert!(!files.is_empty());
    Ok(files)
}

fn all() -> Result<(), Failed> {
    promtool::succeed(&["test", "rules"], &files()?)
}

fn tested() -> Result<Vec<Tested>, Failed> {
    let mut tested = Vec::new();
    for file in files()? {
        let case = yaml(&file)?;
        assert_eq!(
            case["rule_files"][0],
            "../../../charts/l7guard/alerts/l7guard.yaml"
        );
        for test in list(&case["tests"]) {
            let name = test["name"].as_str().unwrap_or_default();
            for query in list(&test["promql_expr_test"]) {
                let (alert, labels) = asked(query)?;
                assert!(name.starts_with(&format!("{alert} ")), "{name}: {alert}");
                tested.push(Tested { alert, labels });
            }
        }
    }
    Ok(tested)
}

/// Whether an alert fires: its name, and the labels that it is to have then.
fn asked(query: &Value) -> Result<(String, Option<BTreeSet<String>>), Failed> {
    let text = query["expr"].as_str().ok_or("no expression")?;
    let firing = matchers(text)?;
    let value = |name: &str| {
        firing
            .iter()
            .find(|(label, _)| label == name)
            .map(|(_, value)| value.clone())
    };
    assert_eq!(value("alertstate").as_deref(), Some("firing"), "{text}");
    let alert = value("alertname").ok_or_else(|| format!("of which alert? {text}"))?;
    let sample = query["exp_samples"][0]["labels"].as_str();
    let labels = sample.map(matchers).transpose()?;
    let labels = labels.map(|labels| labels.into_iter().map(|(label, _)| label).collect());
    Ok((alert, labels))
}

fn matchers(selector: &str) -> Result<Vec<(String, String)>, Failed> {
    let Expr::VectorSelector(selector) = parse(selector)? else {
        return Err(format!("no selector: {selector}").into());
    };
    let all = selector.matchers.matchers.into_iter();
    Ok(all.map(|matcher| (matcher.name, matcher.value)).collect())
}

fn both_ways() -> Result<(), Failed> {
    let tested = tested()?;
    for Alert { name, .. } in alerts()? {
        for fires in [true, false] {
            let is_so = |test: &&Tested| test.alert == name && test.labels.is_some() == fires;
            assert!(
                tested.iter().any(|test| is_so(&test)),
                "{name}: fires {fires}"
            );
        }
    }
    Ok(())
}

/// A label that is not there is an empty place in the middle of a page at night.
fn words_name_labels() -> Result<(), Failed> {
    let tested = tested()?;
    for alert in alerts()? {
        let words = alert.words();
        for used in words.split("$labels.").skip(1) {
            let end = used.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let label = &used[..end.unwrap_or(used.len())];
            let firing = tested.iter().filter(|test| test.alert == alert.name);
            for labels in firing.filter_map(|test| test.labels.as_ref()) {
                assert!(labels.contains(label), "{}: {label}", alert.name);
            }
        }
    }
    Ok(())
}
