//! What the reports of the cluster should say: findings to one report a namespace and one of the cluster. Pure.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::objects::controller::Uid;
use l7guard_policy::rules::RuleCode;

use super::first_seen::FirstSeen;
use super::report::{OMITTED, Report, ReportMetadata, ReportResult, SOURCE, Summary, Timestamp};
use super::reports_api::StoredReport;
use crate::audit::observed::{Findings, MESSAGE, Observed};
use crate::audit::text::cut;
use crate::installation::ServiceName;

/// The label of everything that l7guard writes, and its value.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "l7guard");
/// The label with the name of the installation.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label with the namespace of the installation: another one may have the same name elsewhere.
const INSTANCE_NAMESPACE: &str = "l7guard/installation-namespace";

/// How many bytes the results of a report have at most, as JSON: 512 KiB, of the 1.5 MiB that etcd takes of an object.
///
/// Source: etcd `server/embed/config.go` (`DefaultMaxRequestBytes`).
pub(super) const RESULTS: usize = 512 * 1024;

/// The reports of an installation.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The installation. All its reports have its name.
    pub installation: &'a ServiceName,
    /// How many bytes the results of a report have at most.
    pub bytes: usize,
}

/// Findings by the namespaces of their objects; those of objects without one under the empty one.
pub(super) type ByNamespace<'a> = BTreeMap<&'a str, Vec<&'a Observed>>;

/// The findings by namespaces.
pub(super) fn by_namespace(findings: &Findings) -> ByNamespace<'_> {
    let mut namespaces = ByNamespace::new();
    for (object, observed) in findings {
        let of_namespace = namespaces.entry(&object.namespace).or_default();
        of_namespace.extend(observed.iter());
    }
    namespaces
}

impl Wanted<'_> {
    /// The labels of the reports.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let labels = [
            MANAGED_BY,
            (INSTANCE, &self.installation.name),
            (INSTANCE_NAMESPACE, &self.installation.namespace),
        ];
        labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    /// Whether a stored report of our name is one of ours, also where somebody has taken its labels away: another tool or
    /// another installation may have the same name for theirs.
    pub(super) fn is_ours(&self, stored: &StoredReport) -> bool {
        let labels = &stored.report.metadata.labels;
        let of_namespace = labels.get(INSTANCE_NAMESPACE);
        let is_of_another =
            of_namespace.is_some_and(|namespace| *namespace != self.installation.namespace);
        let has_labels = self
            .labels()
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value));
        !is_of_another && (has_labels || stored.is_written_by_l7guard)
    }

    /// The report of a namespace, of the cluster for the empty one; `None`: nothing is found there.
    #[must_use]
    pub(super) fn report(
        &self,
        namespace: &str,
        findings: &ByNamespace<'_>,
        seen: &FirstSeen,
    ) -> Option<Report> {
        if namespace.is_empty() {
            return (!findings.is_empty()).then(|| self.of_cluster(findings, seen));
        }
        let of_namespace = findings.get(namespace)?;
        Some(self.of_namespace(namespace, of_namespace.clone(), seen))
    }

    fn of_namespace(
        &self,
        namespace: &str,
        mut findings: Vec<&Observed>,
        seen: &FirstSeen,
    ) -> Report {
        // What is left out is the least.
        findings.sort_by_key(|observed| (!observed.is_failure(), &observed.id));
        let mut kept = Kept::new(self.bytes);
        for observed in &findings {
            kept.add(|| result(observed, seen.of(&observed.id)));
        }
        let shown = &findings[..kept.results.len()];
        let owners: BTreeSet<_> = shown.iter().map(|observed| owner(observed)).collect();
        let owners = owners.into_iter().flatten();
        let mut results = kept.results;
        if findings.len() > results.len() {
            let first = findings[results.len()..].iter();
            let first = first.map(|observed| seen.of(&observed.id)).min();
            let count = findings.len() - results.len();
            results.push(omitted(count, first.unwrap_or_default()));
        }
        Report {
            metadata: ReportMetadata {
                name: self.installation.name.clone(),
                namespace: Some(namespace.to_owned()),
                labels: self.labels(),
                owner_references: owners.map(Owner::reference).collect(),
            },
            scope: Some(ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Namespace".to_owned()),
                name: Some(namespace.to_owned()),
                ..ObjectReference::default()
            }),
            summary: summary(&findings),
            results,
        }
    }

    /// One result a rule: how many findings, and in which namespaces.
    fn of_cluster(&self, findings: &ByNamespace<'_>, seen: &FirstSeen) -> Report {
        let mut rules: BTreeMap<RuleCode, Vec<&Observed>> = BTreeMap::new();
        for observed in findings.values().flatten() {
            rules.entry(observed.id.rule).or_default().push(observed);
        }
        let results: Vec<ReportResult> = rules
            .iter()
            .map(|(rule, findings)| of_rule(*rule, findings, seen))
            .collect();
        let fail = results.iter().filter(|result| result.result == "fail");
        let fail = fail.count();
        Report {
            metadata: ReportMetadata {
                name: self.installation.name.clone(),
                labels: self.labels(),
                ..ReportMetadata::default()
            },
            scope: None,
            summary: Summary {
                fail,
                warn: results.len() - fail,
                ..Summary::default()
            },
            results,
        }
    }
}

