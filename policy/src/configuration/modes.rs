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
        let overriding = self.overriding(finding);
        let mode = self.settings(overriding, finding).next();
        let at_most = overriding
            .and_then(|entry| entry.at_most)
            .unwrap_or(self.at_most);
        mode.unwrap_or(finding.rule.rule().default_mode)
            .min(at_most)
    }

    /// What a finding would do if nothing said `audit` or `off`: `Deny` or `Warn`. What is next to say something counts, at
    /// last the rule's default.
    #[must_use]
    pub fn without_audit(&self, finding: &Finding) -> Mode {
        let acts = |mode: &Mode| *mode > Mode::Audit;
        let overriding = self.overriding(finding);
        let mode = self.settings(overriding, finding).find(acts);
        let bounds = overriding.and_then(|entry| entry.at_most).into_iter();
        let at_most = bounds.chain([self.at_most]).find(acts);
        mode.unwrap_or(finding.rule.rule().default_mode)
            .min(at_most.unwrap_or(Mode::Deny))
    }

    /// The override that counts for a finding.
    fn overriding(&self, finding: &Finding) -> Option<&NamespaceModes> {
        let namespace = &finding.object.namespace;
        self.namespaces.iter().find(|entry| {
            entry
                .namespaces
                .iter()
                .any(|pattern| pattern.matches(namespace))
        })
    }

    /// What is set for the finding's rule, from the nearest setting to the farthest.
    fn settings<'a>(
        &'a self,
        overriding: Option<&'a NamespaceModes>,
        finding: &Finding,
    ) -> impl Iterator<Item = Mode> + 'a {
        let near = overriding.and_then(|entry| entry.rules.get(&finding.rule));
        let far = self.rules.get(&finding.rule);
        near.into_iter().chain(far).copied()
    }
}
