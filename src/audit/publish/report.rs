//! Reports as the cluster keeps them: the types of `openreports.io/v1alpha1`, and of its predecessor `wgpolicyk8s.io/v1alpha2`,
//! which differ in their names only.
//!
//! Source: openreports/reports-api `apis/openreports.io/v1alpha1/report_types.go`; kubernetes-sigs/wg-policy-prototypes
//! `policy-report/apis/wgpolicyk8s.io/v1alpha2/policyreport_types.go`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde::{Deserialize, Serialize};

/// Who found it.
pub(super) const SOURCE: &str = "l7guard";

/// The rule of the result that stands for those that are left out.
pub(super) const OMITTED: &str = "omitted";

/// A report: of one namespace, or of the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What it is called, and whom it belongs to.
    pub metadata: ReportMetadata,
    /// What it is about: the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ObjectReference>,
    /// How many results there are of each kind.
    #[serde(default)]
    pub summary: Summary,
    /// The results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ReportResult>,
}

/// What is read and written of the metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportMetadata {
    /// The name.
    pub name: String,
    /// The namespace; `None`: it is of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// By which we know ours.
    pub labels: BTreeMap<String, String>,
    /// The objects that it is about. The garbage collector removes it when all of them are gone, should nobody else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owner_references: Vec<OwnerReference>,
}

/// How many results there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Never counted: what is sound is not reported.
    pub pass: usize,
    /// Findings that refuse, or would.
    pub fail: usize,
    /// Other findings.
    pub warn: usize,
    /// Never counted.
    pub error: usize,
    /// Never counted.
    pub skip: usize,
}

/// What is said of one finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportResult {
    /// Who found it.
    #[serde(default)]
    pub source: String,
    /// The policy: the rule's name.
    pub policy: String,
    /// The rule's code.
    #[serde(default)]
    pub rule: String,
    /// What the policy is about.
    #[serde(default)]
    pub category: String,
    /// `high` of a failure, else `medium`.
    #[serde(default)]
    pub severity: String,
    /// When it was seen first.
    #[serde(default)]
    pub timestamp: Timestamp,
    /// `fail` or `warn`.
    #[serde(default)]
    pub result: String,
    /// Always true.
    #[serde(default)]
    pub scored: bool,
    /// The object.
    #[serde(default, rename = "resources", skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<ObjectReference>,
    /// What is wrong.
    #[serde(default)]
    pub message: String,
    /// Mode, confidence, field, target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Always 0 in what we write.
    #[serde(default)]
    pub nanos: i32,
}
