//! Is an installation sound? Reads what there is to read of it, and says of each thing that can be wrong whether it is.
//!
//! ```text
//! read/ (the cluster) ─▶ Examined ─▶ catalogue ─▶ checks/, one file a check: Examined → lines ─▶ Diagnosis ─▶ text, json
//! ```
//!
//! Checks are pure. What could not be read is a `Seen` that says why, and every check makes "unknown" of it, never "good".

mod catalogue;
mod check;
mod checks;
mod diagnosis;
mod examined;
mod exposition;
pub mod json;
pub(crate) mod metrics;
mod options;
mod own_installation;
mod read;
mod seen;
mod selector;
pub mod text;
mod verdict;
mod webhook;

pub use catalogue::checks;
pub use check::Check;
pub use diagnosis::{Diagnosis, Line};
pub use options::Options;
pub use own_installation::OwnInstallation;
pub use read::{Unreachable, examine};
pub use verdict::Outcome;
