//! Reports: what was found, as text for people and as JSON for machines, and the messages of the webhook.
//!
//! One file a format; each takes a [`Report`] and knows nothing of how it came to be.

pub mod admission;
pub mod against;
mod clusters;
pub mod denial;
pub mod diagnostic;
pub mod disclosure;
pub mod exemption;
mod fleet;
pub mod github;
pub mod help;
pub mod html;
mod inputs;
pub mod json;
pub mod junit;
mod kubectl_command;
pub mod notes;
pub mod page;
pub mod remedy_text;
pub mod sarif;
mod stations;
pub mod submitted_changes;
pub mod text;
mod totals;
pub mod traffic;
mod yaml_text;

use l7guard_policy::configuration::Messages;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::remedy::Remedy;
use l7guard_policy::rules::{Finding, Mode, RuleCode};
use l7guard_policy::verdict::{Judged, Unresolved};

use crate::visible_text::one_line;
pub use clusters::{BaseSummary, ClusterSummary, Gone, LiveCluster, OfCluster};
pub use exemption::ReportedExemption;
pub use inputs::ReportedError;
use notes::ReportedNote;
pub use totals::Totals;

/// What a run found, whatever was judged.
#[derive(Debug, Default)]
pub struct Report {
    /// How many objects were read, also of kinds that no rule reads.
    pub objects: usize,
    /// Findings in the order of the verdict.
    pub findings: Vec<ReportedFinding>,
    /// What cannot be told.
    pub unresolved: Vec<OfCluster<Unresolved>>,
    /// What exemptions cover.
    pub exempt: Vec<OfCluster<ReportedExemption>>,
    /// Inputs that could not be read.
    pub errors: Vec<ReportedError>,
    /// What the user should know about inputs that were read.
    pub notes: Vec<ReportedNote>,
    /// What repairs all findings together.
    pub remedy: Remedy,
    /// Objects with different content in several files. They are said also where other notes are not asked for.
    pub conflicts: Vec<ReportedNote>,
    /// The live clusters that were judged, in the order in which they were named.
    pub clusters: Vec<ClusterSummary>,
    /// Findings of the report that this one was compared with, which were not found again.
    pub gone: Vec<Gone>,
    /// Whether what cannot be told makes the run fail.
    pub unresolved_fails: bool,
    /// The cluster that the files were laid over.
    pub base: Option<BaseSummary>,
    /// Where the reader finds more about a rule.
    pub messages: Messages,
    /// The configuration file that was named.
    pub configuration: Option<String>,
}

/// A finding, and where it stands.
#[derive(Debug)]
pub struct ReportedFinding {
    /// The finding and what it does.
    pub judged: Judged,
    /// Where the offending field stands, if the object came from a file.
    pub location: Option<Location>,
    /// What repairs it.
    pub remedy: Remedy,
    /// The live cluster that it was found in.
    pub cluster: Option<LiveCluster>,
    /// Whether an earlier report did not have it; `None`: it was compared with none.
    pub is_new: Option<bool>,
}

impl ReportedFinding {
    /// Where the path leads: a Service or a target group. With rule and object it makes a finding the same one in the
    /// next run, wherever it has moved in its file; the gateway workloads do not, as they come and go with what else was
    /// read.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        target(&self.judged.finding)
    }
}

/// Where the path of a finding leads.
fn target(finding: &Finding) -> Option<&str> {
    let path = finding.identity.first();
    path.map(|path| path.to.as_str())
}

/// A place in a file, lines and columns counted from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file as it was named.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The text of the line, to be quoted.
    pub text: Option<String>,
}

impl Report {
    /// All notes, conflicts last.
    pub fn all_notes(&self) -> impl Iterator<Item = &ReportedNote> {
        self.notes.iter().chain(&self.conflicts)
    }

    /// How many of each there are.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let count = |severity| self.count(severity);
        Totals {
            objects: self.objects,
            deny: count(Mode::Deny),
            warn: count(Mode::Warn),
            audit: count(Mode::Audit),
            unresolved: self.unresolved.len(),
            exempt: self.exempt.len(),
            errors: self.errors.len(),
        }
    }

    /// How many findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Mode) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.judged.severity == severity)
            .count()
    }
}

/// Where people find more about a rule: the page that the configuration names, else the command that prints it.
fn more(messages: &Messages, rule: RuleCode) -> String {
    let page = messages.page_of(rule);
    page.unwrap_or_else(|| format!("l7guard explain {rule}"))
}

/// `Kind namespace/name` with text that is safe to print.
#[must_use]
pub fn object_name(key: &ObjectKey) -> String {
    one_line(&key.to_string()).into_owned()
}

/// An object as [`object_name`] has it, with its cluster where it is of one.
#[must_use]
pub fn name_in_cluster(cluster: Option<&str>, key: &ObjectKey) -> String {
    match cluster {
        Some(cluster) => format!("{}: {}", one_line(cluster), object_name(key)),
        None => object_name(key),
    }
}
