//! Exemptions: findings that are tolerated for a time, for a reason, on somebody's account.
//!
//! They live in the configuration. Nothing that a user can write to an object exempts it.

use time::Date;
use wildmatch::WildMatch;

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

/// A name, in which `*` stands for any characters and `?` for one.
#[derive(Clone, Debug, PartialEq)]
pub struct NamePattern(WildMatch);

/// A pattern is compared by its text alone.
impl Eq for NamePattern {}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing matches it.
    #[error("an empty pattern matches nothing; write \"*\" to match every name")]
    Empty,
    /// It holds a character that is in no name.
    #[error(
        "{0:?} is in no Kubernetes name; patterns know lower-case letters, digits, '-', '.', and the wildcards '*' and '?'"
    )]
    BadCharacter(char),
}

impl NamePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// It is empty, or holds a character that can be in no Kubernetes name: it would match nothing, or was meant to be
    /// another kind of pattern.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.is_empty() {
            return Err(PatternError::Empty);
        }
        let is_known = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '*' | '?')
        };
        match pattern.chars().find(|c| !is_known(*c)) {
            Some(bad) => Err(PatternError::BadCharacter(bad)),
            None => Ok(Self(WildMatch::new(pattern))),
        }
    }

    /// Whether a name matches. The empty namespace of cluster-scoped objects never does.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        !name.is_empty() && self.0.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_and_nothing_else_is_a_pattern() {
        let pattern = NamePattern::parse("team-*-?").unwrap();
        assert!(pattern.matches("team-a-1"));
        assert!(!pattern.matches("team-a-12"));
        assert_eq!(NamePattern::parse(""), Err(PatternError::Empty));
        for bad in ["[a-z]", "Team", "a/b", "a b"] {
            assert!(NamePattern::parse(bad).is_err(), "{bad}");
        }
        assert!(!NamePattern::parse("*").unwrap().matches(""));
    }
}
