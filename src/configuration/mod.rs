//! The configuration file: a YAML document to the policy's configuration, with everything that is wrong with it.
//!
//! ```text
//! manifests ──▶ value ──document, enums, scalars──▶ Document ──convert, modes, exemptions──▶ Configuration
//!                              └──schema──▶ JSON Schema
//! ```
//!
//! The types in `document` are the only description of the format: what is read and the published schema both follow
//! from them. Nothing is ignored silently: a key that is unknown, a value that is none, and whatever could never have
//! an effect are errors, and all of them are told in one run.

mod audit;
mod convert;
mod document;
mod enums;
mod exemption_states;
mod exemptions;
mod expiry;
mod field;
mod interval;
mod istio;
mod list;
mod mapping;
mod modes;
mod names;
mod pointer;
mod problem;
mod read;
mod scalars;
mod schema;
mod value_schemas;

#[cfg(test)]
mod tests;

pub use audit::AuditSettings;
pub use exemption_states::{ExemptionStates, exemption_states};
pub use problem::{Problem, Severity};
pub use read::{Reading, read};
pub use schema::schema;