/// The results that fit.
struct Kept {
    bytes: usize,
    results: Vec<ReportResult>,
    is_full: bool,
}

impl Kept {
    fn new(bytes: usize) -> Self {
        Self {
            bytes,
            results: Vec::new(),
            is_full: false,
        }
    }

    fn add(&mut self, make: impl FnOnce() -> ReportResult) {
        if self.is_full {
            return;
        }
        let result = make();
        let size = serde_json::to_vec(&result).map_or(usize::MAX, |json| json.len());
        match self.bytes.checked_sub(size) {
            Some(left) => {
                self.bytes = left;
                self.results.push(result);
            }
            None => self.is_full = true,
        }
    }
}

fn summary(findings: &[&Observed]) -> Summary {
    let fail = findings.iter().filter(|observed| observed.is_failure());
    let fail = fail.count();
    Summary {
        fail,
        warn: findings.len() - fail,
        ..Summary::default()
    }
}

fn result(observed: &Observed, first_seen: Timestamp) -> ReportResult {
    let id = &observed.id;
    let mut properties = vec![
        ("confidence", observed.confidence.as_str().to_owned()),
        ("documentation", id.rule.documentation()),
        ("field", observed.field.to_string()),
        ("mode", observed.mode.as_str().to_owned()),
        ("target", id.target.to_string()),
    ];
    properties.extend(
        observed
            .would_be
            .map(|would_be| ("would_be", would_be.as_str().to_owned())),
    );
    if id.nth > 1 {
        properties.push(("nth", id.nth.to_string()));
    }
    let properties = properties.into_iter();
    let properties = properties.map(|(key, value)| (key.to_owned(), value));
    ReportResult {
        subjects: vec![reference(&id.object, observed.api_version, id.uid)],
        message: observed.message.to_string(),
        properties: properties.collect(),
        ..of(id.rule, observed.is_failure(), first_seen)
    }
}

/// What all results of a rule have in common.
fn of(rule: RuleCode, is_failure: bool, timestamp: Timestamp) -> ReportResult {
    ReportResult {
        source: SOURCE.to_owned(),
        policy: rule.name().to_owned(),
        rule: rule.as_str().to_owned(),
        category: "Load balancing".to_owned(),
        severity: if is_failure { "high" } else { "medium" }.to_owned(),
        timestamp,
        result: if is_failure { "fail" } else { "warn" }.to_owned(),
        scored: true,
        ..ReportResult::default()
    }
}

fn of_rule(rule: RuleCode, findings: &[&Observed], seen: &FirstSeen) -> ReportResult {
    let is_failure = findings.iter().any(|observed| observed.is_failure());
    let first = findings.iter().map(|observed| seen.of(&observed.id)).min();
    let mut namespaces: BTreeMap<&str, usize> = BTreeMap::new();
    for observed in findings {
        *namespaces.entry(&observed.id.object.namespace).or_default() += 1;
    }
    let mut listed: Vec<_> = namespaces.iter().collect();
    listed.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    let listed: Vec<_> = listed
        .into_iter()
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    let message = format!(
        "{} findings in {} namespaces: {}",
        findings.len(),
        namespaces.len(),
        listed.join(", ")
    );
    let properties = [
        ("documentation", rule.documentation()),
        ("findings", findings.len().to_string()),
        ("namespaces", namespaces.len().to_string()),
    ];
    let properties = properties.map(|(key, value)| (key.to_owned(), value));
    ReportResult {
        message: cut(&message, MESSAGE),
        properties: properties.into(),
        ..of(rule, is_failure, first.unwrap_or_default())
    }
}

fn omitted(count: usize, timestamp: Timestamp) -> ReportResult {
    ReportResult {
        source: SOURCE.to_owned(),
        policy: SOURCE.to_owned(),
        rule: OMITTED.to_owned(),
        category: "Load balancing".to_owned(),
        severity: "info".to_owned(),
        timestamp,
        result: "warn".to_owned(),
        message: format!(
            "{count} more findings are left out, as the report would be too large; `l7guard audit` shows all of them"
        ),
        properties: [("findings".to_owned(), count.to_string())].into(),
        ..ReportResult::default()
    }
}

/// A reference to an object.
pub(super) fn reference(key: &ObjectKey, api_version: &str, uid: Option<Uid>) -> ObjectReference {
    let namespace = (!key.namespace.is_empty()).then(|| key.namespace.to_string());
    ObjectReference {
        api_version: Some(api_version.to_owned()),
        kind: Some(key.kind.name().to_owned()),
        namespace,
        name: Some(key.name.to_string()),
        uid: uid.map(|uid| uid.to_string()),
        ..ObjectReference::default()
    }
}

/// An object that a report is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Owner<'a> {
    object: &'a ObjectKey,
    api_version: &'a str,
    uid: Uid,
}

fn owner(observed: &Observed) -> Option<Owner<'_>> {
    Some(Owner {
        object: &observed.id.object,
        api_version: observed.api_version,
        uid: observed.id.uid?,
    })
}

impl Owner<'_> {
    fn reference(self) -> OwnerReference {
        OwnerReference {
            api_version: self.api_version.to_owned(),
            kind: self.object.kind.name().to_owned(),
            name: self.object.name.to_string(),
            uid: self.uid.to_string(),
            ..OwnerReference::default()
        }
    }
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
