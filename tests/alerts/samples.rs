//! Samples of real processes, and what alerts come of them.
//!
//! Two looks at each target are laid out in time: as at the first look for the first part, as at the second from then on.
//! Prometheus' tests begin in 1970: of a point in time the distance to now is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::api_server;
use crate::promtool;
use crate::queries;
use crate::rules::{FILE, alerts, root};

/// How many minutes the first look lasts: longer than any alert looks back.
const BEFORE: usize = 100;
/// How many minutes the second look lasts: longer than any alert waits.
const AFTER: usize = 40;

/// What one target said: each series and its value.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    series: BTreeMap<String, f64>,
    at: f64,
}

impl Look {
    /// Reads Prometheus' text format. Only what the rules ask for is kept.
    pub(crate) fn of(text: &str) -> Result<Self, Failed> {
        let wanted = wanted()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut series = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            if !wanted.contains(name) {
                continue;
            }
            let (labels, value) = match line[name.len()..].rsplit_once("} ") {
                Some((labels, value)) => (labels.trim_start_matches('{'), value),
                None => ("", line[name.len()..].trim()),
            };
            series.insert(format!("{name}{{{labels}"), value.trim().parse()?);
        }
        Ok(Self {
            series,
            at: now.as_secs_f64(),
        })
    }

    /// The value of a series, as it is written.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}');
        self.series.get(&format!("{name}{{{labels}")).copied()
    }

    /// The names of metrics.
    pub(crate) fn metrics(&self) -> BTreeSet<&str> {
        let names = self
            .series
            .keys()
            .filter_map(|series| series.split('{').next());
        names.collect()
    }

    /// The labels with which a metric is written.
    pub(crate) fn labels(&self, metric: &str) -> BTreeSet<&str> {
        let prefix = format!("{metric}{{");
        let of_metric = self
            .series
            .keys()
            .filter_map(|series| series.strip_prefix(&prefix));
        let labels = of_metric.flat_map(|labels| labels.split("\","));
        let keys = labels.filter_map(|label| label.split('=').next());
        keys.filter(|key| !key.is_empty()).collect()
    }

    /// The value that a series has from minute `from` on.
    fn from(&self, series: &str, from: usize, minutes: usize) -> String {
        let Some(value) = self.series.get(series) else {
            return format!("_x{minutes}");
        };
        if series.contains("_timestamp_seconds{") && *value > 0.0 {
            let seconds = u32::try_from(from * 60).unwrap_or(u32::MAX);
            let begins = value - self.at + f64::from(seconds);
            return format!("{begins}{:+}x{minutes}", 60);
        }
        format!("{value}x{minutes}")
    }
}

/// Every metric that an alert asks for, and those of the table.
fn wanted() -> Result<BTreeSet<String>, Failed> {
    let table = api_server::METRICS.iter();
    let mut wanted: BTreeSet<String> = table.map(|(metric, _)| (*metric).to_owned()).collect();
    for alert in alerts()? {
        wanted.extend(queries::metrics(&alert.expression)?);
    }
    Ok(wanted)
}

/// A target of Prometheus: its labels, and what it said first and then.
pub(crate) struct Target<'a> {
    pub(crate) labels: &'a str,
    pub(crate) before: &'a Look,
    pub(crate) after: &'a Look,
}

/// It fires of a replica without rights, if one looks long enough.
const SOMETIMES: &str = "L7GuardWatchInTrouble";

/// Asserts that of these targets exactly these alerts fire at some time after the second look.
pub(crate) fn assert_fire(targets: &[Target<'_>], expected: &[&str]) -> Result<(), Failed> {
    let mut input = Vec::new();
    for target in targets {
        let up = format!("up{{{}}}", target.labels);
        input.push(json!({"series": up, "values": format!("1x{}", BEFORE + AFTER)}));
        let all: BTreeSet<&String> = target
            .before
            .series
            .keys()
            .chain(target.after.series.keys())
            .collect();
        for series in all {
            let mut name = series.clone();
            let comma = if name.ends_with('{') { "" } else { "," };
            let _ = write!(name, "{comma}{}}}", target.labels);
            let before = target.before.from(series, 0, BEFORE - 1);
            let after = target.after.from(series, BEFORE, AFTER);
            input.push(json!({"series": name, "values": format!("{before} {after}")}));
        }
    }
    let samples = expected
        .iter()
        .map(|alert| json!({"labels": format!("{{alertname=\"{alert}\"}}"), "value": 1}));
    let fired = format!(
        "group by (alertname) (max_over_time(ALERTS{{alertstate=\"firing\",alertname!=\"{SOMETIMES}\"}}[{}m]))",
        AFTER - 1
    );
    let test = json!({
        "rule_files": [root().join(FILE)],
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": input,
            "promql_expr_test": [{
                "expr": fired,
                "eval_time": format!("{}m", BEFORE + AFTER - 1),
                "exp_samples": samples.collect::<Vec<Value>>(),
            }],
        }],
    });
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), test.to_string())?;
    promtool::succeed(&["test", "rules"], &[Path::to_owned(file.path())])
}
