//! The webhook's messages: what a user of `kubectl` reads.
//!
//! The verdict first, then the evidence, why, what to write instead, how to get an exemption, the code. All findings of
//! a request are in one message, as the API server shows the answer of one webhook only.

use std::fmt::Write as _;

use l7guard_policy::rules::{Mode, RuleCode};
use l7guard_policy::verdict::{Judged, Verdict};

use super::disclosure::{DisclosedFinding, Disclosure};

/// How many findings an answer tells of, and how many hops of one: more than anybody corrects at once. A class that thousands
/// of Ingresses use is one write with thousands of findings. As many warnings and one more are far below the 4,096
/// characters beyond which the API server drops them (kubernetes/apiserver, `pkg/endpoints/filters/warning.go`).
pub const SHOWN: usize = 20;

/// The message of a refusal.
#[must_use]
pub fn denial(verdict: &Verdict, disclosure: Disclosure<'_>) -> String {
    let mut message = String::new();
    for (at, judged) in verdict.denials().take(SHOWN).enumerate() {
        if at > 0 {
            message.push_str("\n\n");
        }
        let finding = disclosure.of(&judged.finding);
        let _ = writeln!(message, "{}.", finding.message());
        write_path(&mut message, &finding);
        if finding.is_likely() {
            message.push_str("  (likely: not every object that proves it exists yet)\n");
        }
        let rule = finding.rule();
        let _ = write!(
            message,
            "\nWhy: {}\n\n{}\nNeed it all the same? The platform team can grant an exemption with an owner and an expiry date.\n[{rule}] {}: {}",
            reason(rule),
            finding.remedy(),
            rule.name(),
            rule.documentation(),
        );
    }
    let more = verdict.denials().skip(SHOWN).count();
    if more > 0 {
        let _ = write!(
            message,
            "\n\nAnd {more} more findings. `l7guard check` shows all of them, given this object and those that it goes with as files."
        );
    }
    message
}

fn write_path(message: &mut String, finding: &DisclosedFinding<'_>) {
    let path = finding.path();
    for (role, hop) in path.iter().take(SHOWN) {
        let _ = writeln!(message, "  {:<8} {hop}", role.as_str());
    }
    let more = path.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(message, "  and {more} more");
    }
}

/// Why this cluster's policy forbids it, in a sentence. Istio documents an ALB in front of its gateway as possible, so
/// nothing here says that it is not supported.
fn reason(rule: RuleCode) -> &'static str {
    match rule {
        RuleCode::L7G004 => {
            "by this cluster's policy Istio is the one Layer-7 router, and this annotation does not do what it says."
        }
        _ => {
            "by this cluster's policy Istio is the one Layer-7 router; a second one in front of it splits routing, ends TLS too early and hides client addresses."
        }
    }
}

/// The warnings of an answer, one line each: findings that warn, and findings that were there before the change. Those
/// of a refusal are left to the message.
#[must_use]
pub fn warnings(verdict: &Verdict, disclosure: Disclosure<'_>) -> Vec<String> {
    let is_warning = |judged: &&Judged| judged.severity == Mode::Warn || is_tolerated(judged);
    let shown = verdict.findings.iter().filter(is_warning).take(SHOWN);
    let mut warnings: Vec<String> = shown
        .map(|judged| warning(&disclosure.of(&judged.finding), is_tolerated(judged)))
        .collect();
    let more = verdict
        .findings
        .iter()
        .filter(is_warning)
        .skip(SHOWN)
        .count();
    if more > 0 {
        warnings.push(format!(
            "and {more} more warnings; `l7guard check` shows all of them, given the objects as files"
        ));
    }
    warnings
}

fn is_tolerated(judged: &Judged) -> bool {
    judged.severity == Mode::Deny && judged.is_existing
}

/// Code and place come first, as the line is cut at 120 characters.
fn warning(finding: &DisclosedFinding<'_>, is_existing: bool) -> String {
    let (rule, service) = (finding.rule(), finding.service());
    let what = match rule {
        RuleCode::L7G001 | RuleCode::L7G002 | RuleCode::L7G003 => {
            format!("ALB in front of Istio gateway {service}")
        }
        RuleCode::L7G004 => "a Service cannot ask for an ALB".to_owned(),
        RuleCode::L7G101 => "Classic ELB with HTTP listeners before an Istio gateway".to_owned(),
        RuleCode::L7G102 => "TLS ends at the load balancer, before Istio".to_owned(),
        RuleCode::L7G103 => {
            format!("target group of unknown protocol before Istio gateway {service}")
        }
        RuleCode::L7G104 => "health check that the Istio gateway cannot answer".to_owned(),
        RuleCode::L7G105 => "ALB forwards to a target group that nothing here explains".to_owned(),
        RuleCode::L7G106 => "action that the ALB controller cannot read".to_owned(),
    };
    let tolerated = if is_existing {
        "allowed, as it was there before: "
    } else {
        ""
    };
    format!("[{rule}] {tolerated}{}: {what}", finding.object())
}
