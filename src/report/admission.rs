//! What the webhook's answers show: the warnings, and how much of a verdict an answer tells. The message of a refusal is
//! `denial.rs`.

use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{Judged, Verdict, WouldBe};

use super::disclosure::{DisclosedFinding, Disclosure};

/// How many findings an answer tells of, and how many hops of one: more than anybody corrects at once. A class that thousands
/// of Ingresses use is one write with thousands of findings. As many warnings and one more are far below the 4,096
/// characters beyond which the API server drops them (kubernetes/apiserver, `pkg/endpoints/filters/warning.go`).
pub const SHOWN: usize = 20;

/// The warnings of an answer, one line each: findings that warn, and findings that were there before the change. Those
/// of a refusal are left to the message. A preview shows those of mode `audit` too, with what they would do.
#[must_use]
pub fn warnings(verdict: &Verdict, preview: Preview, disclosure: Disclosure<'_>) -> Vec<String> {
    let is_shown = |judged: &&Judged| is_warning(judged, preview);
    let mut warnings: Vec<String> = verdict
        .findings
        .iter()
        .filter(is_shown)
        .take(SHOWN)
        .map(|judged| warning(&disclosure.of(&judged.finding), judged))
        .collect();
    let more = verdict.findings.iter().filter(is_shown).skip(SHOWN).count();
    if more > 0 {
        warnings.push(format!(
            "and {more} more warnings; `l7guard check` shows all of them, given the objects as files"
        ));
    }
    warnings
}

/// Whether an answer to this verdict has warnings.
#[must_use]
pub fn has_warnings(verdict: &Verdict, preview: Preview) -> bool {
    let mut findings = verdict.findings.iter();
    findings.any(|judged| is_warning(judged, preview))
}

/// Whether an answer shows what it would be if nothing were set to `audit`: nothing is written, so its sender asks for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preview {
    /// It does: the review is of a server-side dry run.
    Shown,
    /// It does not.
    Hidden,
}

fn is_warning(judged: &Judged, preview: Preview) -> bool {
    match judged.severity {
        Mode::Warn => true,
        Mode::Deny => judged.is_existing,
        Mode::Audit => preview == Preview::Shown,
        Mode::Off => false,
    }
}

/// Code and place come first, as the line is cut at 120 characters.
fn warning(finding: &DisclosedFinding<'_>, judged: &Judged) -> String {
    let rule = finding.rule();
    let what = rule.rule().headline(&finding.service());
    let effect = match (judged.severity, judged.would_be) {
        (Mode::Deny, _) => "allowed, as it was there before: ",
        (_, Some(WouldBe::Deny)) => "would be denied: ",
        (_, Some(WouldBe::Warn)) => "would be a warning: ",
        (_, Some(WouldBe::Tolerated)) => "would be allowed, as it was there before: ",
        (_, None) => "",
    };
    format!("[{rule}] {effect}{}: {what}", finding.object())
}
