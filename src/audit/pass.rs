//! What a pass of the audit loop hands to whoever publishes.

use std::collections::BTreeSet;

use super::observed::{FindingId, Findings, Observed};

/// The findings after a pass. Copies share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pass {
    /// All findings.
    pub findings: Findings,
    /// How many passes over everything there were; 0: nothing is known yet.
    pub full_passes: u64,
    /// Whether the audit loop is switched off, so that nothing is to be said of findings.
    pub is_off: bool,
}

/// What has become of findings between two looks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference<'a> {
    /// Those that are new.
    pub new: Vec<&'a Observed>,
    /// Those that are gone.
    pub gone: Vec<&'a FindingId>,
}

/// All findings, one after the other.
pub(crate) fn all(findings: &Findings) -> impl Iterator<Item = &Observed> {
    findings.values().flat_map(|observed| observed.iter())
}

impl<'a> Difference<'a> {
    /// Between what was known `before`, and `now`.
    #[must_use]
    pub(crate) fn between(before: &'a Findings, now: &'a Findings) -> Self {
        let is_same = |key, findings: &Findings, others: &Findings| {
            // Nearly all of them: what is shared has not changed.
            let (one, other) = (findings.get(key), others.get(key));
            one.zip(other)
                .is_some_and(|(one, other)| std::sync::Arc::ptr_eq(one, other))
        };
        let changed = |from: &'a Findings, to: &'a Findings| {
            let keys = from.iter().filter(move |(key, _)| !is_same(key, from, to));
            keys.flat_map(|(_, observed)| observed.iter())
        };
        let old: BTreeSet<&FindingId> = changed(before, now).map(|known| &known.id).collect();
        let new: BTreeSet<&FindingId> = changed(now, before).map(|found| &found.id).collect();
        Self {
            new: changed(now, before)
                .filter(|observed| !old.contains(&observed.id))
                .collect(),
            gone: old.difference(&new).copied().collect(),
        }
    }
}
