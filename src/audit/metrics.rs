//! What is counted of the audit loop.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use l7guard_policy::verdict::WouldBe;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::observed::{Findings, Observed};
use crate::metrics::{Durations, Registry, descriptions, durations, label_sets, seconds};

descriptions! {
    FINDINGS: Gauge "findings" ["rule", "mode", "would_be", "confidence"]
        "Findings about what exists in the cluster. Every replica counts all of them: read it with `max by`. would_be is what a finding of mode audit would do otherwise, else none";
    PASS_DURATION: Histogram "audit_pass_duration_seconds" ["pass"]
        "How long a pass of the audit loop took: pass is full (everything that exists) or change (what a change may have affected)";
    INTERVAL: Gauge "audit_interval_seconds" []
        "How often everything is judged anew, in seconds; 0: the audit is off";
    LAST_FULL_PASS: Gauge "audit_last_full_pass_timestamp_seconds" []
        "When the last full pass ended, in seconds since 1970; 0: none yet";
    INCOMPLETE: Gauge "audit_incomplete_objects" []
        "Objects of which the last full pass could not read Pods or Namespaces: what was found about them before is kept";
    LEADER: Gauge "audit_leader" []
        "1 on the replica that writes reports and Events, else 0";
    WRITES: Counter "audit_writes" ["object", "result"]
        "Writes of the audit loop to the cluster: object is report or event; result is done, failed, or dropped (an Event too many)";
    CONFIGURATION_EFFECTS: Counter "configuration_effects" ["effect"]
        "Findings about what exists whose effect a changed configuration changed: effect is tightened (they would refuse now) or loosened (let go, or milder)";
}

label_sets! {
    FindingLabels { rule, mode, would_be, confidence }
    PassLabels { pass }
    WriteLabels { object, result }
    EffectLabels { effect }
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Report,
    Event,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteResult {
    Done,
    Failed,
    Dropped,
}

impl WriteLabels {
    fn of(object: Written, result: WriteResult) -> Self {
        Self {
            object: match object {
                Written::Report => "report",
                Written::Event => "event",
            },
            result: match result {
                WriteResult::Done => "done",
                WriteResult::Failed => "failed",
                WriteResult::Dropped => "dropped",
            },
        }
    }
}

/// The metrics of the audit loop. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct AuditMetrics {
    findings: Family<FindingLabels, Gauge>,
    passes: Durations<PassLabels>,
    interval: Gauge,
    last_full_pass: Gauge,
    incomplete: Gauge,
    leader: Gauge,
    writes: Family<WriteLabels, Counter>,
    effects: Family<EffectLabels, Counter>,
}

impl AuditMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        let metrics = Self {
            findings: to.register(&FINDINGS, Family::default()),
            passes: to.register(&PASS_DURATION, durations()),
            interval: to.register(&INTERVAL, Gauge::default()),
            last_full_pass: to.register(&LAST_FULL_PASS, Gauge::default()),
            incomplete: to.register(&INCOMPLETE, Gauge::default()),
            leader: to.register(&LEADER, Gauge::default()),
            writes: to.register(&WRITES, Family::default()),
            effects: to.register(&CONFIGURATION_EFFECTS, Family::default()),
        };
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for (object, result) in [
            (Written::Report, WriteResult::Failed),
            (Written::Event, WriteResult::Failed),
            (Written::Event, WriteResult::Dropped),
        ] {
            let labels = WriteLabels::of(object, result);
            drop(metrics.writes.get_or_create(&labels));
        }
        metrics
    }

    /// These findings are known now; those of `before` were.
    pub(crate) fn findings(&self, before: &Findings, now: &Findings) {
        let counts = counts(now);
        // What is no longer there is 0, not gone: `max by` over a replica that does not say anything shows the past.
        for labels in all_labels(before) {
            if !counts.contains_key(&labels) {
                self.findings.get_or_create(&labels).set(0);
            }
        }
        for (labels, count) in counts {
            self.findings.get_or_create(&labels).set(count);
        }
    }

    pub(crate) fn pass(&self, is_full: bool, duration: Duration) {
        let pass = if is_full { "full" } else { "change" };
        let pass = self.passes.get_or_create(&PassLabels { pass });
        pass.observe(duration.as_secs_f64());
    }

    /// How often everything is judged anew; `None`: never.
    pub(crate) fn interval(&self, interval: Option<Duration>) {
        let seconds = interval.unwrap_or_default().as_secs();
        self.interval
            .set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    pub(crate) fn full_pass_ended(&self, now: SystemTime, incomplete: usize) {
        self.last_full_pass.set(seconds(now));
        let incomplete = i64::try_from(incomplete).unwrap_or(i64::MAX);
        self.incomplete.set(incomplete);
    }

    pub(crate) fn leader(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    pub(crate) fn write(&self, object: Written, result: WriteResult) {
        let labels = WriteLabels::of(object, result);
        self.writes.get_or_create(&labels).inc();
    }

    pub(crate) fn effects(&self, tightened: usize, loosened: usize) {
        for (effect, count) in [("tightened", tightened), ("loosened", loosened)] {
            let counter = self.effects.get_or_create(&EffectLabels { effect });
            counter.inc_by(count as u64);
        }
    }
}

fn counts(findings: &Findings) -> HashMap<FindingLabels, i64> {
    let mut counts = HashMap::new();
    for labels in all_labels(findings) {
        *counts.entry(labels).or_default() += 1;
    }
    counts
}

fn all_labels(findings: &Findings) -> impl Iterator<Item = FindingLabels> {
    let all = findings.values().flat_map(|observed| observed.iter());
    all.map(labels)
}

fn labels(observed: &Observed) -> FindingLabels {
    FindingLabels {
        rule: observed.id.rule.as_str(),
        mode: observed.mode.as_str(),
        would_be: observed.would_be.map_or("none", WouldBe::as_str),
        confidence: observed.confidence.as_str(),
    }
}
