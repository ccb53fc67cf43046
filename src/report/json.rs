//! The JSON report, `l7guard/report/v1`: stable, documented in `docs/report.md`.

use std::io::{self, Write};

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Hop, Mode};
use l7guard_policy::verdict::Exempted;
use serde::Serialize;

use super::{Location, Report, ReportedError, ReportedFinding};

/// The version of the format.
pub const SCHEMA: &str = "l7guard/report/v1";

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'static str,
    summary: Summary,
    findings: Vec<JsonFinding<'a>>,
    unresolved: Vec<JsonUnresolved<'a>>,
    exempt: Vec<JsonExempt<'a>>,
    errors: Vec<JsonError<'a>>,
}

#[derive(Serialize)]
struct Summary {
    objects: usize,
    deny: usize,
    warn: usize,
    unresolved: usize,
    exempt: usize,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    name: &'static str,
    severity: &'static str,
    confidence: &'static str,
    object: JsonObject<'a>,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<JsonLocation<'a>>,
    path: Vec<JsonHop<'a>>,
    message: &'a str,
    remedy: String,
    documentation: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonObject<'a> {
    api_version: &'a str,
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct JsonLocation<'a> {
    file: &'a str,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct JsonHop<'a> {
    hop: &'static str,
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    evidence: &'a str,
}

#[derive(Serialize)]
struct JsonUnresolved<'a> {
    object: JsonObject<'a>,
    field: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct JsonExempt<'a> {
    rule: &'static str,
    object: JsonObject<'a>,
    exemption: &'a str,
    expires: String,
}

#[derive(Serialize)]
struct JsonError<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'a str,
}

/// Writes the report as one indented JSON object.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, mut output: impl Write) -> io::Result<()> {
    let json = JsonReport {
        schema: SCHEMA,
        summary: Summary {
            objects: report.objects,
            deny: report.count(Mode::Deny),
            warn: report.count(Mode::Warn),
            unresolved: report.unresolved.len(),
            exempt: report.exempt.len(),
        },
        findings: report.findings.iter().map(finding).collect(),
        unresolved: report
            .unresolved
            .iter()
            .map(|unresolved| JsonUnresolved {
                object: object(&unresolved.object, unresolved.api_version),
                field: &unresolved.field,
                reason: &unresolved.reason,
            })
            .collect(),
        exempt: report.exempt.iter().map(exempt).collect(),
        errors: report.errors.iter().map(error).collect(),
    };
    serde_json::to_writer_pretty(&mut output, &json)?;
    writeln!(output)
}

fn finding(reported: &ReportedFinding) -> JsonFinding<'_> {
    let finding = &reported.judged.finding;
    JsonFinding {
        rule: finding.rule.as_str(),
        name: finding.rule.name(),
        severity: reported.judged.severity.as_str(),
        confidence: finding.confidence.as_str(),
        object: object(&finding.object, finding.api_version),
        field: &finding.field,
        location: reported.location.as_ref().map(location),
        path: finding.path.iter().map(hop).collect(),
        message: &finding.message,
        remedy: finding.remedy.to_string(),
        documentation: finding.rule.documentation(),
    }
}

fn object<'a>(key: &'a ObjectKey, api_version: &'a str) -> JsonObject<'a> {
    JsonObject {
        api_version,
        kind: key.kind.name(),
        namespace: &key.namespace,
        name: &key.name,
    }
}

fn location(location: &Location) -> JsonLocation<'_> {
    JsonLocation {
        file: &location.file,
        line: location.line,
        column: location.column,
    }
}

fn hop(hop: &Hop) -> JsonHop<'_> {
    JsonHop {
        hop: hop.role.as_str(),
        kind: hop.object.kind.name(),
        namespace: &hop.object.namespace,
        name: &hop.object.name,
        evidence: &hop.evidence,
    }
}

fn exempt(exempted: &Exempted) -> JsonExempt<'_> {
    let finding = &exempted.finding;
    JsonExempt {
        rule: finding.rule.as_str(),
        object: object(&finding.object, finding.api_version),
        exemption: &exempted.exemption,
        expires: exempted.expires.to_string(),
    }
}

fn error(error: &ReportedError) -> JsonError<'_> {
    JsonError {
        file: &error.file,
        line: error.line,
        column: error.column,
        message: &error.message,
    }
}
