//! Since when findings are known. It survives restarts and takeovers in the reports of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::objects::controller::Uid;
use l7guard_policy::rules::RuleCode;

use super::report::{OMITTED, Report, ReportResult, Timestamp};
use crate::audit::observed::{FindingId, Findings, MESSAGE};
use crate::visible_text::one_line;

/// When each finding was seen first.
#[derive(Clone, Debug, Default)]
pub struct FirstSeen {
    known: BTreeMap<FindingId, Timestamp>,
    now: Timestamp,
}

/// What reports say of earlier findings.
#[derive(Clone, Debug, Default)]
pub struct Reported {
    known: BTreeMap<FindingId, Timestamp>,
    /// Namespaces of whose findings some were left out: nothing there is known to be new.
    incomplete: BTreeSet<Box<str>>,
}

impl Reported {
    /// Reads reports.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut reported = Self::default();
        for report in reports {
            reported.add(report);
        }
        reported
    }

    /// Reads one report more. People of its namespace may have written into it: what it says of other namespaces is not
    /// heard.
    pub fn add(&mut self, report: &Report) {
        let Some(namespace) = &report.metadata.namespace else {
            return;
        };
        for result in &report.results {
            if result.rule == OMITTED {
                self.incomplete.insert(namespace.as_str().into());
            } else if let Some(id) = id(result).filter(|id| *id.object.namespace == **namespace) {
                self.known.insert(id, result.timestamp);
            }
        }
    }

    /// Whether a finding is known not to be new.
    #[must_use]
    pub fn may_hold(&self, id: &FindingId) -> bool {
        self.known.contains_key(id) || self.incomplete.contains(&*id.object.namespace)
    }

    /// The findings that are known.
    pub fn ids(&self) -> impl Iterator<Item = &FindingId> {
        self.known.keys()
    }
}

impl FirstSeen {
    /// When it was seen first: now, if it was not before.
    #[must_use]
    pub fn of(&self, id: &FindingId) -> Timestamp {
        self.known.get(id).copied().unwrap_or(self.now)
    }

    /// Adds what the reports say at this time. Of two times the earlier one holds; one that is yet to come, or before all
    /// computers, was made up or comes from a clock that was wrong.
    pub fn learn(&mut self, reported: &Reported, now: Timestamp) {
        for (id, time) in &reported.known {
            let time = Timestamp {
                seconds: time.seconds,
                nanos: 0,
            };
            if time.seconds <= 0 || time > now {
                continue;
            }
            let known = self.known.entry(id.clone()).or_insert(time);
            *known = (*known).min(time);
        }
    }

    /// Takes in the findings of a pass at this time, and forgets those that are gone.
    pub fn update(&mut self, findings: &Findings, now: Timestamp) {
        self.now = now;
        let ids = findings.values().flat_map(|observed| observed.iter());
        self.known = ids
            .map(|observed| (observed.id.clone(), self.of(&observed.id)))
            .collect();
    }
}

/// The finding that a result tells of.
fn id(result: &ReportResult) -> Option<FindingId> {
    let [subject] = &result.subjects[..] else {
        return None;
    };
    let api_version = subject.api_version.as_deref()?;
    let (kind, _) = Kind::of(api_version, subject.kind.as_deref()?)?;
    let namespace = subject.namespace.as_deref().unwrap_or_default();
    let nth = result.properties.get("nth");
    let target = result.properties.get("target")?;
    // What we write is short and of one line: it stands in a log line and in an Event when the finding is gone.
    if target.len() > MESSAGE || one_line(target) != **target {
        return None;
    }
    Some(FindingId {
        object: ObjectKey::new(kind, namespace, subject.name.as_deref()?),
        uid: subject.uid.as_deref().and_then(Uid::parse),
        rule: RuleCode::parse(&result.rule)?,
        target: target.as_str().into(),
        nth: nth.map_or(Some(1), |nth| nth.parse().ok())?,
    })
}
