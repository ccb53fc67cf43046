//! The section `audit`: what the audit loop of `serve` does.

use std::time::Duration;

use super::document::AuditDocument;
use super::field::Field;
use super::interval::Interval;
use super::mapping::Mapping;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::Flag;

/// What the audit loop of `serve` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// Whether it runs, where a live cluster is watched.
    pub enabled: bool,
    /// How often everything is judged anew, whether or not something is known to have changed.
    pub interval: Duration,
    /// Whether new and gone findings become Events.
    pub events: bool,
    /// Whether findings are kept as reports in the cluster.
    pub reports: bool,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_mins(10),
            events: true,
            reports: true,
        }
    }
}

/// The settings of a section. What is left out, or wrong, keeps the default.
pub(super) fn read(
    given: Field<Mapping<AuditDocument>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> AuditSettings {
    let default = AuditSettings::default();
    let Some(section) = given.take(at, problems) else {
        return default;
    };
    let section = section.open(at, problems);
    let enabled = section.enabled.take(&at.key("enabled"), problems);
    let interval = section.interval.take(&at.key("interval"), problems);
    let events = section.events.take(&at.key("events"), problems);
    let reports = section.reports.take(&at.key("reports"), problems);
    let or = |flag: Option<Flag>, default| flag.map_or(default, |Flag(flag)| flag);
    AuditSettings {
        enabled: or(enabled, default.enabled),
        interval: interval.map_or(default.interval, |Interval(length)| length),
        events: or(events, default.events),
        reports: or(reports, default.reports),
    }
}
