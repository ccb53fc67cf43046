//! What came out, as lines in the words of the expectations.

use l7guard::report::ReportedError;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Finding, Mode};
use l7guard_policy::verdict::{Judged, Verdict};

/// `RULE SEVERITY CONFIDENCE KIND NAMESPACE/NAME FIELD`.
pub(super) fn finding(judged: &Judged) -> String {
    let finding = &judged.finding;
    format!(
        "{} {} {}",
        finding.rule.as_str(),
        judged.severity.as_str(),
        place(finding)
    )
}

/// What a finding of a change does: `denied`, `warned`, `audited`, or `existing` where it was there before, and
/// `RULE CONFIDENCE KIND NAMESPACE/NAME FIELD`.
pub(super) fn effect(judged: &Judged) -> String {
    let verb = match judged.severity {
        _ if judged.is_existing => "existing",
        Mode::Deny => "denied",
        Mode::Warn => "warned",
        Mode::Audit | Mode::Off => "audited",
    };
    let finding = &judged.finding;
    format!("{verb} {} {}", finding.rule.as_str(), place(finding))
}

fn place(finding: &Finding) -> String {
    format!(
        "{} {} {}",
        finding.confidence.as_str(),
        object(&finding.object),
        finding.field
    )
}

fn object(key: &ObjectKey) -> String {
    key.to_string()
}

/// What a verdict holds beside findings: what cannot be told, and what is exempt.
pub(super) fn others(verdict: &Verdict) -> impl Iterator<Item = String> {
    let unresolved = verdict.unresolved.iter().map(|unresolved| {
        format!(
            "unresolved {} {} because {}",
            object(&unresolved.object),
            unresolved.field,
            unresolved.reason.in_full()
        )
    });
    let exempt = verdict.exempt.iter().map(|exempted| {
        let finding = &exempted.finding;
        format!(
            "exempt {} {} {}",
            finding.rule.as_str(),
            object(&finding.object),
            finding.field
        )
    });
    unresolved.chain(exempt)
}

/// The hops of every finding: `Ingress shop/web > Service shop/edge > Deployment shop/edge`.
pub(super) fn paths(verdict: &Verdict) -> Vec<String> {
    let paths = verdict.findings.iter().map(|judged| {
        let hops = judged.finding.path.iter();
        let hops: Vec<String> = hops.map(|hop| hop.object.to_string()).collect();
        hops.join(" > ")
    });
    paths.collect()
}

/// Errors or notes of the reader: `error because …`, with the line where it has one.
pub(super) fn remarks<'a>(
    verb: &'a str,
    remarks: impl Iterator<Item = &'a ReportedError> + 'a,
) -> impl Iterator<Item = String> + 'a {
    remarks.map(move |remark| {
        let line = remark.line.map(|line| format!(" line {line}"));
        format!(
            "{verb}{} because {}",
            line.unwrap_or_default(),
            remark.message
        )
    })
}
