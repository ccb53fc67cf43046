//! The pages. Here: what is generated from the code and kept in `docs/`, written anew with `UPDATE_DOCS=1` and compared
//! otherwise. Beside: links and the index, and the tests that the threat model names.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod commands;
mod links;
mod markdown;
mod threats;

use std::fs;
use std::path::Path;

use l7guard_policy::identity::Kind;
use l7guard_policy::rules::Rule;

/// Compares a file of the documentation with what it should hold, or writes it.
fn assert_documented(path: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found,
        wanted,
        "{} is out of date: run UPDATE_DOCS=1 cargo test --test documentation",
        path.display()
    );
}

#[test]
fn every_rule_has_its_page() {
    for rule in Rule::all() {
        assert_documented(&rule.code.documentation(), &rule.page());
    }
}

#[test]
fn the_index_of_rules_lists_each_with_its_default() {
    let mut index = String::from(
        "# Rules\n\nCodes are stable and never renumbered. `l7guard explain CODE` prints a page.\n\n\
         | code | name | default |\n|---|---|---|\n",
    );
    for rule in Rule::all() {
        let (code, mode) = (rule.code, rule.default_mode.as_str());
        let row = format!("| [{code}]({code}.md) | `{}` | {mode} |\n", rule.name);
        index.push_str(&row);
    }
    assert_documented("docs/rules/README.md", &index);
}

#[test]
fn the_schema_of_the_report_is_published() {
    let schema = l7guard::report::json::schema();
    assert_documented("docs/report.schema.json", &format!("{schema:#}\n"));
}

#[test]
fn the_schema_of_the_decision_log_is_published() {
    let schema = l7guard::judge::record_schema();
    assert_documented("docs/decision.schema.json", &format!("{schema:#}\n"));
}

#[test]
fn the_schema_of_the_diagnosis_is_published() {
    let schema = l7guard::doctor::json::schema();
    assert_documented("docs/doctor.schema.json", &format!("{schema:#}\n"));
}

#[test]
fn every_check_of_doctor_has_its_place_in_the_runbook() {
    const PAGE: &str = include_str!("../../docs/runbook.md");
    let sections: Vec<(&str, &str)> = PAGE
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .collect();
    // Beside them there are situations, and alerts (tests/alerts).
    let is_check = |heading: &&str| {
        heading
            .chars()
            .all(|it| it.is_ascii_lowercase() || it == '-')
    };
    let mut places = sections
        .iter()
        .map(|(heading, _)| *heading)
        .filter(is_check);
    for check in l7guard::doctor::checks() {
        assert_eq!(
            places.next(),
            Some(check.name),
            "in the order of the checks"
        );
        assert_eq!(
            check.documentation(),
            format!("docs/runbook.md#{}", check.name)
        );
    }
    assert_eq!(places.next(), None, "no such check");
    for (heading, text) in &sections {
        for part in ["**Means.**", "**Then**"] {
            assert!(text.contains(part), "{heading}: {part}");
        }
    }
}

#[test]
fn every_metric_is_in_the_table_of_the_operations_page() {
    let mut table = String::from("| metric | type | labels | what it says |\n|---|---|---|---|\n");
    for metric in l7guard::serve::metrics::described() {
        let labels = metric.labels.iter().map(|label| format!("`{label}`"));
        let row = format!(
            "| `{}` | {} | {} | {} |\n",
            metric.full_name(),
            metric.metric_type.as_str(),
            labels.collect::<Vec<_>>().join(", "),
            metric.help
        );
        table.push_str(&row);
    }
    let (begin, end) = ("<!-- metrics: generated -->\n", "<!-- end of metrics -->\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let wanted = format!("{before}{begin}\n{table}\n{end}{after}");
    assert_documented("docs/operations.md", &wanted);
}

/// The resource of a kind, as in RBAC.
fn resource(kind: Kind) -> String {
    let singular = kind.name().to_lowercase();
    match singular.as_str() {
        plural if plural.ends_with("params") || plural.ends_with("endpoints") => plural.to_owned(),
        _ if singular.ends_with('s') => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}

/// In a cluster an `IstioOperator` has become objects of other kinds, and `Endpoints` are mirrored into `EndpointSlice`s.
/// Routes of other protocols than HTTP are read where files hold them (`docs/limits.md`).
const IN_FILES_ONLY: [Kind; 4] = [
    Kind::IstioOperator,
    Kind::Endpoints,
    Kind::TcpRoute,
    Kind::TlsRoute,
];

#[test]
fn every_kind_that_is_read_is_in_the_cluster_role() {
    const PAGE: &str = include_str!("../../docs/operations.md");
    let (_, after) = PAGE.split_once("<!-- cluster role -->").unwrap();
    let rules = after.split("```").nth(1).unwrap().split("- apiGroups:");
    let words = |rule: &str| -> Vec<String> {
        let words = rule.split([' ', ',', '[', ']', '\n', ':']);
        words
            .map(|word| word.trim_matches('"').to_owned())
            .collect()
    };
    let rules: Vec<Vec<String>> = rules.skip(1).map(words).collect();
    for kind in Kind::all().filter(|kind| !IN_FILES_ONLY.contains(kind)) {
        let (group, _) = kind.api_version().split_once('/').unwrap_or_default();
        let wanted = [group.to_owned(), resource(kind), "get".to_owned()];
        let is_granted = rules
            .iter()
            .any(|rule| wanted.iter().all(|word| rule.contains(word)));
        assert!(is_granted, "{wanted:?} is not in the ClusterRole");
    }
}

#[test]
fn every_kind_that_a_rule_judges_is_in_the_text_about_the_webhook_configuration() {
    const PAGE: &str = include_str!("../../docs/operations.md");
    let mut paragraphs = PAGE.split("\n\n");
    let paragraph = paragraphs
        .find(|paragraph| paragraph.starts_with("The webhook configuration has to ask about"))
        .unwrap();
    for rule in Rule::all() {
        for kind in rule.kinds {
            let resource = resource(*kind);
            assert!(
                paragraph.contains(&format!("`{resource}`")),
                "{}: {resource}",
                rule.code
            );
        }
    }
}

#[test]
fn no_page_is_left_of_a_rule_that_is_gone() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    for entry in fs::read_dir(pages).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let code = name.trim_end_matches(".md");
        let is_known =
            code == "README" || Rule::all().iter().any(|rule| rule.code.as_str() == code);
        assert!(is_known, "docs/rules/{name} belongs to no rule");
    }
}
