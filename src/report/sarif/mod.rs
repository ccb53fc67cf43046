//! SARIF 2.1.0, for code scanning: a report as a log of that form.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

mod log;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};

use l7guard_policy::configuration::Messages;
use l7guard_policy::rules::{Finding, Mode, Rule, RuleCode};

use log::{
    ArtifactLocation, Configuration, Driver, Invocation, Log, LogicalLocation, MarkdownMessage,
    Message, Notification, PhysicalLocation, Region, ReportingDescriptor, ResultObject, Run,
    SarifLocation, Suppression, Tool,
};

use super::exemption::justification;
use super::{
    Location, OfCluster, Report, ReportedError, ReportedExemption, ReportedFinding, remedy_text,
    target,
};
use crate::visible_text;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name of our fingerprints; a change of what goes into them gets a new number.
const FINGERPRINT: &str = "l7guard/v1";

/// Writes the report as a SARIF log with one run.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, mut output: impl Write) -> io::Result<()> {
    let notifications = report
        .errors
        .iter()
        .map(|error| notification("error", error));
    let notes = report
        .all_notes()
        .map(|note| notification("note", &note.input));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "l7guard",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: Rule::all()
                        .iter()
                        .map(|rule| descriptor(rule, &report.messages))
                        .collect(),
                },
            },
            // Columns are counted in characters.
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: report.errors.is_empty(),
                tool_execution_notifications: notifications.chain(notes).collect(),
            }],
            results: results(report),
        }],
    };
    let document = serde_json::to_string_pretty(&log)?;
    writeln!(output, "{}", visible_text::json(&document))
}

fn descriptor(rule: &Rule, messages: &Messages) -> ReportingDescriptor {
    let page = rule.page();
    ReportingDescriptor {
        id: rule.code.as_str(),
        name: rule.name,
        short_description: Message {
            text: summary(&page),
        },
        help: MarkdownMessage {
            text: page.clone(),
            markdown: page,
        },
        help_uri: messages.page_of(rule.code),
        default_configuration: Configuration {
            level: level(rule.default_mode),
        },
    }
}

/// The first paragraph below "What it does".
fn summary(page: &str) -> String {
    let lines = page.lines().skip_while(|line| *line != "## What it does");
    let paragraph = lines.skip(2).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// Findings, and those that an exemption covers as suppressed ones.
fn results(report: &Report) -> Vec<ResultObject> {
    let mut seen = HashMap::new();
    let mut results: Vec<ResultObject> = report
        .findings
        .iter()
        .map(|finding| result(finding, &mut seen))
        .collect();
    if report.exempt.is_empty() {
        return results;
    }
    for result in &mut results {
        result.suppressions = Some(Vec::new());
    }
    let exempt = report.exempt.iter();
    results.extend(exempt.map(|exempted| suppressed(exempted, &mut seen)));
    results
}

fn result(reported: &ReportedFinding, seen: &mut HashMap<String, usize>) -> ResultObject {
    let finding = &reported.judged.finding;
    let text = format!(
        "{}\n\n{}",
        finding.message.in_full(),
        remedy_text::of_finding(reported)
    );
    let place = Standing {
        cluster: reported.cluster.as_deref(),
        location: reported.location.as_ref(),
    };
    of_finding(finding, reported.judged.severity, text, place, seen)
}

fn suppressed(
    exempted: &OfCluster<ReportedExemption>,
    seen: &mut HashMap<String, usize>,
) -> ResultObject {
    let place = Standing {
        cluster: exempted.cluster.as_deref(),
        location: exempted.location.as_ref(),
    };
    let text = exempted.finding.message.in_full().to_owned();
    ResultObject {
        suppressions: Some(vec![Suppression {
            // It stands in the configuration, not in the object.
            kind: "external",
            status: "accepted",
            justification: justification(exempted),
        }]),
        ..of_finding(&exempted.finding, exempted.severity, text, place, seen)
    }
}

/// Where a finding stands.
#[derive(Clone, Copy)]
struct Standing<'a> {
    cluster: Option<&'a str>,
    location: Option<&'a Location>,
}

fn of_finding(
    finding: &Finding,
    severity: Mode,
    text: String,
    place: Standing<'_>,
    seen: &mut HashMap<String, usize>,
) -> ResultObject {
    let qualified = match place.cluster {
        Some(cluster) => format!("{cluster}: {}", finding.object),
        None => finding.object.to_string(),
    };
    let fingerprint = fingerprint(finding, &qualified, seen);
    ResultObject {
        rule_id: finding.rule.as_str(),
        rule_index: index(finding.rule),
        level: level(severity),
        message: Message { text },
        locations: vec![SarifLocation {
            physical_location: place.location.map(physical),
            logical_locations: vec![LogicalLocation {
                fully_qualified_name: qualified,
                kind: "resource",
            }],
        }],
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
        suppressions: None,
    }
}

/// What makes a finding the same one in the next run. Copies of an object are numbered: a reader that goes by the fingerprint
/// would take the findings of all for one.
fn fingerprint(finding: &Finding, qualified: &str, seen: &mut HashMap<String, usize>) -> String {
    let target = target(finding).unwrap_or_default();
    let fingerprint = format!("{}/{qualified}/{target}", finding.rule);
    let count = seen.entry(fingerprint.clone()).or_insert(0);
    *count += 1;
    match *count {
        1 => fingerprint,
        copy => format!("{fingerprint}#{copy}"),
    }
}

fn index(rule: RuleCode) -> usize {
    let position = Rule::all().iter().position(|known| known.code == rule);
    position.unwrap_or_default()
}

fn level(mode: Mode) -> &'static str {
    match mode {
        Mode::Deny => "error",
        Mode::Warn => "warning",
        Mode::Audit | Mode::Off => "note",
    }
}

fn physical(location: &Location) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: uri(&location.file),
        },
        region: Some(Region {
            start_line: location.line,
            start_column: Some(location.column),
        }),
    }
}

fn notification(level: &'static str, error: &ReportedError) -> Notification {
    Notification {
        level,
        message: Message {
            text: error.message.clone(),
        },
        locations: vec![SarifLocation {
            physical_location: Some(PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(&error.file),
                },
                region: error.line.map(|line| Region {
                    start_line: line,
                    start_column: error.column,
                }),
            }),
            logical_locations: Vec::new(),
        }],
    }
}

/// A file name as a relative URI reference (RFC 3986): what is not allowed in a path is percent-encoded.
///
/// Without `./`: GitHub compares paths with those of the repository as they are.
fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file);
    let mut uri = String::with_capacity(file.len());
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_valid_references() {
        assert_eq!(uri("a/b c:d#é.yaml"), "a/b%20c%3Ad%23%C3%A9.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("./apps/a.yaml"), "apps/a.yaml");
        assert_eq!(uri("../a.yaml"), "../a.yaml");
    }

    #[test]
    fn every_rule_has_a_summary() {
        for rule in Rule::all() {
            assert!(summary(&rule.page()).starts_with("Finds "), "{}", rule.code);
        }
    }
}
