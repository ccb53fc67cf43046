//! Which writes lead from the reports that are stored to those that are wanted. Pure.

use std::collections::BTreeMap;

use super::report::Report;

/// Reports by their namespaces; that of the cluster under the empty one.
pub type Reports = BTreeMap<String, Report>;

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write<'a> {
    /// This is to be stored.
    Apply(&'a Report),
    /// This is stored and not wanted.
    Remove(&'a Report),
}

impl Write<'_> {
    /// The report's namespace, empty of that of the cluster.
    #[must_use]
    pub fn namespace(&self) -> &str {
        let (Self::Apply(report) | Self::Remove(report)) = self;
        report.metadata.namespace.as_deref().unwrap_or_default()
    }
}

/// The writes, none where nothing has changed.
#[must_use]
pub fn writes<'a>(stored: &'a Reports, wanted: &'a Reports) -> Vec<Write<'a>> {
    let applied = wanted.iter().filter(|(namespace, wanted)| {
        let stored = stored.get(*namespace);
        stored.is_none_or(|stored| !is_up_to_date(stored, wanted))
    });
    let removed = stored
        .iter()
        .filter(|(namespace, _)| !wanted.contains_key(*namespace));
    applied
        .map(|(_, report)| Write::Apply(report))
        .chain(removed.map(|(_, report)| Write::Remove(report)))
        .collect()
}

/// Labels that others have added are theirs.
fn is_up_to_date(stored: &Report, wanted: &Report) -> bool {
    let (labels, owners) = (&stored.metadata.labels, &stored.metadata.owner_references);
    let mut wanted_labels = wanted.metadata.labels.iter();
    let wanted_owners = &wanted.metadata.owner_references;
    wanted_labels.all(|(key, value)| labels.get(key) == Some(value))
        && owners.len() == wanted_owners.len()
        && wanted_owners
            .iter()
            .zip(owners)
            .all(|(a, b)| a.uid == b.uid)
        && stored.scope == wanted.scope
        && stored.summary == wanted.summary
        && stored.results == wanted.results
}
