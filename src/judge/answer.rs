//! An outcome as an answer to the API server: message, causes, warnings, audit annotations.

use l7guard_policy::verdict::Verdict;

use super::JudgeError;
use super::annotations;
use super::failure::Failure;
use super::metrics::Decision;
use super::outcome::Outcome;
use crate::admission::{Answer, Cause};
use crate::report::admission::{self, SHOWN};
use crate::report::denial::denial;
use crate::report::disclosure::Disclosure;

impl Outcome {
    /// What the API server is answered.
    ///
    /// # Errors
    /// Where there is no verdict, why.
    pub fn answer(&self) -> Result<Answer, &Failure> {
        match &self.failure {
            Some(failure) => Err(failure),
            None => Ok(of(self)),
        }
    }

    /// The same, for who needs nothing else of it.
    ///
    /// # Errors
    /// Where there is no verdict, what failed.
    pub fn into_answer(self) -> Result<Answer, JudgeError> {
        match self.failure {
            Some(failure) => Err(failure.into_error()),
            None => Ok(of(&self)),
        }
    }
}

/// The answer that an outcome with a verdict gives, with as much as its reader may learn.
fn of(outcome: &Outcome) -> Answer {
    let Some(subject) = &outcome.subject else {
        return Answer {
            allowed: outcome.decision != Decision::Deny,
            audit_annotations: annotations::of_nothing(outcome),
            ..Answer::default()
        };
    };
    let disclosure = Disclosure::to_writer_of(&subject.key, &subject.configuration);
    let verdict = &outcome.verdict;
    let mut answer = if outcome.decision == Decision::Deny {
        let message = denial(
            verdict,
            disclosure,
            &subject.configuration.messages,
            outcome.submitted.as_ref(),
        );
        Answer::deny(message, causes(verdict, disclosure))
    } else {
        Answer::allow()
    };
    answer.warnings = admission::warnings(verdict, outcome.preview, disclosure);
    answer.audit_annotations = annotations::of(outcome, disclosure);
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
