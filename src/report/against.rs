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
use super::{Report, ReportedFinding};

/// Why an earlier report cannot be compared with.
#[derive(Debug, Error)]
pub enum EarlierError {
    /// It is no report.
    #[error("it is no report of `--output json`: {0}")]
    NoReport(#[from] serde_json::Error),
    /// It is of another version.
    #[error("it is of the format {0:?}, and this version of l7guard reads {SCHEMA:?}")]
    Schema(String),
}

/// The findings of an earlier report.
#[derive(Debug)]
pub struct Earlier(Vec<Finding>);

#[derive(Deserialize)]
struct Document {
    schema: String,
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
        let document: Document = serde_json::from_slice(json)?;
        if document.schema != SCHEMA {
            return Err(EarlierError::Schema(document.schema));
        }
        Ok(Self(document.findings))
    }

    /// Says of each finding of a report whether it is new, and adds what is gone.
    pub fn compare(self, report: &mut Report) {
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
        report.gone = earlier.into_values().map(Gone::from).collect();
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
