//! The JSON report, `l7guard/report/v1`: stable, documented in `docs/report.md`, with its JSON Schema in
//! `docs/report.schema.json`.

use std::io::{self, Write};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Hop, HopRole, Mode};
use l7guard_policy::verdict::WouldBe;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use self::changes::JsonChange;
use super::notes::ReportedNote;
use super::remedy_text;
use super::{
    BaseSummary, ClusterSummary, Gone, Location, OfCluster, Report, ReportedError,
    ReportedExemption, ReportedFinding,
};
use crate::visible_text;

/// The version of the format.
pub const SCHEMA: &str = "l7guard/report/v1";

/// What `l7guard` found in manifests or in live clusters. Within a version of the format fields are added, never changed or removed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Report")]
struct JsonReport<'a> {
    /// The version of the format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// How many of each there are.
    summary: Summary,
    /// The live clusters that were judged (`l7guard audit`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clusters: Vec<JsonCluster<'a>>,
    /// The cluster that the files were laid over (`--world`, `--with-cluster`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonBase")]
    base: Option<JsonBase<'a>>,
    /// Findings, the severest first, then by rule, object and field.
    findings: Vec<JsonFinding<'a>>,
    /// Findings of the report that this one was compared with (`--against`), which were not found again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<JsonGone<'a>>,
    /// Objects of which one end of a path is in sight and the other cannot be told.
    unresolved: Vec<JsonUnresolved<'a>>,
    /// Findings that an exemption of the configuration covers.
    exempt: Vec<JsonExempt<'a>>,
    /// What repairs all findings together: one change a target. Of several clusters each has its own.
    changes: Vec<JsonChange<'a>>,
    /// Inputs that could not be read, wholly or in part.
    errors: Vec<JsonError<'a>>,
    /// What was skipped of the inputs, and what may have been meant otherwise than it was read.
    notes: Vec<JsonNote<'a>>,
}

/// How many of each there are.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// Objects read, also of kinds that no rule reads.
    objects: usize,
    /// Findings that would be refused.
    deny: usize,
    /// Findings that would be warned about.
    warn: usize,
    /// Objects that cannot be told.
    unresolved: usize,
    /// Findings that are exempt.
    exempt: usize,
}

/// One live cluster that was judged.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cluster")]
struct JsonCluster<'a> {
    /// The context by which it was named, `in-cluster` for that of the Pod.
    name: &'a str,
    /// How many of each there are in it.
    #[serde(flatten)]
    summary: Summary,
    /// What could not be read of it.
    errors: usize,
    /// What repairs all of its findings together: one change a target.
    changes: Vec<JsonChange<'a>>,
}

/// The cluster that files were laid over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Base")]
struct JsonBase<'a> {
    /// Its name.
    cluster: &'a str,
    /// As of when it is known.
    #[schemars(extend("format" = "date-time"))]
    taken: &'a str,
    /// How many objects of it are known.
    objects: usize,
}

/// A finding of an earlier report that was not found again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gone")]
struct JsonGone<'a> {
    /// The live cluster that it was found in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The rule's code.
    rule: &'a str,
    /// `Kind namespace/name` of its object.
    object: &'a str,
    /// What was wrong, in a sentence.
    message: &'a str,
}

/// A path that a rule forbids, or a defect of one Service.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Finding")]
struct JsonFinding<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// Whether the report that this one was compared with did not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    is_new: Option<bool>,
    /// The rule's code, never renumbered.
    #[schemars(regex(pattern = "^L7G[0-9]{3}$"))]
    rule: &'static str,
    /// The rule's name.
    name: &'static str,
    /// The mode in which the finding takes effect.
    #[schemars(extend("enum" = [Mode::Deny.as_str(), Mode::Warn.as_str(), Mode::Audit.as_str()]))]
    severity: &'static str,
    /// What the finding would do if nothing were set to `audit`; only with `severity` `audit`. `tolerated`: it would deny, but its
    /// path was there before the change.
    #[serde(rename = "would_be", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = [WouldBe::Deny.as_str(), WouldBe::Warn.as_str(), WouldBe::Tolerated.as_str()]))]
    would_be: Option<&'static str>,
    /// `confirmed`: objects prove both ends; `likely`: one that would prove it is not visible.
    #[schemars(extend("enum" = [Confidence::Confirmed.as_str(), Confidence::Likely.as_str()]))]
    confidence: &'static str,
    /// What the finding is about: the front, or the Service.
    object: JsonObject<'a>,
    /// JSON pointer (RFC 6901) of the offending field of that object.
    field: &'a str,
    /// Where that field stands, if the object came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonLocation")]
    location: Option<JsonLocation<'a>>,
    /// The way from the front to the gateway.
    path: Vec<JsonHop<'a>>,
    /// What is wrong, in a sentence.
    message: &'a str,
    /// What to do, for people: advice, an empty line, then the changes.
    remedy: String,
    /// What repairs this finding in the world as it was judged, in order.
    changes: Vec<JsonChange<'a>>,
    /// Why there are no changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    no_changes: Option<&'a str>,
    /// The rule's page.
    documentation: String,
}

/// An object's type and name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Object")]
struct JsonObject<'a> {
    /// As it was written.
    api_version: &'a str,
    /// As it was written.
    kind: &'static str,
    /// Empty for cluster-scoped objects.
    namespace: &'a str,
    /// `metadata.name`.
    name: &'a str,
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Location")]
struct JsonLocation<'a> {
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    line: usize,
    /// The column, from 1, in characters.
    #[schemars(range(min = 1))]
    column: usize,
}

