//! The runbook: an entry for each alert, and none besides.

use libtest_mimic::Failed;

use crate::Case;
use crate::queries;
use crate::rules::alerts;

pub(crate) const CASES: &[Case] = &[
    (
        "every alert has its entry in the runbook, in the order of the rules, and every entry its alert",
        entries,
    ),
    (
        "every query of the runbook names metrics and labels that exist",
        queries_exist,
    ),
];

const PAGE: &str = include_str!("../../docs/runbook.md");

fn entries() -> Result<(), Failed> {
    let sections: Vec<(&str, &str)> = PAGE
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .filter(|(heading, _)| heading.starts_with("L7Guard"))
        .collect();
    let alerts = alerts()?;
    let names: Vec<&str> = alerts.iter().map(|alert| &*alert.name).collect();
    let headings: Vec<&str> = sections.iter().map(|(heading, _)| *heading).collect();
    assert_eq!(headings, names);
    for (heading, text) in sections {
        for part in ["**Means.**", "**Costs.**", "**Run**", "**Then**", "```sh\n"] {
            assert!(text.contains(part), "{heading}: {part}");
        }
    }
    Ok(())
}

fn queries_exist() -> Result<(), Failed> {
    let blocks = PAGE.split("```promql\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for query in blocks.into_iter().flat_map(str::lines) {
        queries::check(query).map_err(|error| format!("{query}: {error}"))?;
    }
    Ok(())
}
