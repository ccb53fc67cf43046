//! Publishes what the audit loop finds, on the replica that leads: reports first, then Events and log lines.
//!
//! Reports come first, so that whoever takes over knows what was said already: an Event may be lost with its replica, and
//! none is written twice.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kube::Client;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::events::Events;
use super::first_seen::{FirstSeen, Reported};
use super::report::Timestamp;
use super::report_store::ReportStore;
use crate::audit::leadership::Leadership;
use crate::audit::log;
use crate::audit::metrics::AuditMetrics;
use crate::audit::observed::{FindingId, Findings, Observed};
use crate::audit::pass::{Difference, Pass, all};
use crate::configuration::AuditSettings;
use crate::installation::ServiceName;
use crate::live::Live;
use crate::metrics::seconds;

/// How long it takes at least from one publication to the next: a change that comes and goes is not to write all the time.
const PAUSE: Duration = Duration::from_secs(1);

/// When reading the reports is tried again.
const RETRY: Duration = Duration::from_secs(15);

/// Publishes. One that is made anew takes over as another replica would.
pub(crate) struct Publisher {
    settings: Live<AuditSettings>,
    /// What is written to the cluster; `None`: nothing is, and findings are only logged.
    cluster: Option<Cluster>,
    seen: FirstSeen,
    /// What was published last; `None`: nothing since this replica leads.
    published: Option<Findings>,
    /// Whether the reports could not be read, and that was said.
    is_unreadable: bool,
}

/// Where is written to.
struct Cluster {
    reports: ReportStore,
    events: Events,
    /// After which full pass the cluster was last asked what it keeps.
    looked_after: u64,
    /// Whether all reports are to be compared, not only those of which something has changed.
    compares_all: bool,
    /// The settings that the reports were written by.
    writes_reports: bool,
}

impl Publisher {
    /// For an installation. `replica` is the name of this one.
    pub(crate) fn new(
        client: Client,
        installation: Option<ServiceName>,
        replica: &str,
        settings: Live<AuditSettings>,
        metrics: &AuditMetrics,
    ) -> Self {
        let cluster = installation.map(|installation| Cluster {
            events: Events::new(client.clone(), replica, metrics.clone()),
            reports: ReportStore::new(client, installation, metrics.clone()),
            looked_after: 0,
            compares_all: true,
            writes_reports: true,
        });
        Self {
            settings,
            cluster,
            seen: FirstSeen::default(),
            published: None,
            is_unreadable: false,
        }
    }

    /// Publishes each pass while this replica leads.
    pub(crate) async fn keep_publishing(
        &mut self,
        mut passes: watch::Receiver<Pass>,
        mut leadership: Leadership,
    ) {
        loop {
            let pass = passes.borrow_and_update().clone();
            let mut again = None;
            if !leadership.look() {
                self.forget();
            } else if pass.full_passes > 0 {
                again = self.publish(&pass, &leadership).await;
            }
            sleep(PAUSE).await;
            let again = async {
                match again {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                changed = passes.changed() => if changed.is_err() { return },
                changed = leadership.changed() => if changed.is_err() { return },
                () = again => {}
            }
        }
    }

    /// Another replica writes from now on: what is known here may be wrong.
    fn forget(&mut self) {
        self.published = None;
        self.seen = FirstSeen::default();
    }

    /// Returns when to publish again what was not.
    async fn publish(&mut self, pass: &Pass, leadership: &Leadership) -> Option<Instant> {
        let mut settings = *self.settings.current();
        if pass.is_off {
            settings.reports = false;
        }
        let findings = &pass.findings;
        let now = Timestamp {
            seconds: seconds(SystemTime::now()),
            nanos: 0,
        };
        let Some(reported) = self.look(pass).await else {
            return Some(Instant::now() + RETRY);
        };
        if settings.reports {
            self.seen.learn(&reported, now);
        }
        self.seen.update(findings, now);
        let again = self.write_reports(findings, settings, leadership).await;
        if !leadership.holds() {
            // Whoever leads now says what is new.
            self.forget();
            return Some(Instant::now());
        }
        if pass.is_off {
            self.published = None;
            return again;
        }
        let before = self.published.replace(findings.clone());
        self.tell(before.as_ref(), findings, &reported, settings, leadership)
            .await;
        again
    }

    /// Asks the cluster what it keeps, if that may be something new; `None`: it does not say.
    async fn look(&mut self, pass: &Pass) -> Option<Reported> {
        let Some(cluster) = &mut self.cluster else {
            return Some(Reported::default());
        };
        let is_known = self.published.is_some()
            && cluster.looked_after == pass.full_passes
            && !cluster.reports.is_outdated();
        if is_known {
            return Some(Reported::default());
        }
        match cluster.reports.look().await {
            Ok(reported) => {
                cluster.looked_after = pass.full_passes;
                cluster.compares_all = true;
                self.is_unreadable = false;
                Some(reported)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_unreadable, true) {
                    tracing::warn!(%error, "cannot read the reports of the cluster: nothing is published until they can be read");
                }
                None
            }
        }
    }

