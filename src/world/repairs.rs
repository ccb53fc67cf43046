//! What repairs the findings in which one object has part.

use std::collections::HashSet;

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::World;
use l7guard_policy::remedy::{Change, DocumentKey, Remedies, document_key};
use l7guard_policy::verdict;

use super::ManifestWorld;
use super::documents::Over;
use crate::report::ReportedFinding;

impl ManifestWorld {
    /// The findings of the last copies on whose paths the object is, each with what repairs it by itself.
    #[must_use]
    pub fn repairs_of(
        &self,
        object: &ObjectKey,
        configuration: &Configuration,
        today: Date,
    ) -> Vec<ReportedFinding> {
        let world = World::new(&self.inventory);
        let verdict = verdict::evaluate(&world, configuration, today);
        let mut found = verdict.findings;
        found.retain(|judged| judged.finding.participants.contains(object));
        let documents = Over {
            whole: &self.whole,
            copy: None,
        };
        let remedies = Remedies::new(&world, configuration, &documents);
        let each = remedies.of_each(found.iter().map(|judged| &judged.finding));
        let repaired = found.into_iter().zip(each);
        repaired
            .map(|(judged, remedy)| ReportedFinding {
                judged,
                location: None,
                remedy,
                cluster: None,
                is_new: None,
            })
            .collect()
    }

    /// Tells which objects are of files, and not of the cluster below them.
    #[must_use]
    pub fn of_files(&self) -> OfFiles {
        OfFiles(self.places.keys().map(DocumentKey::from).collect())
    }
}

/// The objects that files hold.
#[derive(Debug)]
pub struct OfFiles(HashSet<DocumentKey>);

impl OfFiles {
    /// Whether a change is of an object of files.
    #[must_use]
    pub fn hold(&self, change: &Change) -> bool {
        let target = &change.target;
        let key = document_key(
            &target.api_version,
            &target.kind,
            &target.namespace,
            &target.name,
        );
        self.0.contains(&key)
    }
}
