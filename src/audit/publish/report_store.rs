//! The reports of an installation in the cluster: what is known of them, and the writes that make them what they should be.
//!
//! Of a report only its state and a fingerprint are kept. Whatever it says is made anew from the findings, one report at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::{Client, Error};
use tokio::time::Instant;

use super::fingerprint::{Fingerprint, Fingerprints};
use super::first_seen::{FirstSeen, Reported};
use super::refused::Refused;
use super::report::Report;
use super::reports_api::{ReportsApi, StoredReport, Version, served};
use super::retries::Retries;
use super::wanted::{RESULTS, Wanted, by_namespace};
use crate::audit::leadership::Leadership;
use crate::audit::metrics::{AuditMetrics, WriteResult, Written};
use crate::audit::observed::Findings;
use crate::installation::ServiceName;
use crate::shares::NamespaceBuckets;
use crate::shares::off_workers;

/// How often the report of a namespace is written at once, and how often then: whoever makes a finding come and go makes us
/// write it as a whole.
const BURST: u32 = 10;
const REFILL: Duration = Duration::from_secs(10);

/// After how many failures nothing more is tried for now.
const FAILURES: usize = 5;

/// The reports of an installation.
pub(super) struct ReportStore {
    client: Client,
    installation: ServiceName,
    metrics: AuditMetrics,
    api: Option<ReportsApi>,
    /// By their namespaces; that of the cluster under the empty one.
    stored: BTreeMap<String, Stored>,
    /// Namespaces in which another tool has a report of our name.
    foreign: BTreeSet<String>,
    fingerprints: Fingerprints,
    buckets: NamespaceBuckets,
    retries: Retries,
    /// Whether somebody else has written, so that what is known is wrong.
    is_outdated: bool,
    told: Told,
}

/// What is known of a stored report.
struct Stored {
    version: Version,
    fingerprint: Fingerprint,
}

/// What was said already.
#[derive(Default)]
struct Told {
    is_missing: bool,
    is_forbidden: bool,
    is_foreign: bool,
    refused: BTreeSet<Refused>,
}

/// The write that makes a report what it should be.
enum Write {
    Create(Report, Fingerprint),
    Replace(Report, Fingerprint),
    Remove,
}

impl ReportStore {
    /// Of this installation.
    pub(super) fn new(client: Client, installation: ServiceName, metrics: AuditMetrics) -> Self {
        Self {
            client,
            installation,
            metrics,
            api: None,
            stored: BTreeMap::new(),
            foreign: BTreeSet::new(),
            fingerprints: Fingerprints::default(),
            buckets: NamespaceBuckets::new(BURST, REFILL),
            retries: Retries::default(),
            is_outdated: false,
            told: Told::default(),
        }
    }

    /// Whether reports can be written.
    pub(super) fn is_served(&self) -> bool {
        self.api.is_some()
    }

