//! The section `audit`: what the audit loop of `serve` does.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::document::AuditDocument;
use super::field::Field;
use super::mapping::Mapping;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::{Flag, text};
use super::value_schemas::value_schemas;

/// The shortest interval: 10 seconds.
const SHORTEST: Duration = Duration::from_secs(10);
/// The longest interval: a day.
const LONGEST: Duration = Duration::from_hours(24);

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

/// A length of time, as `30s`, `10m` or `2h`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Interval(Duration);

impl TryFrom<Value> for Interval {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a length of time such as 10m")?;
        let length = length(&text).ok_or_else(|| {
            format!("{text:?} is no length of time: write a number and its unit s, m or h, such as 10m")
        })?;
        if (SHORTEST..=LONGEST).contains(&length) {
            Ok(Self(length))
        } else {
            Err(format!(
                "{text} is outside of what is possible: write 10s to 24h"
            ))
        }
    }
}

fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_number.then(|| number.parse().ok())??;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

value_schemas! {
    Interval => {"type": "string", "pattern": "^[0-9]+[smh]$"},
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
