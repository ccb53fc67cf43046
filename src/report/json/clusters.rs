//! Clusters in the JSON report: those that were judged, the one that files were laid over, and what is found there no more.

use schemars::JsonSchema;
use serde::Serialize;

use super::changes::{self, JsonChange};
use super::summary::Summary;
use crate::report::{BaseSummary, ClusterSummary, Gone};

/// One live cluster that was judged.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cluster")]
pub(super) struct JsonCluster<'a> {
    /// The context by which it was named, `in-cluster` for that of the Pod.
    name: &'a str,
    /// How many of each there are in it.
    #[serde(flatten)]
    summary: Summary,
    /// What could not be read of it.
    errors: usize,
    /// What repairs all of its findings together: one change a target.
    changes: Vec<JsonChange<'a>>,
}

/// The cluster that files were laid over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Base")]
pub(super) struct JsonBase<'a> {
    /// Its name.
    cluster: &'a str,
    /// The snapshot that it was read from; without one it was the cluster itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    file: Option<&'a str>,
    /// As of when it is known.
    #[schemars(extend("format" = "date-time"))]
    taken: &'a str,
    /// How many objects of it are known.
    objects: usize,
}

/// A finding of an earlier report that was not found again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gone")]
pub(super) struct JsonGone<'a> {
    /// The live cluster that it was found in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The rule's code.
    rule: &'a str,
    /// `Kind namespace/name` of its object.
    object: &'a str,
    /// What was wrong, in a sentence.
    message: &'a str,
}

pub(super) fn cluster(cluster: &ClusterSummary) -> JsonCluster<'_> {
    JsonCluster {
        name: &cluster.name,
        summary: cluster.totals.into(),
        errors: cluster.totals.errors,
        changes: changes::changes(&cluster.remedy.changes),
    }
}

pub(super) fn base(base: &BaseSummary) -> JsonBase<'_> {
    JsonBase {
        cluster: &base.cluster,
        file: base.file.as_deref(),
        taken: &base.taken,
        objects: base.objects,
    }
}

pub(super) fn gone(gone: &Gone) -> JsonGone<'_> {
    JsonGone {
        cluster: gone.cluster.as_deref(),
        rule: &gone.rule,
        object: &gone.object,
        message: &gone.message,
    }
}
