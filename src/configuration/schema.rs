//! The JSON Schema of a configuration, for editors and pipelines.

use schemars::schema_for;
use serde_json::Value;

use super::document::Document;

/// The JSON Schema (draft 2020-12). What it refuses, [`read`](super::read()) refuses too; contradictions and dates
/// that have passed are beyond a schema.
#[must_use]
pub fn schema() -> Value {
    schema_for!(Document).to_value()
}
