//! What has changed since an earlier report: which findings are new, and which are gone.
//!
//! A finding is the same one if rule, cluster, object and the Service that its path leads to are the same. Its field and its
//! words may be others.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::rules::HopRole;
use serde::Deserialize;
use thiserror::Error;

use super::clusters::Gone;
use super::json::SCHEMA;
use super::notes::{NoteReason, ReportedNote};
use super::{Report, ReportedError, ReportedFinding};

/// Why an earlier report cannot be compared with.
#[derive(Debug, Error)]
pub enum EarlierError {
    /// It is no report.
    #[error("it is no report of `l7guard audit --output json`: {0}")]
    NoReport(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "it is of the format {0:?}, and this l7guard reads {SCHEMA:?}: make it again with `l7guard audit --output json`"
    )]
    Schema(String),
}

/// The findings of an earlier report.
#[derive(Debug)]
pub struct Earlier(Vec<Finding>);

/// What every version has.
#[derive(Deserialize)]
struct Format {
    schema: String,
}

#[derive(Deserialize)]
struct Document {
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    cluster: Option<String>,
    rule: String,
    object: Object,
    path: Vec<Hop>,
    field: String,
    message: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Hop {
    hop: String,
    #[serde(flatten)]
    object: Object,
}

/// What makes a finding the same one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    cluster: Option<String>,
    rule: String,
    object: Object,
    /// The first Service of the path; without one, the field.
    to: Result<Object, String>,
}

impl Earlier {
    /// Reads a JSON report.
    ///
    /// # Errors
    /// When it is none, or of another version.
    pub fn read(json: &[u8]) -> Result<Self, EarlierError> {
        // Before anything else of it is believed: another version may have other fields.
        let format: Format = serde_json::from_slice(json)?;
        if format.schema != SCHEMA {
            return Err(EarlierError::Schema(format.schema));
        }
        let document: Document = serde_json::from_slice(json)?;
        Ok(Self(document.findings))
    }

    /// Says of each finding of a report whether it is new, and adds what is gone. `is_reported` tells of a namespace whether
    /// what is found in it is reported at all.
    ///
    /// What was not looked for is not gone: findings of a cluster that is not in the report or could not be read whole, and of a
    /// namespace that is not reported. How many there are is a note.
    pub fn compare(self, report: &mut Report, is_reported: impl Fn(&str) -> bool) {
        let mut earlier: BTreeMap<Identity, Finding> = self
            .0
            .into_iter()
            .map(|finding| (Identity::earlier(&finding), finding))
            .collect();
        let mut again = BTreeSet::new();
        for finding in &mut report.findings {
            let identity = Identity::of(finding);
            finding.is_new = Some(!earlier.contains_key(&identity));
            again.insert(identity);
        }
        earlier.retain(|identity, _| !again.contains(identity));
        let (gone, unknown): (Vec<Finding>, Vec<Finding>) =
            earlier.into_values().partition(|finding| {
                is_reported(&finding.object.namespace)
                    && is_whole(report, finding.cluster.as_deref())
            });
        report.gone = gone.into_iter().map(Gone::from).collect();
        if !unknown.is_empty() {
            report.notes.push(not_compared(unknown.len()));
        }
    }
}

/// Whether a report has all that there is to be found in a cluster.
fn is_whole(report: &Report, cluster: Option<&str>) -> bool {
    let mut clusters = report.clusters.iter();
    let of_name = clusters.find(|summary| Some(&*summary.name) == cluster);
    of_name.is_some_and(|summary| summary.totals.errors == 0)
}

fn not_compared(count: usize) -> ReportedNote {
    let (s, are) = if count == 1 { ("", "is") } else { ("s", "are") };
    ReportedNote {
        reason: NoteReason::NotCompared,
        input: ReportedError {
            file: "--against".to_owned(),
            line: None,
            column: None,
            message: format!(
                "{count} finding{s} of the earlier report {are} not compared: their cluster or namespace was not read, or not whole"
            ),
        },
    }
}

impl Identity {
    fn earlier(finding: &Finding) -> Self {
        let service = finding
            .path
            .iter()
            .find(|hop| hop.hop == HopRole::Service.as_str());
        Self {
            cluster: finding.cluster.clone(),
            rule: finding.rule.clone(),
            object: finding.object.clone(),
            to: service
                .map(|hop| hop.object.clone())
                .ok_or_else(|| finding.field.clone()),
        }
    }

    fn of(reported: &ReportedFinding) -> Self {
        let finding = &reported.judged.finding;
        let object = |key: &l7guard_policy::identity::ObjectKey| Object {
            kind: key.kind.name().to_owned(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
        };
        let service = finding.path.iter().find(|hop| hop.role == HopRole::Service);
        Self {
            cluster: reported.cluster.as_deref().map(str::to_owned),
            rule: finding.rule.as_str().to_owned(),
            object: object(&finding.object),
            to: service
                .map(|hop| object(&hop.object))
                .ok_or_else(|| finding.field.clone()),
        }
    }
}

impl From<Finding> for Gone {
    fn from(finding: Finding) -> Self {
        let Object {
            kind,
            namespace,
            name,
        } = finding.object;
        let object = if namespace.is_empty() {
            format!("{kind} {name}")
        } else {
            format!("{kind} {namespace}/{name}")
        };
        Self {
            cluster: finding.cluster,
            rule: finding.rule,
            object,
            message: finding.message,
        }
    }
}

#[cfg(test)]
#[path = "against_tests.rs"]
mod tests;
