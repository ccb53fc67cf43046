//! The record of a review: what came of it, as facts in a documented and versioned form (`docs/decision-log.md`).
//!
//! Here is the form. `fill` makes a record, in bounds; `text` writes it for people.

mod fill;
mod text;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

/// The name of the form, with its version.
const SCHEMA: &str = "l7guard/decision/v1";

/// A line of the log with a record, as JSON.
#[derive(JsonSchema)]
#[schemars(rename = "Decision")]
#[expect(dead_code, reason = "it is there for the schema alone")]
struct Line {
    /// When it was logged (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// `ERROR` where there is no verdict, `WARN` where something was to be remarked, else `INFO`.
    level: String,
    /// What was done, in words: `denied`, `allowed with a warning`, `allowed`, `cannot judge a review`.
    message: String,
    /// The part of l7guard that logged it.
    target: String,
    /// The kind of the object, as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    record: Record,
}

/// What came of a review.
#[derive(Serialize, JsonSchema)]
pub(super) struct Record {
    /// The name and version of this form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The review's `uid`; left out where the review could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    /// The trace that the review is part of, where the API server traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What was being done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["CREATE", "UPDATE", "DELETE", "CONNECT"]))]
    operation: Option<&'static str>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whether nothing was to be stored whatever the answer.
    dry_run: bool,
    /// The object under review.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<RecordedObject>,
    /// What the API server was answered; `error`: HTTP 500, and `failurePolicy` decides.
    #[schemars(extend("enum" = ["allow", "warn", "deny", "error"]))]
    decision: &'static str,
    /// The severest mode of the findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: Option<&'static str>,
    /// What the gravest finding of mode `audit` would have done otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["warn", "tolerated", "deny"]))]
    would_be: Option<&'static str>,
    /// What was found, severest first, as many as have room.
    findings: Vec<RecordedFinding>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_findings: usize,
    /// What exemptions cover.
    exemptions: Vec<RecordedExemption>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_exemptions: usize,
    /// What may be a path, and cannot be told.
    unresolved: Vec<RecordedUnresolved>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_unresolved: usize,
    /// What else is to be said: that an object could not be read, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The id that the caller was told of that error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<String>,
    /// How many reads of the cluster the verdict rests on.
    live_reads: usize,
    /// How old the inventory was, in seconds; left out where it is no copy of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_age_seconds: Option<u64>,
    /// How long the answer took, in seconds.
    duration_seconds: f64,
}

/// An object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Object")]
struct RecordedObject {
    /// Its API group and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    /// Its kind.
    kind: String,
    /// Its namespace; left out for kinds that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Its UID; left out where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct RecordedFinding {
    /// The code of the rule.
    rule: &'static str,
    /// The mode in which it was found.
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: &'static str,
    /// What it would have done if nothing were set to `audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["warn", "tolerated", "deny"]))]
    would_be: Option<&'static str>,
    /// Whether it was there before the change: then it refuses nothing.
    existing: bool,
    /// How sure it is.
    #[schemars(extend("enum" = ["confirmed", "likely"]))]
    confidence: &'static str,
    /// The object that it is about, which need not be the one under review.
    object: RecordedObject,
    /// The offending field of that object (JSON pointer).
    field: String,
    /// The kind and the qualified name of the gateway's workload; left out while none is visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    /// The way of the traffic, as many hops as have room.
    path: Vec<RecordedHop>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_hops: usize,
}

/// A hop of a path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hop")]
struct RecordedHop {
    /// Which part of the path it is.
    #[schemars(extend("enum" = ["front", "service", "gateway"]))]
    hop: &'static str,
    #[serde(flatten)]
    object: RecordedObject,
    /// What shows that the path runs through it.
    evidence: String,
}

/// A finding that an exemption covers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exemption")]
struct RecordedExemption {
    /// The exemption.
    name: String,
    /// The last day on which it holds.
    #[schemars(extend("format" = "date"))]
    until: String,
    /// Where its end is followed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    /// The code of the rule.
    rule: &'static str,
    /// The mode that the finding would have without it.
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: &'static str,
    /// The object that the finding is about.
    object: RecordedObject,
}

/// Something that may be a path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct RecordedUnresolved {
    /// The front.
    object: RecordedObject,
    /// The field that leads on (JSON pointer).
    field: String,
    /// What cannot be told, and why.
    reason: String,
}

/// The JSON Schema (draft 2020-12) of a line with a record. It lets further fields be, as a later release may add some.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Line>();
    schema.insert("title".to_owned(), SCHEMA.into());
    schema.to_value()
}

impl Record {
    /// As a JSON object.
    pub(super) fn json(&self) -> String {
        // It holds nothing that JSON cannot.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl RecordedObject {
    /// `Kind namespace/name`.
    fn text(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
