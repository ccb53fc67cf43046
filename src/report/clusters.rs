//! Reports over live clusters: which cluster something was found in.

use std::ops::Deref;
use std::sync::Arc;

use l7guard_policy::remedy::Remedy;
use l7guard_policy::rules::Mode;

use super::Report;

/// Something that was found, and the cluster that it was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfCluster<T> {
    /// The cluster's name; `None`: it was found in files.
    pub cluster: Option<Arc<str>>,
    found: T,
}

impl<T> From<T> for OfCluster<T> {
    fn from(found: T) -> Self {
        Self {
            cluster: None,
            found,
        }
    }
}

impl<T> OfCluster<T> {
    /// Found in this cluster.
    #[must_use]
    pub fn new(cluster: &Arc<str>, found: T) -> Self {
        Self {
            cluster: Some(Arc::clone(cluster)),
            found,
        }
    }
}

impl<T> Deref for OfCluster<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.found
    }
}

/// How many of each there are in one cluster of a report.
#[derive(Debug)]
pub struct ClusterSummary {
    /// The cluster's name.
    pub name: Arc<str>,
    /// Objects that were looked at.
    pub objects: usize,
    /// Findings that would be refused.
    pub deny: usize,
    /// Findings that would be warned about.
    pub warn: usize,
    /// Findings of mode `audit`.
    pub audit: usize,
    /// Objects that cannot be told.
    pub unresolved: usize,
    /// Findings that are exempt.
    pub exempt: usize,
    /// What could not be read.
    pub errors: usize,
    /// What repairs all findings of this cluster together.
    pub remedy: Remedy,
}

impl Report {
    /// Adds the report over one cluster. What repairs everything together is said of the cluster; of the whole report only
    /// where it is the only one, as a change does not say to which cluster it is made.
    pub fn add_cluster(&mut self, name: &Arc<str>, report: Self) {
        let summary = ClusterSummary {
            name: Arc::clone(name),
            objects: report.objects,
            deny: report.count(Mode::Deny),
            warn: report.count(Mode::Warn),
            audit: report.count(Mode::Audit),
            unresolved: report.unresolved.len(),
            exempt: report.exempt.len(),
            errors: report.errors.len(),
            remedy: report.remedy.clone(),
        };
        self.remedy = if self.clusters.is_empty() {
            report.remedy
        } else {
            Remedy::default()
        };
        self.clusters.push(summary);
        self.objects += report.objects;
        self.findings.extend(report.findings);
        self.findings
            .sort_by(|one, other| one.judged.order(&other.judged));
        self.unresolved.extend(report.unresolved);
        self.exempt.extend(report.exempt);
        self.errors.extend(report.errors);
        self.notes.extend(report.notes);
    }
}
