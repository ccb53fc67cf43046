//! Publishes what the audit loop finds, on the replica that leads: reports first, then Events and log lines.
//!
//! Reports come first, so that whoever takes over knows what was said already: an Event may be lost with its replica, and
//! none is written twice.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use kube::{Client, Error};
use tokio::sync::watch;
use tokio::time::sleep;

use super::events::Events;
use super::first_seen::{FirstSeen, Reported};
use super::report::Timestamp;
use super::reports_api::{ReportsApi, served};
use super::wanted::{RESULTS, Wanted};
use super::writes::{Reports, writes};
use crate::audit::log;
use crate::audit::metrics::{AuditMetrics, WriteResult, Written};
use crate::audit::observed::{FindingId, Findings};
use crate::audit::pass::{Difference, Pass, all};
use crate::configuration::AuditSettings;
use crate::live::Live;
use crate::metrics::seconds;

/// How long it takes at least from one publication to the next: a change that comes and goes is not to write all the time.
const PAUSE: Duration = Duration::from_secs(1);

/// When what failed is tried again.
const RETRY: Duration = Duration::from_secs(15);

/// Publishes. One that is made anew takes over as another replica would.
pub(crate) struct Publisher {
    client: Client,
    /// The name of the installation; `None`: nothing is written, and findings are only logged.
    installation: Option<String>,
    settings: Live<AuditSettings>,
    events: Events,
    metrics: AuditMetrics,
    seen: FirstSeen,
    /// What was published last; `None`: nothing since this replica leads.
    published: Option<Findings>,
    cluster: Option<Stored>,
    /// After which full pass the cluster was last asked what it keeps.
    looked_after: u64,
    /// Whether it was said that no reports are served.
    has_told_missing: bool,
}

/// What the cluster keeps.
struct Stored {
    api: ReportsApi,
    reports: Reports,
}

impl Publisher {
    /// For an installation. `replica` is the name of this one.
    pub(crate) fn new(
        client: Client,
        installation: Option<String>,
        replica: &str,
        settings: Live<AuditSettings>,
        metrics: AuditMetrics,
    ) -> Self {
        Self {
            events: Events::new(client.clone(), replica, metrics.clone()),
            client,
            installation,
            settings,
            metrics,
            seen: FirstSeen::default(),
            published: None,
            cluster: None,
            looked_after: 0,
            has_told_missing: false,
        }
    }

    /// Publishes each pass while this replica leads.
    pub(crate) async fn keep_publishing(
        &mut self,
        mut passes: watch::Receiver<Pass>,
        mut leads: watch::Receiver<bool>,
    ) {
        loop {
            let pass = passes.borrow_and_update().clone();
            let is_leader = *leads.borrow_and_update();
            let mut is_done = true;
            if !is_leader {
                self.forget();
            } else if pass.full_passes > 0 {
                is_done = self.publish(&pass).await;
            }
            sleep(PAUSE).await;
            tokio::select! {
                changed = passes.changed() => if changed.is_err() { return },
                changed = leads.changed() => if changed.is_err() { return },
                () = sleep(RETRY), if !is_done => {}
            }
        }
    }

    /// Another replica writes from now on: what is known here may be wrong.
    fn forget(&mut self) {
        self.published = None;
        self.cluster = None;
        self.seen = FirstSeen::default();
    }

