//! The configuration file: a YAML document to the policy's configuration, with everything that is wrong with it.
//!
//! ```text
//! manifests ──▶ value ──document, words, values──▶ Document ──into_policy, modes, exemptions──▶ Configuration
//!                              └──schema──▶ JSON Schema
//! ```
//!
//! The types in `document` are the only description of the format: what is read and the published schema both follow
//! from them. Nothing is ignored silently: a key that is unknown, a value that is none, and whatever could never have
//! an effect are errors, and all of them are told in one run.

mod document;
mod end;
mod exemption_states;
mod exemptions;
mod given;
mod into_policy;
mod istio;
mod list;
mod modes;
mod pointer;
mod problem;
mod read;
mod schema;
mod section;
mod suggestion;
mod values;
mod words;

#[cfg(test)]
mod tests;

pub use exemption_states::{ExemptionStates, exemption_states};
pub use problem::{Gravity, Problem};
pub use read::{Reading, read};
pub use schema::schema;