    /// Whether somebody else has written since [`Self::look`].
    pub(super) fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// Reads what the cluster keeps, and removes what another API than the one in use keeps of ours.
    pub(super) async fn look(&mut self) -> Result<Reported, Error> {
        self.is_outdated = false;
        match self.read().await {
            Ok(reported) => {
                self.told.is_forbidden = false;
                Ok(reported)
            }
            Err(Error::Api(status)) if status.code == 403 => {
                self.api = None;
                if !std::mem::replace(&mut self.told.is_forbidden, true) {
                    tracing::warn!(error = %Error::Api(status), "no reports are written: they may not be read");
                }
                Ok(Reported::default())
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&mut self) -> Result<Reported, Error> {
        let mut served = served(&self.client).await?.into_iter();
        self.api = served.next();
        self.stored.clear();
        self.foreign.clear();
        let mut reported = Reported::default();
        let Some(api) = self.api else {
            if !std::mem::replace(&mut self.told.is_missing, true) {
                tracing::info!(
                    "no reports are written: the cluster serves neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2"
                );
            }
            return Ok(reported);
        };
        for old in served {
            self.clear(old, &mut reported).await?;
        }
        let wanted = wanted(&self.installation);
        let (labels, fingerprints) = (wanted.labels(), &self.fingerprints);
        let (stored, foreign) = (&mut self.stored, &mut self.foreign);
        let take = |found: StoredReport| {
            let namespace = found.report.metadata.namespace.clone().unwrap_or_default();
            if !wanted.is_ours(&found) {
                foreign.insert(namespace);
                return;
            }
            reported.add(&found.report);
            let fingerprint = fingerprints.of(&found.report, &labels);
            let version = found.version;
            stored.insert(
                namespace,
                Stored {
                    version,
                    fingerprint,
                },
            );
        };
        api.visit(&self.client, &self.installation.name, take)
            .await?;
        self.tell_foreign();
        Ok(reported)
    }

    /// Removes the reports of an API that is in use no more. What they say is heard.
    async fn clear(&self, old: ReportsApi, reported: &mut Reported) -> Result<(), Error> {
        let wanted = wanted(&self.installation);
        let mut ours = Vec::new();
        let take = |found: StoredReport| {
            if wanted.is_ours(&found) {
                reported.add(&found.report);
                ours.push((found.report.metadata.namespace, found.version));
            }
        };
        old.visit(&self.client, &self.installation.name, take)
            .await?;
        for (namespace, version) in ours {
            let name = &self.installation.name;
            let removed = old
                .remove(&self.client, namespace.as_deref(), name, &version)
                .await;
            let result = match removed {
                Ok(()) => WriteResult::Done,
                // The next look finds it again.
                Err(_) => WriteResult::Failed,
            };
            self.metrics.write(Written::Report, result);
        }
        Ok(())
    }

    fn tell_foreign(&mut self) {
        let Some(namespace) = self.foreign.first() else {
            self.told.is_foreign = false;
            return;
        };
        if !std::mem::replace(&mut self.told.is_foreign, true) {
            let (name, namespaces) = (&self.installation.name, self.foreign.len());
            tracing::warn!(
                name,
                namespace,
                namespaces,
                "a report of this name is not ours and is left as it is: nothing is reported there"
            );
        }
    }

    /// Writes the reports of those namespaces that `is_changed` names, and what waits. Returns when it is to be called again,
    /// if not all was written.
    pub(super) async fn write(
        &mut self,
        findings: &Findings,
        seen: &FirstSeen,
        is_changed: impl Fn(&str) -> bool,
        leadership: &Leadership,
    ) -> Option<Instant> {
        let api = self.api?;
        let findings = by_namespace(findings);
        let mut namespaces: BTreeSet<String> = self.stored.keys().cloned().collect();
        namespaces.extend(findings.keys().map(|&namespace| namespace.to_owned()));
        namespaces.insert(String::new());
        let mut failures = 0;
        for namespace in namespaces {
            let is_due = self
                .retries
                .is_due(&namespace)
                .unwrap_or(is_changed(&namespace));
            if !is_due || self.foreign.contains(&namespace) {
                continue;
            }
            let report = || wanted(&self.installation).report(&namespace, &findings, seen);
            let Some(write) = self.write_of(&namespace, off_workers(report)) else {
                self.retries.done(&namespace);
                continue;
            };
            if failures >= FAILURES || !self.buckets.take(&namespace) {
                self.retries.wait(&namespace, Instant::now() + REFILL);
                continue;
            }
            // Whoever has lost the Lease meanwhile must not write any more.
            if !leadership.holds() {
                return None;
            }
            match self.apply(api, &namespace, write).await {
                Ok(()) => self.retries.done(&namespace),
                Err(error) => {
                    let is_for_all = self.failed(&namespace, &error);
                    failures = if is_for_all { FAILURES } else { failures + 1 };
                }
            }
        }
        self.tell_recovered();
        self.retries.next()
    }

    /// The write that makes a report what it should be; `None`: it is.
    fn write_of(&self, namespace: &str, report: Option<Report>) -> Option<Write> {
        let stored = self.stored.get(namespace);
        let Some(report) = report else {
            return stored.map(|_| Write::Remove);
        };
        let labels = wanted(&self.installation).labels();
        let fingerprint = self.fingerprints.of(&report, &labels);
        match stored {
            None => Some(Write::Create(report, fingerprint)),
            Some(stored) if stored.fingerprint == fingerprint => None,
            Some(_) => Some(Write::Replace(report, fingerprint)),
        }
    }

    async fn apply(&mut self, api: ReportsApi, namespace: &str, write: Write) -> Result<(), Error> {
        let client = &self.client;
        let known = self.stored.get(namespace);
        let known = known
            .map(|stored| stored.version.clone())
            .unwrap_or_default();
        let written = match write {
            Write::Create(report, fingerprint) => {
                Some((api.create(client, &report).await?, fingerprint))
            }
            Write::Replace(report, fingerprint) => {
                Some((api.replace(client, &report, &known).await?, fingerprint))
            }
            Write::Remove => {
                let name = &self.installation.name;
                let place = (!namespace.is_empty()).then_some(namespace);
                api.remove(client, place, name, &known).await?;
                None
            }
        };
        match written {
            Some((version, fingerprint)) => {
                let stored = Stored {
                    version,
                    fingerprint,
                };
                self.stored.insert(namespace.to_owned(), stored);
            }
            None => drop(self.stored.remove(namespace)),
        }
        self.metrics.write(Written::Report, WriteResult::Done);
        Ok(())
    }

    /// A write has failed. Returns whether the next one would as well.
    fn failed(&mut self, namespace: &str, error: &Error) -> bool {
        self.metrics.write(Written::Report, WriteResult::Failed);
        self.retries.failed(namespace);
        let refused = Refused::of(error);
        self.is_outdated |= refused == Refused::Outdated;
        let is_news = self.told.refused.insert(refused);
        let is_ordinary = matches!(refused, Refused::Outdated | Refused::Ending);
        if is_news && !is_ordinary {
            tracing::warn!(%error, namespace, "cannot write a report: trying again, and not saying so again");
        } else {
            tracing::debug!(%error, namespace, "cannot write a report");
        }
        refused == Refused::Unavailable
    }

    fn tell_recovered(&mut self) {
        let is_said = |refused: &Refused| !matches!(refused, Refused::Outdated | Refused::Ending);
        if self.retries.is_empty() {
            if self.told.refused.iter().any(is_said) {
                tracing::info!("all reports are written again");
            }
            self.told.refused.clear();
        }
    }
}

fn wanted(installation: &ServiceName) -> Wanted<'_> {
    Wanted {
        installation,
        bytes: RESULTS,
    }
}
