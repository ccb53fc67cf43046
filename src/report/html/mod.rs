//! The HTML report: one file that needs nothing else, for people who do not use the command line.
//!
//! The templates in `templates/report/` escape every value. The page is also well-formed XML, so that tests can compare
//! its structure. `inline` has what a browser may run: nothing but our own style and script.

mod counted;
mod finding;
mod groups;
mod inline;
mod lists;
mod picture;
mod shown;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use askama::Template;
use l7guard_policy::configuration::Date;
use l7guard_policy::rules::Rule;

use super::{Report, remedy_text};
use counted::counted;
use groups::{Counts, GatewayName, Group};
use lists::{BaseView, ClusterView, ExemptView, GoneView, InputView, TogetherView, UnresolvedView};
use shown::Shown;

/// Up to so many findings are open when the page is opened.
const OPEN: usize = 5;
/// Lists longer than this are closed when the page is opened.
const LONG: usize = 20;

/// The page.
#[derive(Template)]
#[template(path = "report/page.html")]
struct Page {
    security_policy: String,
    style: &'static str,
    script: &'static str,
    version: &'static str,
    today: Shown,
    objects: usize,
    counts: Counts,
    groups: Vec<Group>,
    rules: Vec<RuleCount>,
    base: Option<BaseView>,
    configuration: Option<Shown>,
    clusters: Vec<ClusterView>,
    together: Vec<TogetherView>,
    gone: Vec<GoneView>,
    unresolved: Vec<UnresolvedView>,
    exempt: Vec<ExemptView>,
    errors: Vec<InputView>,
    notes: Vec<InputView>,
    long: usize,
}

/// How many findings a rule has.
struct RuleCount {
    code: &'static str,
    name: &'static str,
    counts: Counts,
}

/// Writes the report as a page of HTML. `today` says how long exemptions still hold.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, today: Date, mut output: impl Write) -> io::Result<()> {
    page(report, today).write_into(&mut output)
}

fn page(report: &Report, today: Date) -> Page {
    let mut counts = Counts::default();
    for finding in &report.findings {
        counts.add(finding.judged.severity);
    }
    Page {
        security_policy: inline::security_policy(),
        style: inline::STYLE,
        script: inline::SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        today: Shown::line(today),
        objects: report.objects,
        counts,
        groups: groups::by_gateway(&report.findings),
        rules: rules(report),
        base: report.base.as_ref().map(BaseView::new),
        configuration: report.configuration.as_deref().map(Shown::line),
        clusters: report.clusters.iter().map(ClusterView::new).collect(),
        together: together(report),
        gone: report.gone.iter().map(GoneView::new).collect(),
        unresolved: report.unresolved.iter().map(UnresolvedView::new).collect(),
        exempt: report
            .exempt
            .iter()
            .map(|exempted| ExemptView::new(exempted, today))
            .collect(),
        errors: report.errors.iter().map(InputView::new).collect(),
        notes: report
            .notes
            .iter()
            .chain(&report.conflicts)
            .map(|note| InputView::new(&note.input))
            .collect(),
        long: LONG,
    }
}

/// What repairs all findings together, where there are several: of each cluster by itself.
fn together(report: &Report) -> Vec<TogetherView> {
    let mut all = vec![(None, &report.remedy)];
    if !report.clusters.is_empty() {
        let clusters = report.clusters.iter();
        all = clusters
            .map(|cluster| (Some(&cluster.name), &cluster.remedy))
            .collect();
    }
    if report.findings.len() < 2 {
        all.clear();
    }
    all.retain(|(_, remedy)| !remedy.changes.is_empty());
    all.into_iter()
        .enumerate()
        .map(|(at, (cluster, remedy))| TogetherView {
            number: at + 1,
            cluster: cluster.map(Shown::line),
            changes: Shown::lines(&remedy_text::of_changes(&remedy.changes, cluster)),
        })
        .collect()
}

/// The rules that found something, in the order of their codes.
fn rules(report: &Report) -> Vec<RuleCount> {
    Rule::all()
        .iter()
        .filter_map(|rule| {
            let mut counts = Counts::default();
            for judged in report.findings.iter().map(|finding| &finding.judged) {
                if judged.finding.rule == rule.code {
                    counts.add(judged.severity);
                }
            }
            (counts.all() > 0).then_some(RuleCount {
                code: rule.code.as_str(),
                name: rule.name,
                counts,
            })
        })
        .collect()
}

impl Page {
    /// What came of it, in a sentence.
    fn headline(&self) -> String {
        let Counts { deny, warn, audit } = self.counts;
        if !self.errors.is_empty() && self.counts.all() == 0 {
            return format!(
                "No findings, but {} could not be read",
                counted(self.errors.len(), "input")
            );
        }
        if self.objects == 0 {
            return "Nothing was judged".to_owned();
        }
        let parts = [
            (deny > 0).then(|| format!("{} would be refused", counted(deny, "finding"))),
            (warn > 0).then(|| counted(warn, "warning")),
            (audit > 0).then(|| format!("{audit} in audit mode")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return "No findings".to_owned();
        }
        parts.join(", ")
    }

    fn objects_judged(&self) -> String {
        counted(self.objects, "object")
    }

    /// Why there are no findings.
    fn no_findings(&self) -> &'static str {
        if self.objects == 0 {
            return "No objects were judged.";
        }
        if !self.errors.is_empty() {
            return "Nothing was found in what could be read.";
        }
        "No load balancer that works on Layer 7 is in front of an Istio ingress gateway."
    }

    /// The severest thing of the page: `deny`, `warn`, `audit`, `error` or `good`.
    fn state(&self) -> &'static str {
        match self.counts {
            Counts { deny: 1.., .. } => "deny",
            _ if !self.errors.is_empty() => "error",
            Counts { warn: 1.., .. } => "warn",
            Counts { audit: 1.., .. } => "audit",
            _ if self.objects == 0 => "audit",
            _ => "good",
        }
    }

    /// What is new and what is gone, if the report was compared with an earlier one.
    fn compared(&self) -> Option<String> {
        let findings = || self.groups.iter().flat_map(|group| &group.findings);
        let new = findings().filter(|finding| finding.is_new).count();
        (new > 0 || !self.gone.is_empty()).then(|| {
            let gone = self.gone.len();
            format!("Since the earlier report: {new} new, {gone} gone.")
        })
    }

    /// Whether findings are open when the page is.
    fn is_open(&self) -> bool {
        self.counts.all() <= OPEN
    }
}
