//! Findings by the gateway that their paths lead to.

use std::cmp::Reverse;
use std::collections::HashMap;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Finding, HopRole, Mode};

use super::finding::FindingView;
use super::shown::Shown;
use crate::report::ReportedFinding;

/// The findings of one gateway.
pub(super) struct Group {
    /// Its place in the page: groups are numbered from 1.
    pub(super) number: usize,
    /// The live cluster of the findings.
    pub(super) cluster: Option<Shown>,
    /// What the findings have in common besides.
    pub(super) gateway: GatewayName,
    /// How many of each severity.
    pub(super) counts: Counts,
    /// The findings, in the order of the report.
    pub(super) findings: Vec<FindingView>,
}

/// What is known of the gateway behind some paths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum GatewayName {
    /// Its workloads.
    Workloads(Vec<Shown>),
    /// The Service behind which it is; no workload is visible.
    Service(Shown),
    /// Nothing.
    Unknown,
}

/// What tells groups apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    cluster: Option<Shown>,
    gateway: GatewayName,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counts {
    /// Refused.
    pub(super) deny: usize,
    /// Allowed with a warning.
    pub(super) warn: usize,
    /// Allowed in silence.
    pub(super) audit: usize,
}

impl Counts {
    /// Counts one more.
    pub(super) fn add(&mut self, severity: Mode) {
        match severity {
            Mode::Deny => self.deny += 1,
            Mode::Warn => self.warn += 1,
            Mode::Audit | Mode::Off => self.audit += 1,
        }
    }

    /// All of them.
    pub(super) fn all(self) -> usize {
        self.deny + self.warn + self.audit
    }

    /// All of them and how many of each, such as `3 findings: 2 deny, 1 warn`.
    pub(super) fn in_words(self) -> String {
        let all = self.all();
        let s = if all == 1 { "" } else { "s" };
        let each = [
            (self.deny, Mode::Deny),
            (self.warn, Mode::Warn),
            (self.audit, Mode::Audit),
        ];
        let each: Vec<String> = each
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, mode)| format!("{count} {}", mode.as_str()))
            .collect();
        format!("{all} finding{s}: {}", each.join(", "))
    }
}

/// Groups findings by gateway: the gateway with the most refusals first, then in the order of the findings. Findings are
/// numbered in the order in which the page shows them.
pub(super) fn by_gateway(findings: &[ReportedFinding]) -> Vec<Group> {
    let mut found: Vec<(Key, Counts, Vec<&ReportedFinding>)> = Vec::new();
    let mut places = HashMap::new();
    for reported in findings {
        let key = Key {
            cluster: reported.cluster.as_deref().map(Shown::line),
            gateway: gateway_of(&reported.judged.finding),
        };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            found.push((key, Counts::default(), Vec::new()));
            found.len() - 1
        });
        if let Some((_, counts, members)) = found.get_mut(place) {
            counts.add(reported.judged.severity);
            members.push(reported);
        }
    }
    found.sort_by_key(|(_, counts, _)| Reverse(*counts));
    let mut number = 0;
    let mut views = |members: Vec<&ReportedFinding>| -> Vec<FindingView> {
        let mut view = |reported| {
            number += 1;
            FindingView::new(reported, number)
        };
        members.into_iter().map(&mut view).collect()
    };
    found
        .into_iter()
        .enumerate()
        .map(|(at, (key, counts, members))| Group {
            number: at + 1,
            cluster: key.cluster,
            gateway: key.gateway,
            counts,
            findings: views(members),
        })
        .collect()
}

fn gateway_of(finding: &Finding) -> GatewayName {
    let of = |role: HopRole| -> Vec<&ObjectKey> {
        let hops = finding.path.iter().filter(|hop| hop.role == role);
        hops.map(|hop| &hop.object).collect()
    };
    let workloads = of(HopRole::Gateway);
    if !workloads.is_empty() {
        return GatewayName::Workloads(workloads.into_iter().map(Shown::line).collect());
    }
    match of(HopRole::Service).last() {
        Some(service) => GatewayName::Service(Shown::line(service)),
        None => GatewayName::Unknown,
    }
}
