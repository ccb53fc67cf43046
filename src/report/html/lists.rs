//! What is no finding: exemptions, what cannot be told, errors and notes.

use l7guard_policy::configuration::Date;
use l7guard_policy::verdict::Unresolved;

use super::counted::counted;
use super::groups::Counts;
use super::shown::Shown;
use crate::report::{
    BaseSummary, ClusterSummary, Gone, OfCluster, ReportedError, ReportedExemption, name_in_cluster,
};

/// An exemption is said to end soon from so many days before it does.
const SOON: i64 = 30;

/// A finding that an exemption covers.
pub(super) struct ExemptView {
    /// The rule's code.
    pub(super) rule: &'static str,
    /// The rule's name.
    pub(super) rule_name: &'static str,
    /// The object that it is about.
    pub(super) object: Shown,
    /// The exemption's name in the configuration.
    pub(super) exemption: Shown,
    /// Why it was granted.
    pub(super) reason: Shown,
    /// Who answers for it.
    pub(super) owner: Shown,
    /// Where its end is followed up.
    pub(super) ticket: Option<Shown>,
    /// JSON pointer of the field that is exempt.
    pub(super) field: Shown,
    /// Where that field stands in a file, `file:line:column`.
    pub(super) place: Option<Shown>,
    /// The last day on which it holds.
    pub(super) expires: Shown,
    /// How many days are left after today.
    pub(super) left: Shown,
    /// Whether it ends soon.
    pub(super) is_soon: bool,
}

impl ExemptView {
    /// The view on this day.
    pub(super) fn new(exempted: &OfCluster<ReportedExemption>, today: Date) -> Self {
        let days = (exempted.expires - today).whole_days();
        Self {
            rule: exempted.finding.rule.as_str(),
            rule_name: exempted.finding.rule.name(),
            object: Shown::line(name_in_cluster(
                exempted.cluster.as_deref(),
                &exempted.finding.object,
            )),
            exemption: Shown::line(&exempted.exemption),
            reason: Shown::line(exempted.reason.trim()),
            owner: Shown::line(&exempted.owner),
            ticket: exempted.ticket.as_deref().map(Shown::line),
            field: Shown::line(&exempted.finding.field),
            place: exempted
                .location
                .as_ref()
                .map(|at| Shown::line(format_args!("{}:{}:{}", at.file, at.line, at.column))),
            expires: Shown::line(exempted.expires),
            left: Shown::line(left(days)),
            is_soon: days <= SOON,
        }
    }
}

/// How many days are left, in words.
fn left(days: i64) -> String {
    match days {
        ..0 => "expired".to_owned(),
        0 => "ends today".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

/// What cannot be told.
pub(super) struct UnresolvedView {
    /// The front.
    pub(super) object: Shown,
    /// JSON pointer of the field that leads to what cannot be told.
    pub(super) field: Shown,
    /// Why it cannot be told.
    pub(super) reason: Shown,
}

impl UnresolvedView {
    /// The view of one of them.
    pub(super) fn new(unresolved: &OfCluster<Unresolved>) -> Self {
        Self {
            object: Shown::line(name_in_cluster(
                unresolved.cluster.as_deref(),
                &unresolved.object,
            )),
            field: Shown::line(&unresolved.field),
            reason: Shown::line(unresolved.reason.in_full()),
        }
    }
}

/// An error or a note about an input.
pub(super) struct InputView {
    /// `file:line:column`, as far as there is one.
    pub(super) at: Shown,
    /// What is wrong, and what to do about it.
    pub(super) message: Shown,
}

impl InputView {
    /// The view of one of them.
    pub(super) fn new(error: &ReportedError) -> Self {
        let mut at = error.file.clone();
        for number in [error.line, error.column].into_iter().flatten() {
            at.push(':');
            at.push_str(&number.to_string());
        }
        Self {
            at: Shown::line(at),
            message: Shown::line(&error.message),
        }
    }
}

/// The base world that files were laid over.
pub(super) struct BaseView {
    /// Its cluster.
    pub(super) cluster: Shown,
    /// The snapshot that it was read from; `None`: the cluster itself.
    pub(super) file: Option<Shown>,
    /// As of when it is known.
    pub(super) taken: Shown,
    /// How many objects of it are known, in words.
    pub(super) objects: String,
    /// Whether what it held before is reported as well.
    pub(super) reports_all: bool,
}

impl BaseView {
    /// The view of it.
    pub(super) fn new(base: &BaseSummary) -> Self {
        Self {
            cluster: Shown::line(&base.cluster),
            file: base.file.as_deref().map(Shown::line),
            taken: Shown::line(&base.taken),
            objects: counted(base.objects, "object"),
            reports_all: base.reports_all,
        }
    }
}

/// One live cluster of the report.
pub(super) struct ClusterView {
    /// Its name.
    pub(super) name: Shown,
    /// How many objects were judged.
    pub(super) objects: usize,
    /// How many findings of each severity.
    pub(super) counts: Counts,
    /// What could not be read.
    pub(super) errors: usize,
}

impl ClusterView {
    /// The view of one of them.
    pub(super) fn new(cluster: &ClusterSummary) -> Self {
        Self {
            name: Shown::line(&cluster.name),
            objects: cluster.totals.objects,
            counts: Counts {
                deny: cluster.totals.deny,
                warn: cluster.totals.warn,
                audit: cluster.totals.audit,
            },
            errors: cluster.totals.errors,
        }
    }
}

/// A finding of an earlier report that was not found again.
pub(super) struct GoneView {
    /// The rule's code.
    pub(super) rule: Shown,
    /// The object that it was about, with its cluster.
    pub(super) object: Shown,
    /// What was wrong.
    pub(super) message: Shown,
}

impl GoneView {
    /// The view of one of them.
    pub(super) fn new(gone: &Gone) -> Self {
        let cluster = gone.cluster.as_deref();
        let cluster = cluster.map_or(String::new(), |cluster| format!("{cluster}: "));
        Self {
            rule: Shown::line(&gone.rule),
            object: Shown::line(format_args!("{cluster}{}", gone.object)),
            message: Shown::line(&gone.message),
        }
    }
}

/// The changes that repair everything together: in files, or in one cluster.
pub(super) struct TogetherView {
    /// Its place in the page, from 1.
    pub(super) number: usize,
    /// The cluster.
    pub(super) cluster: Option<Shown>,
    /// The changes, to copy.
    pub(super) changes: Shown,
}

impl TogetherView {
    /// Tells it apart from the changes of a finding, which have the finding's number.
    pub(super) fn id(&self) -> String {
        format!("all-{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts() {
        for (days, words) in [
            (-1, "expired"),
            (0, "ends today"),
            (1, "1 day left"),
            (400, "400 days left"),
        ] {
            assert_eq!(left(days), words);
        }
    }
}
