//! The verdict: what is found about an object, and what each finding does.
//!
//! [`evaluate()`] judges everything that exists (`check`, the audit), [`evaluate_copy()`] a further copy of an object in files;
//! [`review()`] judges one change of one object (the webhook).

mod copy;
mod evaluate;
mod review;

use std::cmp::Ordering;

use crate::configuration::Date;
use crate::identity::ObjectKey;
use crate::rules::{Finding, Mode};
use crate::wording::Wording;

pub use copy::{Allowance, AllowanceExceeded, evaluate_around_copy, evaluate_copy};
pub use evaluate::{evaluate, evaluate_each};
pub use review::{Change, premises, review, review_within};
pub(crate) use review::{before, of_affected};

/// A finding and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Its effective mode.
    pub severity: Mode,
    /// Whether all of its paths were there before the change under review: it refuses nothing then.
    pub is_existing: bool,
    /// What it would do if nothing were set to `audit`; `None` in every other mode.
    pub would_be: Option<WouldBe>,
}

/// What a finding of mode `audit` would do if neither its rule nor its namespace nor everything were set to `audit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WouldBe {
    /// It would warn.
    Warn,
    /// It would deny if the path were new: it was there before the change, so the change would pass with a warning.
    Tolerated,
    /// It would deny.
    Deny,
}

impl WouldBe {
    /// As written in reports, logs, metrics and annotations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Tolerated => "tolerated",
            Self::Deny => "deny",
        }
    }
}

impl Judged {
    /// What it does, or would do if nothing were set to `audit`, were its paths new.
    fn intended(&self) -> Mode {
        match self.would_be {
            None => self.severity,
            Some(WouldBe::Warn) => Mode::Warn,
            Some(WouldBe::Tolerated | WouldBe::Deny) => Mode::Deny,
        }
    }

    /// The order in which findings are reported.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let severity = other.severity.cmp(&self.severity);
        severity.then_with(|| order(&self.finding, &other.finding))
    }
}

/// A finding that an exemption covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempted {
    /// The finding.
    pub finding: Finding,
    /// The exemption's name.
    pub exemption: Box<str>,
    /// The last day on which it holds.
    pub expires: Date,
    /// Why it was granted.
    pub reason: Box<str>,
    /// Who answers for it.
    pub owner: Box<str>,
    /// Where its end is followed up.
    pub ticket: Option<Box<str>>,
    /// The mode that the finding would have without it.
    pub severity: Mode,
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
    /// What cannot be told, and why, in words about the front.
    pub reason: Wording,
}

/// What was found, in a fixed order: severest first, then by rule, object and field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Findings, without those whose rule is off.
    pub findings: Vec<Judged>,
    /// What cannot be told.
    pub unresolved: Vec<Unresolved>,
    /// What exemptions cover.
    pub exempt: Vec<Exempted>,
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

    /// Adds what was found about other objects of the same world. The order is no longer that of a verdict until
    /// [`sort`](Self::sort) is called.
    pub fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.unresolved.extend(other.unresolved);
        self.exempt.extend(other.exempt);
    }

    /// What the gravest finding of mode `audit` would do; `None` without any.
    #[must_use]
    pub fn would_be(&self) -> Option<WouldBe> {
        self.findings
            .iter()
            .filter_map(|judged| judged.would_be)
            .max()
    }

    /// Puts everything into the fixed order.
    pub fn sort(&mut self) {
        self.findings.sort_by(Judged::order);
        self.exempt.sort_by(|a, b| order(&a.finding, &b.finding));
        self.unresolved.sort();
        self.unresolved.dedup();
    }
}

fn order(a: &Finding, b: &Finding) -> Ordering {
    (a.rule, &a.object)
        .cmp(&(b.rule, &b.object))
        .then_with(|| a.field.cmp(&b.field))
        .then_with(|| a.identity.cmp(&b.identity))
}
