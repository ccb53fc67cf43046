//! The JSON report, `l7guard/report/v1`: stable, documented in `docs/report.md`, with its JSON Schema in
//! `docs/report.schema.json`.

mod changes;
mod clusters;
mod findings;
mod inputs;
mod summary;

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use self::changes::JsonChange;
use self::clusters::{JsonBase, JsonCluster, JsonGone, base, cluster, gone};
use self::findings::{JsonExempt, JsonFinding, JsonUnresolved, exempt, finding, unresolved};
use self::inputs::{JsonError, JsonNote, error, note};
use self::summary::Summary;
use super::Report;
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
        summary: report.totals().into(),
        clusters: report.clusters.iter().map(cluster).collect(),
        base: report.base.as_ref().map(base),
        findings: report
            .findings
            .iter()
            .map(|reported| finding(reported, &report.messages))
            .collect(),
        gone: report.gone.iter().map(gone).collect(),
        unresolved: report.unresolved.iter().map(unresolved).collect(),
        exempt: report.exempt.iter().map(exempt).collect(),
        changes: changes::changes(&report.remedy.changes),
        errors: report.errors.iter().map(error).collect(),
        notes: report.all_notes().map(note).collect(),
    };
    let document = serde_json::to_string_pretty(&json)?;
    writeln!(output, "{}", visible_text::json(&document))
}
