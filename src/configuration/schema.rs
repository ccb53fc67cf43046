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

/// Gives each type the schema beside it.
macro_rules! value_schemas {
    ($($type:ident => $schema:tt,)*) => {$(
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    )*};
}
pub(super) use value_schemas;
