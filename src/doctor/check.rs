//! What a check is.

use super::examined::Examined;
use super::verdict::Verdict;

/// The page that says of each check what it means and what to do.
const RUNBOOK: &str = "docs/runbook.md";

/// One check.
#[derive(Debug)]
pub struct Check {
    /// Its name, which is also the anchor of its place in the runbook. Never renamed.
    pub name: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// Pure: from what was read to what is to be said.
    pub(super) run: fn(&Examined) -> Vec<Verdict>,
}

impl Check {
    /// Where the runbook says what to do.
    #[must_use]
    pub fn documentation(&self) -> String {
        format!("{}#{}", RUNBOOK, self.name)
    }
}
