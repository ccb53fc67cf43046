//! The audit loop: what exists is judged when it changes, and all of it at an interval.
//!
//! Every replica does so and counts what it finds; what is written to the cluster is the publisher's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use tokio::sync::watch;
use tokio::time::{self, sleep, sleep_until};

use super::configuration_effects::effects;
use super::metrics::AuditMetrics;
use super::observed::{Findings, Observed, observe};
use super::pass::Pass;
use super::scan::{Scan, Selected, scan};
use crate::clock;
use crate::cluster::{Changed, ChangedObjects, Changes, ClusterWorld};
use crate::configuration::AuditSettings;
use crate::judge::ClusterView;
use crate::live::{Live, LiveConfiguration};
use crate::operations::Readiness;
use crate::shares::off_workers;

/// How long a change waits for those that come with it. After a pass that took longer it waits as long as that: at most half of
/// the time is spent judging, however much changes.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// As long as a change waits at most.
const LONGEST_DEBOUNCE: Duration = Duration::from_mins(1);

/// How often it is looked whether everything has been listed, and whether the configuration is another one.
const LOOK: Duration = Duration::from_millis(500);

/// What the audit loop is made of.
#[derive(Clone)]
pub(crate) struct AuditLoop {
    pub(crate) world: ClusterWorld,
    pub(crate) configuration: LiveConfiguration,
    pub(crate) settings: Live<AuditSettings>,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: AuditMetrics,
    /// Where each pass is told.
    pub(crate) passes: watch::Sender<Pass>,
}

/// Why there is another pass.
enum Cause {
    Changed(Changed),
    Interval,
    Configuration,
}

/// What the loop goes by.
#[derive(Clone)]
struct InForce {
    configuration: Arc<Configuration>,
    settings: Arc<AuditSettings>,
}

impl InForce {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.configuration, &other.configuration)
            && Arc::ptr_eq(&self.settings, &other.settings)
    }

    /// How often everything is judged anew; `None`: never.
    fn interval(&self) -> Option<Duration> {
        self.settings.enabled.then_some(self.settings.interval)
    }

    /// Whether both judge, each by another configuration.
    fn judges_otherwise_than(&self, other: &Self) -> bool {
        self.settings.enabled
            && other.settings.enabled
            && !Arc::ptr_eq(&self.configuration, &other.configuration)
    }
}

impl AuditLoop {
    /// Judges for ever. It begins anew from what was told last.
    pub(crate) async fn keep_auditing(self) {
        while !self.readiness.can_judge() {
            sleep(LOOK).await;
        }
        let changes = self.world.changes();
        let mut in_force = self.in_force();
        self.metrics.interval(in_force.interval());
        let mut findings = self.passes.borrow().findings.clone();
        let mut next_full = time::Instant::now();
        let mut took = Duration::ZERO;
        loop {
            let pause = debounce(took);
            let cause = self.cause(&changes, pause, &in_force, next_full).await;
            let before = in_force.clone();
            in_force = self.in_force();
            let is_reconfigured = !before.is(&in_force);
            self.metrics.interval(in_force.interval());
            if !in_force.settings.enabled {
                self.tell_off(&mut findings);
                next_full = time::Instant::now() + in_force.settings.interval;
                continue;
            }
            let known = is_reconfigured.then(|| findings.clone());
            let begun = time::Instant::now();
            match cause {
                Cause::Changed(Changed::Objects(objects)) if !is_reconfigured => {
                    self.judge_change(&objects, &in_force, &mut findings).await;
                }
                _ => {
                    // Whatever has changed until now is part of it.
                    let _ = changes.take();
                    self.judge_everything(&in_force, &mut findings).await;
                    next_full = time::Instant::now() + in_force.settings.interval;
                }
            }
            took = begun.elapsed();
            // What is judged for the first time is neither tighter nor looser.
            if let Some(known) = known.filter(|_| before.judges_otherwise_than(&in_force)) {
                effects(&known, &findings).tell(&self.metrics);
            }
        }
    }

    fn in_force(&self) -> InForce {
        InForce {
            configuration: self.configuration.current(),
            settings: self.settings.current(),
        }
    }

