//! The verdict: what is found about an object, and what each finding does.
//!
//! [`evaluate`] judges everything that exists (`check`, the audit); [`review`] judges one change of one object (the
//! webhook).

mod evaluate;
mod review;

use crate::identity::ObjectKey;
use crate::rules::{Finding, Mode};

pub use evaluate::evaluate;
pub use review::{Change, premises, review};

/// A finding and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Its effective mode.
    pub severity: Mode,
    /// Whether all of its paths were there before the change under review: it refuses nothing then.
    pub is_existing: bool,
}

/// Something that may be a path, one end of which cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// The front.
    pub object: ObjectKey,
    /// The API version that the front was written in.
    pub api_version: &'static str,
    /// The field of the front that leads there.
    pub field: String,
    /// What cannot be told, and why.
    pub reason: String,
}

/// What was found, in a fixed order: severest first, then by rule, object and field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Findings, without those whose rule is off.
    pub findings: Vec<Judged>,
    /// What cannot be told.
    pub unresolved: Vec<Unresolved>,
}

impl Verdict {
    /// Whether the change is refused.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.denials().next().is_some()
    }

    /// The findings that refuse the change.
    pub fn denials(&self) -> impl Iterator<Item = &Judged> {
        self.findings
            .iter()
            .filter(|judged| judged.severity == Mode::Deny && !judged.is_existing)
    }

    fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            let order = |judged: &Judged| {
                (
                    std::cmp::Reverse(judged.severity),
                    judged.finding.rule,
                    judged.finding.object.clone(),
                    judged.finding.field.clone(),
                    judged.finding.identity.clone(),
                )
            };
            order(a).cmp(&order(b))
        });
        self.unresolved.sort();
        self.unresolved.dedup();
    }
}