/// An object on the path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hop")]
struct JsonHop<'a> {
    /// Its part in the path.
    #[schemars(extend("enum" = [HopRole::Front.as_str(), HopRole::Service.as_str(), HopRole::Gateway.as_str()]))]
    hop: &'static str,
    /// The object's kind.
    kind: &'static str,
    /// Empty for cluster-scoped objects.
    namespace: &'a str,
    /// The object's name.
    name: &'a str,
    /// What proves its part.
    evidence: &'a str,
}

/// An object of which one end of a path is in sight and the other cannot be told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct JsonUnresolved<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The object.
    object: JsonObject<'a>,
    /// JSON pointer (RFC 6901) of the field that leads to what cannot be told.
    field: &'a str,
    /// Why it cannot be told.
    reason: &'a str,
}

/// A finding that an exemption covers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exempt")]
struct JsonExempt<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The rule's code.
    #[schemars(regex(pattern = "^L7G[0-9]{3}$"))]
    rule: &'static str,
    /// What the finding is about.
    object: JsonObject<'a>,
    /// The exemption's name in the configuration.
    exemption: &'a str,
    /// The last day (UTC) on which it holds.
    #[schemars(extend("format" = "date"))]
    expires: String,
    /// Why it was granted.
    reason: &'a str,
    /// Who answers for it.
    owner: &'a str,
    /// Where its end is followed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ticket: Option<&'a str>,
    /// Where the offending field stands, if the object came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonLocation")]
    location: Option<JsonLocation<'a>>,
}

/// An input that could not be read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
struct JsonError<'a> {
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    line: Option<usize>,
    /// The column, from 1, in characters, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    column: Option<usize>,
    /// What is wrong, and what to do about it.
    message: &'a str,
}

/// A note on an input that was read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Note")]
struct JsonNote<'a> {
    /// Why there is a note. More reasons may be added.
    #[schemars(extend("examples" = ["helm", "kustomize", "release", "notAnObject", "placeholder", "ambiguous", "copies", "conflict", "exclusion"]))]
    reason: &'static str,
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    line: Option<usize>,
    /// The column, from 1, in characters, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1))]
    column: Option<usize>,
    /// What was skipped, or how it was read.
    message: &'a str,
}

/// The JSON Schema (draft 2020-12) of the format. It lets further fields be, as a later release may add some.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonReport<'static>>();
    schema.insert("title".to_owned(), SCHEMA.into());
    schema.to_value()
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
        clusters: report.clusters.iter().map(cluster).collect(),
        base: report.base.as_ref().map(base),
        findings: report.findings.iter().map(finding).collect(),
        gone: report.gone.iter().map(gone).collect(),
        unresolved: report
            .unresolved
            .iter()
            .map(|unresolved| JsonUnresolved {
                cluster: unresolved.cluster.as_deref(),
                object: object(&unresolved.object, unresolved.api_version),
                field: &unresolved.field,
                reason: unresolved.reason.in_full(),
            })
            .collect(),
        exempt: report.exempt.iter().map(exempt).collect(),
        changes: changes::changes(&report.remedy.changes),
        errors: report.errors.iter().map(error).collect(),
        notes: report.all_notes().map(note).collect(),
    };
    let document = serde_json::to_string_pretty(&json)?;
    writeln!(output, "{}", visible_text::json(&document))
}

fn cluster(cluster: &ClusterSummary) -> JsonCluster<'_> {
    JsonCluster {
        name: &cluster.name,
        summary: Summary {
            objects: cluster.objects,
            deny: cluster.deny,
            warn: cluster.warn,
            unresolved: cluster.unresolved,
            exempt: cluster.exempt,
        },
        errors: cluster.errors,
        changes: changes::changes(&cluster.remedy.changes),
    }
}

fn base(base: &BaseSummary) -> JsonBase<'_> {
    JsonBase {
        cluster: &base.cluster,
        taken: &base.taken,
        objects: base.objects,
    }
}

fn gone(gone: &Gone) -> JsonGone<'_> {
    JsonGone {
        cluster: gone.cluster.as_deref(),
        rule: &gone.rule,
        object: &gone.object,
        message: &gone.message,
    }
}

fn finding(reported: &ReportedFinding) -> JsonFinding<'_> {
    let finding = &reported.judged.finding;
    JsonFinding {
        cluster: reported.cluster.as_deref(),
        is_new: reported.is_new,
        rule: finding.rule.as_str(),
        name: finding.rule.name(),
        severity: reported.judged.severity.as_str(),
        would_be: reported.judged.would_be.map(WouldBe::as_str),
        confidence: finding.confidence.as_str(),
        object: object(&finding.object, finding.api_version),
        field: &finding.field,
        location: reported.location.as_ref().map(location),
        path: finding.path.iter().map(hop).collect(),
        message: finding.message.in_full(),
        remedy: remedy_text::of_finding(reported),
        changes: changes::changes(&reported.remedy.changes),
        no_changes: reported.remedy.no_changes.as_deref(),
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
        evidence: hop.evidence.in_full(),
    }
}

fn exempt(exempted: &OfCluster<ReportedExemption>) -> JsonExempt<'_> {
    let finding = &exempted.finding;
    JsonExempt {
        cluster: exempted.cluster.as_deref(),
        rule: finding.rule.as_str(),
        object: object(&finding.object, finding.api_version),
        exemption: &exempted.exemption,
        expires: exempted.expires.to_string(),
        reason: &exempted.reason,
        owner: &exempted.owner,
        ticket: exempted.ticket.as_deref(),
        location: exempted.location.as_ref().map(location),
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

fn note(note: &ReportedNote) -> JsonNote<'_> {
    JsonNote {
        reason: note.reason.as_str(),
        file: &note.input.file,
        line: note.input.line,
        column: note.input.column,
        message: &note.input.message,
    }
}
