//! The diagnosis as JSON, `l7guard/doctor/v1`: stable, documented in `docs/runbook.md`.

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::diagnosis::Diagnosis;
use super::verdict::Outcome;
use crate::visible_text;

/// The version of the format.
pub const SCHEMA: &str = "l7guard/doctor/v1";

/// What `l7guard doctor` found. Within a version of the format fields are added, never changed or removed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Diagnosis")]
struct JsonDiagnosis<'a> {
    /// The version of the format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The installation; null if none was found.
    installation: Option<Installation<'a>>,
    /// How many lines there are of each outcome.
    summary: Summary,
    /// One or more lines a check, in the order of the checks.
    lines: Vec<JsonLine<'a>>,
}

/// An installation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Installation<'a> {
    /// Its Service, as NAMESPACE/NAME.
    service: &'a str,
    /// The name of its ValidatingWebhookConfiguration.
    webhook_configuration: &'a str,
}

/// How many lines there are of each outcome.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// As it should be.
    good: usize,
    /// It works, but not as most would want it, or not for long.
    warning: usize,
    /// It is wrong.
    bad: usize,
    /// Nobody could look; the message says why.
    unknown: usize,
}

/// What one check says.
#[derive(Serialize, JsonSchema)]
struct JsonLine<'a> {
    /// The name of the check, which is never changed.
    check: &'static str,
    /// What it asks.
    question: &'static str,
    /// How it came out.
    #[schemars(extend("enum" = ["good", "warning", "bad", "unknown"]))]
    outcome: &'static str,
    /// What was found.
    message: &'a str,
    /// What to do next; null where the outcome is good.
    next: Option<&'a str>,
    /// Where the runbook says more.
    documentation: String,
}

/// Writes it.
///
/// # Errors
/// When the output cannot be written.
pub fn write(diagnosis: &Diagnosis, mut output: impl Write) -> io::Result<()> {
    let service = diagnosis.service.as_deref();
    let installation = service.zip(diagnosis.webhook_configuration.as_deref());
    let document = serde_json::to_string_pretty(&JsonDiagnosis {
        schema: SCHEMA,
        installation: installation.map(|(service, webhook_configuration)| Installation {
            service,
            webhook_configuration,
        }),
        summary: Summary {
            good: diagnosis.count(Outcome::Good),
            warning: diagnosis.count(Outcome::Warning),
            bad: diagnosis.count(Outcome::Bad),
            unknown: diagnosis.count(Outcome::Unknown),
        },
        lines: lines(diagnosis),
    })?;
    writeln!(output, "{}", visible_text::json(&document))
}

fn lines(diagnosis: &Diagnosis) -> Vec<JsonLine<'_>> {
    let lines = diagnosis.lines.iter();
    lines
        .map(|line| JsonLine {
            check: line.check.name,
            question: line.check.question,
            outcome: line.outcome.as_str(),
            message: &line.message,
            next: line.next.as_deref(),
            documentation: line.check.documentation(),
        })
        .collect()
}

/// The JSON Schema of the format.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonDiagnosis<'static>>();
    schema.insert("title".to_owned(), SCHEMA.into());
    schema.to_value()
}
