//! What another configuration does to what exists: who would be refused now, and who is let go.

use std::collections::BTreeMap;

use l7guard_policy::rules::Mode;

use super::metrics::AuditMetrics;
use super::observed::{FindingId, Findings};
use super::pass::all;

/// How many objects a line of the log names.
const NAMED: usize = 10;

/// Findings whose effect a changed configuration changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects<'a> {
    /// They would refuse their objects now, and did not before.
    pub(super) tightened: Vec<&'a FindingId>,
    /// They are gone, or milder than before.
    pub(super) loosened: Vec<&'a FindingId>,
}

/// Compares the findings before and after.
pub(super) fn effects<'a>(before: &'a Findings, after: &'a Findings) -> Effects<'a> {
    let modes = |findings: &'a Findings| -> BTreeMap<&'a FindingId, Mode> {
        let modes = all(findings).map(|observed| (&observed.id, observed.mode));
        modes.collect()
    };
    let (old, new) = (modes(before), modes(after));
    let refuses = |mode: Option<&Mode>| mode == Some(&Mode::Deny);
    Effects {
        tightened: new
            .iter()
            .filter(|(id, mode)| refuses(Some(mode)) && !refuses(old.get(*id)))
            .map(|(id, _)| *id)
            .collect(),
        loosened: old
            .iter()
            .filter(|(id, mode)| new.get(*id).is_none_or(|now| now < *mode))
            .map(|(id, _)| *id)
            .collect(),
    }
}

impl Effects<'_> {
    /// Logs and counts them.
    pub(super) fn tell(&self, metrics: &AuditMetrics) {
        metrics.effects(self.tightened.len(), self.loosened.len());
        if !self.tightened.is_empty() {
            tracing::warn!(
                findings = self.tightened.len(),
                objects = named(&self.tightened),
                "the configuration is tighter: these objects exist and would be refused if they were made now"
            );
        }
        if !self.loosened.is_empty() {
            tracing::warn!(
                findings = self.loosened.len(),
                objects = named(&self.loosened),
                "the configuration is looser: these findings are let go, or do less than before"
            );
        }
    }
}

fn named(ids: &[&FindingId]) -> String {
    let mut names: Vec<String> = ids
        .iter()
        .take(NAMED)
        .map(|id| format!("{} ({})", id.object, id.rule))
        .collect();
    if ids.len() > NAMED {
        names.push(format!("and {} more", ids.len() - NAMED));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::observed::tests::findings;
    use super::*;

    #[test]
    fn who_is_refused_and_who_is_let_go_is_told() {
        let before = findings(&[
            ("audited", Mode::Audit),
            ("denied", Mode::Deny),
            ("exempted", Mode::Deny),
            ("milder", Mode::Deny),
            ("warned", Mode::Audit),
        ]);
        let after = findings(&[
            ("audited", Mode::Deny),
            ("denied", Mode::Deny),
            ("milder", Mode::Warn),
            ("unexempted", Mode::Deny),
            ("warned", Mode::Warn),
        ]);
        let names = |ids: &[&FindingId]| -> Vec<String> {
            ids.iter().map(|id| id.object.name.to_string()).collect()
        };
        let effects = effects(&before, &after);
        assert_eq!(names(&effects.tightened), ["audited", "unexempted"]);
        assert_eq!(names(&effects.loosened), ["exempted", "milder"]);
    }
}
