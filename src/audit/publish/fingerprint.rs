//! Whether a report is as it should be, without keeping what it says.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use super::report::Report;

/// What all that we write of a report comes to. Equal ones are of equal reports, but for one in 2^64 that nobody can choose:
/// the key of the hash is the process's own.
pub(super) type Fingerprint = u64;

/// Makes fingerprints.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprints(RandomState);

impl Fingerprints {
    /// Of a report, with those of its labels that are in `labels`: others are whose they are.
    pub(super) fn of(&self, report: &Report, labels: &BTreeMap<String, String>) -> Fingerprint {
        let metadata = &report.metadata;
        let own = metadata
            .labels
            .iter()
            .filter(|(key, _)| labels.contains_key(*key));
        let own: BTreeMap<_, _> = own.collect();
        let owners = metadata.owner_references.iter();
        let owners: Vec<&str> = owners.map(|owner| &*owner.uid).collect();
        let compared = (own, owners, &report.scope, &report.summary, &report.results);
        // Strings and numbers alone: it cannot fail. If it did, the report would be written.
        serde_json::to_vec(&compared).map_or(0, |json| self.0.hash_one(json))
    }
}
