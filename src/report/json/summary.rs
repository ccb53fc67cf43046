//! How many of each there are, in the JSON report.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::totals::Totals;

/// How many of each there are.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
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

impl From<Totals> for Summary {
    fn from(totals: Totals) -> Self {
        Self {
            objects: totals.objects,
            deny: totals.deny,
            warn: totals.warn,
            unresolved: totals.unresolved,
            exempt: totals.exempt,
        }
    }
}
