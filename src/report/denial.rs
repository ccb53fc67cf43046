//! The message of a refusal: what a user of `kubectl` reads.
//!
//! What this very write does comes first, then the evidence, why, what to write instead, how to get an exemption, whom to ask,
//! the code with its page. All findings of a request are in one message, as the API server shows the answer of one webhook
//! only; those of one rule share what they have in common.

use std::fmt::Write as _;

use l7guard_policy::configuration::Messages;
use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::Verdict;

use super::admission::SHOWN;
use super::disclosure::{DisclosedFinding, Disclosure};
use super::submitted_changes::SubmittedChanges;
use crate::visible_text::one_line;

/// How every refusal goes on, whoever runs the cluster.
const FURTHER: &str = "Need it all the same? The platform team can grant an exemption with an owner and an expiry date.
Is this verdict wrong? Tell the platform team which line of the evidence above is not so.
";

/// The message of a refusal. `submitted` is what its reader can change in the object itself.
#[must_use]
pub fn denial(
    verdict: &Verdict,
    disclosure: Disclosure<'_>,
    messages: &Messages,
    submitted: Option<&SubmittedChanges>,
) -> String {
    let denials: Vec<&Finding> = verdict.denials().map(|judged| &judged.finding).collect();
    let mut message = headline(&denials, disclosure);
    let shown = &denials[..denials.len().min(SHOWN)];
    for of_rule in shown.chunk_by(|one, next| one.rule == next.rule) {
        write_rule(&mut message, of_rule, disclosure);
    }
    if let Some(submitted) = submitted {
        let lines = submitted.lines(&disclosure.subject());
        if !lines.is_empty() {
            let _ = writeln!(message, "{lines}");
        }
    }
    let more = denials.len() - shown.len();
    if more > 0 {
        let _ = writeln!(
            message,
            "And {more} more findings. `l7guard check` shows all of them, given this object and those that it goes with as files.\n"
        );
    }
    message.push_str(FURTHER);
    write_references(&mut message, shown, messages);
    message
}

/// What this write does: alone what is found where it is one finding about the object itself, which then says so.
fn headline(denials: &[&Finding], disclosure: Disclosure<'_>) -> String {
    let subject = disclosure.subject();
    let is_own = |finding: &&Finding| disclosure.is_about_subject(finding);
    match denials {
        [] => String::new(),
        [finding] if is_own(finding) => String::new(),
        [finding] => {
            let way = disclosure.of(finding).way();
            format!("This {subject} completes a path: {way}.\n")
        }
        [first, ..] if !denials.iter().any(is_own) => {
            let (count, way) = (denials.len(), disclosure.of(first).way());
            format!(
                "This {subject} completes {count} paths that this cluster's policy forbids, the first: {way}.\n"
            )
        }
        _ => format!(
            "This {subject} breaks this cluster's policy in {} places.\n",
            denials.len()
        ),
    }
}

/// The findings of one rule.
fn write_rule(message: &mut String, findings: &[&Finding], disclosure: Disclosure<'_>) {
    let mut remedies: Vec<String> = Vec::new();
    for finding in findings {
        let finding = disclosure.of(finding);
        let is_below_something = !message.is_empty() && !message.ends_with("\n\n");
        if is_below_something {
            message.push('\n');
        }
        write_finding(message, &finding);
        let remedy = finding.remedy();
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    let Some(rule) = findings.first().map(|finding| finding.rule.rule()) else {
        return;
    };
    let _ = write!(message, "\nWhy: {}\n\n", rule.reason);
    write_owners(message, findings, disclosure);
    for remedy in remedies {
        let _ = writeln!(message, "{remedy}");
    }
}

fn write_finding(message: &mut String, finding: &DisclosedFinding<'_>) {
    let _ = writeln!(message, "{}.", finding.message());
    let path = finding.path();
    for (role, hop) in path.iter().take(SHOWN) {
        let _ = writeln!(message, "  {:<8} {hop}", role.as_str());
    }
    let more = path.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(message, "  and {more} more");
    }
    if finding.is_likely() {
        message.push_str("  (likely: not every object that proves it exists yet)\n");
    }
}

/// Whose objects the advice is about, where it is not about the object that was written.
fn write_owners(message: &mut String, findings: &[&Finding], disclosure: Disclosure<'_>) {
    let mut others = findings
        .iter()
        .filter(|finding| !disclosure.is_about_subject(finding));
    let Some(first) = others.next() else {
        return;
    };
    let kind = disclosure.kind();
    let _ = if others.all(|other| other.object == first.object) {
        let front = disclosure.of(first).object();
        writeln!(
            message,
            "Write this {kind} so that it does not complete this path, or have {front} changed first:"
        )
    } else {
        writeln!(
            message,
            "Write this {kind} so that it completes none of these paths, or have the fronts that they begin with changed first:"
        )
    };
}

/// The page of each rule, and whom to ask: the end of the message.
fn write_references(message: &mut String, findings: &[&Finding], messages: &Messages) {
    for of_rule in findings.chunk_by(|one, next| one.rule == next.rule) {
        let rule = of_rule[0].rule;
        let page = match messages.page_of(rule) {
            Some(page) => one_line(&page).into_owned(),
            None => format!("`l7guard explain {rule}`"),
        };
        let _ = writeln!(message, "[{rule}] {}: {page}", rule.name());
    }
    if let Some(contact) = &messages.contact {
        let _ = writeln!(message, "Contact: {}", one_line(contact));
    }
    message.truncate(message.trim_end().len());
}