    /// Returns whether all of it was published.
    async fn publish(&mut self, pass: &Pass) -> bool {
        let mut settings = *self.settings.current();
        if pass.is_off {
            settings.reports = false;
        }
        let findings = &pass.findings;
        let installation = self.installation.clone();
        let mut reported = Reported::default();
        if let Some(name) = &installation {
            if self.published.is_none() || self.looked_after < pass.full_passes {
                if let Err(error) = self.look(name).await {
                    tracing::warn!(%error, "cannot read the reports of the cluster: nothing is published");
                    return false;
                }
                self.looked_after = pass.full_passes;
            }
            if let Some(stored) = self.cluster.as_ref().filter(|_| settings.reports) {
                reported = Reported::of(stored.reports.values());
                self.seen.learn(&reported);
            }
        }
        let now = Timestamp {
            seconds: seconds(SystemTime::now()),
            nanos: 0,
        };
        self.seen.update(findings, now);
        let mut is_done = true;
        if let Some(name) = &installation {
            is_done = self.write_reports(name, findings, settings).await;
        }
        if pass.is_off {
            self.published = None;
            return is_done;
        }
        let writes_events = settings.events && installation.is_some();
        match self.published.take() {
            Some(before) => {
                let Difference { new, gone } = Difference::between(&before, findings);
                self.tell(&new, &gone, writes_events).await;
            }
            None if self.cluster.is_some() && settings.reports => {
                let new: Vec<_> = all(findings)
                    .filter(|observed| !reported.may_hold(&observed.id))
                    .collect();
                let known: BTreeSet<&FindingId> = all(findings).map(|known| &known.id).collect();
                let gone: Vec<_> = reported.ids().filter(|id| !known.contains(id)).collect();
                self.tell(&new, &gone, writes_events).await;
            }
            None => tracing::info!(findings = all(findings).count(), "audit: first pass"),
        }
        self.published = Some(findings.clone());
        is_done
    }

    async fn tell(
        &mut self,
        new: &[&crate::audit::observed::Observed],
        gone: &[&FindingId],
        writes_events: bool,
    ) {
        log::found(new);
        log::gone(gone);
        if writes_events {
            for observed in new {
                self.events.found(observed).await;
            }
            for id in gone {
                self.events.gone(id).await;
            }
        }
    }

    /// Reads what the cluster keeps, and removes what another API than the one in use keeps of ours.
    async fn look(&mut self, installation: &str) -> Result<(), Error> {
        let mut served = served(&self.client).await?.into_iter();
        let Some(api) = served.next() else {
            if !self.has_told_missing {
                self.has_told_missing = true;
                tracing::info!(
                    "no reports are written: the cluster serves neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2"
                );
            }
            self.cluster = None;
            return Ok(());
        };
        let labels = wanted(installation).selector();
        for old in served {
            let reports = old.stored(&self.client, &labels).await?;
            self.apply(old, &reports, &Reports::new()).await;
        }
        let reports = api.stored(&self.client, &labels).await?;
        self.cluster = Some(Stored { api, reports });
        Ok(())
    }

    async fn write_reports(
        &mut self,
        installation: &str,
        findings: &Findings,
        settings: AuditSettings,
    ) -> bool {
        let Some(Stored { api, reports }) = self.cluster.take() else {
            return true;
        };
        let wanted = if settings.reports {
            wanted(installation).reports(findings, &self.seen)
        } else {
            Reports::new()
        };
        let failed = self.apply(api, &reports, &wanted).await;
        let is_done = failed.is_empty();
        // What failed is as it was.
        let mut stored = wanted;
        for namespace in failed {
            match reports.get(&namespace) {
                Some(report) => stored.insert(namespace, report.clone()),
                None => stored.remove(&namespace),
            };
        }
        self.cluster = Some(Stored {
            api,
            reports: stored,
        });
        is_done
    }

    /// Writes what differs. Returns the namespaces of those that failed.
    async fn apply(&self, api: ReportsApi, stored: &Reports, wanted: &Reports) -> Vec<String> {
        let mut failed = Vec::new();
        for write in writes(stored, wanted) {
            let result = match api.write(&self.client, &write).await {
                Ok(()) => WriteResult::Done,
                Err(error) => {
                    let namespace = write.namespace();
                    if failed.is_empty() {
                        tracing::warn!(%error, namespace, "cannot write a report: trying again");
                    }
                    failed.push(namespace.to_owned());
                    WriteResult::Failed
                }
            };
            self.metrics.write(Written::Report, result);
        }
        failed
    }
}

fn wanted(installation: &str) -> Wanted<'_> {
    Wanted {
        installation,
        bytes: RESULTS,
    }
}