    async fn write_reports(
        &mut self,
        findings: &Findings,
        settings: AuditSettings,
        leadership: &Leadership,
    ) -> Option<Instant> {
        let cluster = self.cluster.as_mut()?;
        let nothing = Findings::new();
        let wanted = if settings.reports { findings } else { &nothing };
        cluster.compares_all |= cluster.writes_reports != settings.reports;
        cluster.writes_reports = settings.reports;
        let compares_all = std::mem::replace(&mut cluster.compares_all, false);
        let changed = match &self.published {
            Some(before) if !compares_all => Some(changed_namespaces(before, findings)),
            _ => None,
        };
        let is_changed = |namespace: &str| match &changed {
            Some(changed) if namespace.is_empty() => !changed.is_empty(),
            Some(changed) => changed.contains(namespace),
            None => true,
        };
        let (reports, seen) = (&mut cluster.reports, &self.seen);
        let again = reports.write(wanted, seen, is_changed, leadership).await;
        if reports.is_outdated() {
            return Some(Instant::now());
        }
        again
    }

    /// Says what is new and what is gone.
    async fn tell(
        &mut self,
        before: Option<&Findings>,
        findings: &Findings,
        reported: &Reported,
        settings: AuditSettings,
        leadership: &Leadership,
    ) {
        let has_reports = self
            .cluster
            .as_ref()
            .is_some_and(|cluster| cluster.reports.is_served() && settings.reports);
        let Difference { new, gone } = match before {
            Some(before) => Difference::between(before, findings),
            None if has_reports => since(reported, findings),
            None => {
                tracing::info!(findings = all(findings).count(), "audit: first pass");
                return;
            }
        };
        log::found(&new);
        log::gone(&gone);
        let Some(cluster) = self.cluster.as_mut().filter(|_| settings.events) else {
            return;
        };
        for observed in new {
            if leadership.holds() {
                cluster.events.found(observed).await;
            }
        }
        for id in gone {
            if leadership.holds() {
                cluster.events.gone(id).await;
            }
        }
    }
}

/// What differs from the reports of whoever led before.
fn since<'a>(reported: &'a Reported, findings: &'a Findings) -> Difference<'a> {
    let known: BTreeSet<&FindingId> = all(findings).map(|known| &known.id).collect();
    let is_new = |observed: &&Observed| !reported.may_hold(&observed.id);
    Difference {
        new: all(findings).filter(is_new).collect(),
        gone: reported.ids().filter(|id| !known.contains(id)).collect(),
    }
}

/// The namespaces of which something has changed. What is shared has not.
fn changed_namespaces<'a>(before: &'a Findings, now: &'a Findings) -> BTreeSet<&'a str> {
    let differing = |from: &'a Findings, to: &'a Findings| {
        let is_same =
            |one: &Arc<[Observed]>, key| to.get(key).is_some_and(|other| Arc::ptr_eq(one, other));
        let changed = from.iter().filter(move |(key, one)| !is_same(one, key));
        changed.map(|(key, _)| &*key.namespace).collect::<Vec<_>>()
    };
    let mut changed: BTreeSet<&str> = differing(before, now).into_iter().collect();
    changed.extend(differing(now, before));
    changed
}
