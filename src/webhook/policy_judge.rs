//! The judge that asks the policy: a review in, the policy's verdict as an answer out.

use l7guard_policy::objects::{self, DecodeError, Naming, Object, Source};
use l7guard_policy::verdict::{Change, Verdict};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::judge::{Judge, JudgeError};
use super::response::{Answer, Cause};
use super::review::{Operation, Review};
use super::{annotations, confirmed};
use crate::known_world::KnownWorld;
use crate::live::LiveConfiguration;
use crate::report::admission;

/// Judges reviews by the policy in force, in the world as it is then known.
#[derive(Debug)]
pub struct PolicyJudge<W> {
    world: W,
    configuration: LiveConfiguration,
}

impl<W: KnownWorld> PolicyJudge<W> {
    /// A judge for this world.
    #[must_use]
    pub fn new(world: W, configuration: LiveConfiguration) -> Self {
        Self {
            world,
            configuration,
        }
    }
}

impl<W: KnownWorld> Judge for PolicyJudge<W> {
    async fn judge(&self, review: &Review<'_>, _deadline: Instant) -> Result<Answer, JudgeError> {
        let Some(change) = change(review)? else {
            let mut answer = Answer::allow();
            answer.audit_annotations = annotations::of_nothing();
            return Ok(answer);
        };
        let configuration = self.configuration.current();
        let confirmed = confirmed::verdict(&self.world, &configuration, &change).await?;
        let verdict = &confirmed.verdict;
        let warnings = admission::warnings(verdict);
        let (mut answer, decision) = if verdict.is_denied() {
            log_denial(review, verdict);
            let answer = Answer::deny(admission::denial(verdict), causes(verdict));
            (answer, "deny")
        } else if warnings.is_empty() {
            (Answer::allow(), "allow")
        } else {
            (Answer::allow(), "warn")
        };
        answer.audit_annotations = annotations::of_verdict(&confirmed, decision, self.world.age());
        answer.warnings = warnings;
        Ok(answer)
    }
}

/// The change that a review asks about; `None`: nothing that a rule reads is created or updated.
fn change(review: &Review<'_>) -> Result<Option<Change>, JudgeError> {
    let is_write = matches!(review.operation, Operation::Create | Operation::Update);
    if !is_write || review.sub_resource.is_some() {
        return Ok(None);
    }
    let Some(new) = read(review, review.object)? else {
        return Ok(None);
    };
    let old = match review.operation {
        Operation::Update => read(review, review.old_object)?,
        _ => None,
    };
    Ok(Some(Change { new, old }))
}

/// Reads an object of the review. `None`: there is none, or no rule reads such an object.
///
/// An object without the fields that make it one is a patch in a file; here the API server has accepted it, so it is an
/// object that says nothing.
fn read(review: &Review<'_>, raw: Option<&RawValue>) -> Result<Option<Object>, JudgeError> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let kind = &review.kind;
    let api_version = if kind.group.is_empty() {
        kind.version.to_string()
    } else {
        format!("{}/{}", kind.group, kind.version)
    };
    let naming = Naming {
        api_version: &api_version,
        kind: &kind.kind,
        default_namespace: review.namespace.as_deref().unwrap_or_default(),
        default_name: review.name.as_deref().unwrap_or_default(),
    };
    match objects::read(naming, Source::Json(raw.get())) {
        Ok(object) => Ok(object),
        Err(DecodeError::Incomplete { .. }) => Ok(None),
        Err(DecodeError::WrongType { pointer, message }) => Err(JudgeError::Field {
            field: pointer,
            problem: message,
        }),
    }
}

fn causes(verdict: &Verdict) -> Vec<Cause> {
    verdict
        .denials()
        .map(|judged| Cause {
            reason: judged.finding.rule.to_string(),
            field: judged.finding.field.clone(),
            message: judged.finding.message.clone(),
        })
        .collect()
}

fn log_denial(review: &Review<'_>, verdict: &Verdict) {
    for judged in verdict.denials() {
        let finding = &judged.finding;
        tracing::info!(
            uid = %review.uid,
            rule = finding.rule.as_str(),
            confidence = finding.confidence.as_str(),
            object = %finding.object,
            field = %finding.field,
            user = %review.user_info.username,
            dry_run = review.dry_run,
            "refused"
        );
    }
}
