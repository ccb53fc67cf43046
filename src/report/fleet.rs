//! Reports over several clusters become one.

use l7guard_policy::remedy::Remedy;

use super::Report;
use super::clusters::{ClusterSummary, LiveCluster};

impl Report {
    /// Adds the report over one cluster. What repairs everything together is said of the cluster; of the whole report only
    /// where it is the only one, as a change does not say to which cluster it is made.
    pub fn add_cluster(&mut self, name: &LiveCluster, report: Self) {
        let summary = ClusterSummary {
            name: name.clone(),
            totals: report.totals(),
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
