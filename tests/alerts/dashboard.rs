//! The Grafana dashboard: what every panel has, and what it asks for.

use std::collections::BTreeSet;
use std::fs;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::rules::{list, root};

pub(crate) const CASES: &[Case] = &[
    (
        "every panel of the dashboard has a title, a description, a unit and a place of its own",
        panels_are_complete,
    ),
    (
        "the dashboard takes its data from the source that is chosen",
        source_is_chosen,
    ),
    (
        "findings that every replica counts are read with max by",
        findings_are_not_added_up,
    ),
];

/// The dashboard, from the root of this repository.
const FILE: &str = "charts/l7guard/dashboards/l7guard.json";

fn dashboard() -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&fs::read(root().join(FILE))?)?)
}

/// Its panels, without the headings of rows.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(&dashboard["panels"]).filter(|panel| panel["type"] != "row")
}

/// All its queries, with what Grafana puts in for its own variables.
pub(crate) fn queries() -> Result<Vec<String>, Failed> {
    let dashboard = dashboard()?;
    let targets = panels(&dashboard).flat_map(|panel| list(&panel["targets"]));
    let queries = targets.map(|target| {
        let query = target["expr"].as_str().ok_or("a target without a query")?;
        let query = query
            .replace("$__rate_interval", "4m")
            .replace("$__range", "6h");
        Ok::<_, Failed>(query.replace("$namespace", ".*"))
    });
    let queries: Vec<String> = queries.collect::<Result<_, _>>()?;
    assert!(queries.len() > 20);
    Ok(queries)
}

fn panels_are_complete() -> Result<(), Failed> {
    let dashboard = dashboard()?;
    // That of Grafana 11.0; later ones migrate it by themselves.
    assert_eq!(dashboard["schemaVersion"], 39);
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in list(&dashboard["panels"]) {
        assert!(ids.insert(panel["id"].as_u64()), "{panel}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap_or_default();
        assert!(place("x") + place("w") <= 24, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(places.insert((x, y)), "two panels at {x}, {y}: {panel}");
            }
        }
    }
    for panel in panels(&dashboard) {
        for pointer in ["/title", "/description", "/fieldConfig/defaults/unit"] {
            let text = panel.pointer(pointer).and_then(Value::as_str);
            assert!(
                text.is_some_and(|text| !text.is_empty()),
                "{pointer}: {panel}"
            );
        }
        let references: BTreeSet<_> = list(&panel["targets"])
            .map(|it| it["refId"].as_str())
            .collect();
        assert_eq!(references.len(), list(&panel["targets"]).count(), "{panel}");
        assert!(!references.is_empty(), "{panel}");
    }
    Ok(())
}

fn source_is_chosen() -> Result<(), Failed> {
    let dashboard = dashboard()?;
    let variables = &dashboard["templating"]["list"];
    assert_eq!(variables[0]["type"], "datasource");
    assert_eq!(variables[0]["query"], "prometheus");
    let name = variables[0]["name"].as_str().ok_or("no name")?;
    let chosen = format!("${{{name}}}");
    for panel in panels(&dashboard) {
        for source in [panel].into_iter().chain(list(&panel["targets"])) {
            assert_eq!(source["datasource"]["uid"], *chosen, "{panel}");
        }
    }
    Ok(())
}

fn findings_are_not_added_up() -> Result<(), Failed> {
    let of_findings = queries()?
        .into_iter()
        .filter(|query| query.contains("l7guard_findings"));
    let of_findings: Vec<String> = of_findings.collect();
    assert!(of_findings.len() > 1);
    for query in of_findings {
        // Of each replica the same, of an installation once.
        let inner = "max by (namespace, job, rule, mode, would_be, confidence) (l7guard_findings{";
        assert!(query.contains(inner), "{query}");
    }
    Ok(())
}
