//! Exemptions: findings that are tolerated for a time, for a reason, on somebody's account.
//!
//! They live in the configuration. Nothing that a user can write to an object exempts it.

use time::Date;

use super::pattern::NamePattern;
use crate::identity::Kind;
use crate::rules::{Finding, RuleCode};

/// An exemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Its name, for reports and metrics.
    pub name: Box<str>,
    /// Why it was granted.
    pub reason: Box<str>,
    /// Who answers for it.
    pub owner: Box<str>,
    /// Where its end is followed up: a ticket's number or URL.
    pub ticket: Option<Box<str>>,
    /// The last day (UTC) on which it holds.
    pub expires: Date,
    /// What it covers.
    pub covers: Matcher,
}

/// What an exemption covers: every list that is not empty has to match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    /// Kinds of the finding's object.
    pub kinds: Vec<Kind>,
    /// Namespaces of the finding's object.
    pub namespaces: Vec<NamePattern>,
    /// Names of the finding's object.
    pub names: Vec<NamePattern>,
    /// Rules.
    pub rules: Vec<RuleCode>,
}

impl Exemption {
    /// Whether it covers a finding on this day.
    #[must_use]
    pub fn covers(&self, finding: &Finding, today: Date) -> bool {
        today <= self.expires && self.covers.matches(finding)
    }
}

impl Matcher {
    fn matches(&self, finding: &Finding) -> bool {
        let object = &finding.object;
        let any = |patterns: &[NamePattern], name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name))
        };
        (self.kinds.is_empty() || self.kinds.contains(&object.kind))
            && (self.rules.is_empty() || self.rules.contains(&finding.rule))
            && any(&self.namespaces, &object.namespace)
            && any(&self.names, &object.name)
    }
}
