//! The judge that asks the policy: a review in, the policy's verdict as an answer out.

use std::sync::Arc;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, DecodeError, Naming, Object, Source};
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{self, Change, Verdict};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::judge::{Judge, JudgeError};
use super::response::{Answer, Cause};
use super::review::{Operation, Review};
use crate::clock;
use crate::report::admission;

/// Judges reviews by the policy, in a world that does not change while it runs.
#[derive(Debug)]
pub struct PolicyJudge {
    inventory: Arc<Inventory>,
    configuration: Arc<Configuration>,
}

impl PolicyJudge {
    /// A judge for this world.
    #[must_use]
    pub fn new(inventory: Arc<Inventory>, configuration: Arc<Configuration>) -> Self {
        Self {
            inventory,
            configuration,
        }
    }

    fn verdict(&self, review: &Review<'_>) -> Result<Option<Verdict>, JudgeError> {
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
        let change = Change { new, old };
        Ok(Some(verdict::review(
            &self.inventory,
            &self.configuration,
            &change,
            clock::today(),
        )))
    }
}

impl Judge for PolicyJudge {
    async fn judge(&self, review: &Review<'_>, _deadline: Instant) -> Result<Answer, JudgeError> {
        let Some(verdict) = self.verdict(review)? else {
            return Ok(annotated(Answer::allow(), "allow", None));
        };
        let warnings = admission::warnings(&verdict);
        let mut answer = if verdict.is_denied() {
            log_denial(review, &verdict);
            let answer = Answer::deny(admission::denial(&verdict), causes(&verdict));
            annotated(answer, "deny", Some(&verdict))
        } else {
            let decision = if warnings.is_empty() { "allow" } else { "warn" };
            annotated(Answer::allow(), decision, Some(&verdict))
        };
        answer.warnings = warnings;
        Ok(answer)
    }
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

/// Adds what the API server writes to its audit log.
fn annotated(mut answer: Answer, decision: &str, verdict: Option<&Verdict>) -> Answer {
    let annotations = &mut answer.audit_annotations;
    annotations.insert("decision".to_owned(), decision.to_owned());
    let Some(verdict) = verdict else {
        return answer;
    };
    let mut rules: Vec<&str> = verdict
        .findings
        .iter()
        .filter(|judged| judged.severity >= Mode::Audit)
        .map(|judged| judged.finding.rule.as_str())
        .collect();
    rules.dedup();
    if !rules.is_empty() {
        annotations.insert("rules".to_owned(), rules.join(","));
    }
    if let Some(unresolved) = verdict.unresolved.first() {
        annotations.insert("unresolved".to_owned(), unresolved.reason.clone());
    }
    answer
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