    async fn cause(
        &self,
        changes: &Changes,
        pause: Duration,
        in_force: &InForce,
        next_full: time::Instant,
    ) -> Cause {
        let reconfigured = async {
            while in_force.is(&self.in_force()) {
                sleep(LOOK).await;
            }
        };
        tokio::select! {
            told = changes.settled(pause) => Cause::Changed(told),
            () = sleep_until(next_full) => Cause::Interval,
            () = reconfigured => Cause::Configuration,
        }
    }

    async fn judge_everything(&self, in_force: &InForce, findings: &mut Findings) {
        let (scan, mut found) = self.judge(in_force, Selected::Everything).await;
        keep_unread(&mut found, findings, &scan.incomplete);
        let incomplete = scan.incomplete.len();
        self.metrics.full_pass_ended(SystemTime::now(), incomplete);
        self.tell(findings, found, true);
    }

    async fn judge_change(
        &self,
        objects: &ChangedObjects,
        in_force: &InForce,
        findings: &mut Findings,
    ) {
        let affected = off_workers(|| {
            let look = |inventory: &_| objects.affected(inventory);
            self.world.with_inventory_at_length(look)
        });
        let mut keys: BTreeSet<ObjectKey> = affected.fronts;
        keys.extend(affected.services);
        let (scan, mut found) = self.judge(in_force, Selected::Objects(&keys)).await;
        keep_unread(&mut found, findings, &scan.incomplete);
        let mut all = findings.clone();
        for key in &keys {
            all.remove(key);
        }
        all.extend(found);
        self.tell(findings, all, false);
    }

    async fn judge(&self, in_force: &InForce, selected: Selected<'_>) -> (Scan, Findings) {
        let begun = Instant::now();
        let configuration = &in_force.configuration;
        let scan = scan(&self.world, configuration, clock::today(), selected).await;
        let found = off_workers(|| {
            let look = |inventory: &_| observe(&scan.verdict, inventory, configuration);
            self.world.with_inventory_at_length(look)
        });
        let is_full = matches!(selected, Selected::Everything);
        self.metrics.pass(is_full, begun.elapsed());
        if let Some(error) = scan.errors.first() {
            let objects = scan.incomplete.len();
            tracing::warn!(%error, objects, "audit: not all could be read: what was found before is kept");
        }
        (scan, found)
    }

    /// What is found now. What has not changed stays shared with what was known.
    fn tell(&self, known: &mut Findings, mut now: Findings, is_full: bool) {
        for (key, observed) in &mut now {
            if let Some(same) = known.get(key).filter(|same| **same == *observed) {
                *observed = Arc::clone(same);
            }
        }
        self.metrics.findings(known, &now);
        *known = now;
        self.passes.send_modify(|pass| {
            pass.findings = known.clone();
            pass.full_passes += u64::from(is_full);
            pass.is_off = false;
        });
    }

    /// The loop is switched off: nothing is known.
    fn tell_off(&self, known: &mut Findings) {
        self.metrics.findings(known, &Findings::new());
        known.clear();
        self.passes.send_if_modified(|pass| {
            let was_on = !pass.is_off;
            if was_on {
                pass.findings = Findings::new();
                pass.full_passes += 1;
                pass.is_off = true;
            }
            was_on
        });
    }
}

/// How long a change waits after a pass that took so long.
fn debounce(took: Duration) -> Duration {
    took.clamp(DEBOUNCE, LONGEST_DEBOUNCE)
}

/// Where not all could be read, what is missing proves nothing: what was found before is kept.
fn keep_unread(found: &mut Findings, before: &Findings, incomplete: &BTreeSet<ObjectKey>) {
    for key in incomplete {
        let Some(known) = before.get(key) else {
            continue;
        };
        let now: &[Observed] = found.get(key).map_or(&[], |now| now);
        let ids: BTreeSet<_> = now.iter().map(|observed| &observed.id).collect();
        let missing = known.iter().filter(|observed| !ids.contains(&observed.id));
        let all: Vec<Observed> = now.iter().chain(missing).cloned().collect();
        found.insert(key.clone(), all.into());
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
