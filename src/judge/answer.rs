//! An outcome as an answer to the API server: message, causes, warnings, audit annotations.

use l7guard_policy::configuration::Messages;
use l7guard_policy::verdict::Verdict;

use super::annotations;
use super::outcome::Outcome;
use crate::admission::{Answer, Cause};
use crate::report::admission::{self, SHOWN};
use crate::report::denial::denial;
use crate::report::disclosure::Disclosure;
use crate::report::submitted_changes::SubmittedChanges;

/// The answer that an outcome gives, with as much as `disclosure` lets its reader learn.
/// `submitted` is what its reader can change in the object itself.
pub(super) fn answer(
    outcome: &Outcome,
    disclosure: Disclosure<'_>,
    messages: &Messages,
    submitted: Option<&SubmittedChanges>,
) -> Answer {
    let verdict = &outcome.verdict;
    let mut answer = if verdict.is_denied() {
        let message = denial(verdict, disclosure, messages, submitted);
        Answer::deny(message, causes(verdict, disclosure))
    } else {
        Answer::allow()
    };
    answer.warnings = admission::warnings(verdict, outcome.preview, disclosure);
    answer.mode = outcome.mode;
    answer.audit_annotations = annotations::of(outcome, disclosure);
    answer
}

/// The answer where there was nothing to judge.
pub(super) fn of_nothing(outcome: &Outcome) -> Answer {
    let mut answer = Answer::allow();
    answer.audit_annotations = annotations::of_nothing(outcome);
    answer
}

fn causes(verdict: &Verdict, disclosure: Disclosure<'_>) -> Vec<Cause> {
    let shown = verdict.denials().take(SHOWN);
    let findings = shown.map(|judged| disclosure.of(&judged.finding));
    findings
        .map(|finding| Cause {
            reason: finding.rule().to_string(),
            field: finding.field(),
            message: finding.message(),
        })
        .collect()
}
