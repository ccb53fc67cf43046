//! What findings do: by rule, and by the namespace of the finding's object.

use std::collections::BTreeMap;

use super::pattern::NamePattern;
use crate::rules::{Finding, Mode, RuleCode};

/// Modes of rules, with a bound for all of them and overrides for namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// The most that any finding does: `Audit` is the dry run with which a platform team starts.
    pub at_most: Mode,
    /// Modes of rules, where they are not the rule's default.
    pub rules: BTreeMap<RuleCode, Mode>,
    /// Overrides; of several that match a namespace the first one counts.
    pub namespaces: Vec<NamespaceModes>,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            at_most: Mode::Deny,
            rules: BTreeMap::new(),
            namespaces: Vec::new(),
        }
    }
}

/// What is different in some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceModes {
    /// The namespaces.
    pub namespaces: Vec<NamePattern>,
    /// The most that a finding there does; `None`: as everywhere.
    pub at_most: Option<Mode>,
    /// Modes of rules there, where they are not as everywhere.
    pub rules: BTreeMap<RuleCode, Mode>,
}

impl Modes {
    /// What a finding does. Objects without a namespace are never matched by an override.
    #[must_use]
    pub fn of(&self, finding: &Finding) -> Mode {
        let namespace = &finding.object.namespace;
        let overriding = self.namespaces.iter().find(|entry| {
            entry
                .namespaces
                .iter()
                .any(|pattern| pattern.matches(namespace))
        });
        let mode = overriding
            .and_then(|entry| entry.rules.get(&finding.rule))
            .or_else(|| self.rules.get(&finding.rule))
            .copied()
            .unwrap_or(finding.rule.rule().default_mode);
        let at_most = overriding
            .and_then(|entry| entry.at_most)
            .unwrap_or(self.at_most);
        mode.min(at_most)
    }
}
