//! What the webhook says of one object, and what it has to say by a verdict on the whole world.

use std::collections::BTreeSet;

use l7guard::admission::Answer;
use l7guard_policy::configuration::CrossNamespaceNames;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::rules::{Finding, Mode, PathId, RuleCode};
use l7guard_policy::verdict::Verdict;
use l7guard_policy::wording::Reader as Reading;

/// The kinds that admission is asked about; what else completes a path is the audit's to find.
pub(crate) fn is_reviewed(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Ingress
            | Kind::IngressClass
            | Kind::Service
            | Kind::Gateway
            | Kind::GatewayClass
            | Kind::ListenerSet
            | Kind::XListenerSet
            | Kind::HttpRoute
            | Kind::GrpcRoute
            | Kind::TargetGroupBinding
            | Kind::EksTargetGroupBinding
    )
}

/// What a verdict on one object holds of a verdict on all of them.
pub(crate) fn part_of(checked: &Verdict, object: &ObjectKey) -> Verdict {
    let mut verdict = checked.clone();
    let has_part = |finding: &Finding| finding.participants.contains(object);
    verdict.findings.retain(|judged| has_part(&judged.finding));
    verdict
        .exempt
        .retain(|exempted| has_part(&exempted.finding));
    verdict
        .unresolved
        .retain(|unresolved| unresolved.object == *object);
    verdict
}

/// Marks what denies without the object as well: the same front and Service, to the same gateway or to any.
pub(crate) fn mark_existing(verdict: &mut Verdict, before: &Verdict) {
    for judged in &mut verdict.findings {
        let finding = &judged.finding;
        let is_old = |path: &PathId| {
            let before = before.findings.iter();
            before
                .filter(|old| old.severity >= judged.severity)
                .any(|old| {
                    old.finding.identity.iter().any(|old| {
                        (old.rule == path.rule || path.rule == RuleCode::L7G003)
                            && (&old.object, &old.to) == (&path.object, &path.to)
                            && (old.gateway.is_none() || old.gateway == path.gateway)
                    })
                })
        };
        judged.is_existing = finding.identity.iter().all(is_old);
    }
}

/// All that an answer says of a verdict.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Rule and field of every refusal.
    denied: BTreeSet<(String, String)>,
    /// Rule and object of every warning.
    warned: Vec<String>,
    /// The rules of all findings, also of those that neither refuse nor warn.
    rules: BTreeSet<String>,
    mode: String,
    exempt: BTreeSet<String>,
    unresolved: BTreeSet<String>,
}

impl Said {
    pub(crate) fn of_answer(answer: &Answer) -> Self {
        let causes = answer
            .status
            .iter()
            .flat_map(|status| &status.details.causes);
        let annotation = |key: &str, separator: &str| -> BTreeSet<String> {
            let text = answer.audit_annotations.get(key).into_iter();
            text.flat_map(|text| text.split(separator))
                .map(str::to_owned)
                .collect()
        };
        let warned = answer.warnings.iter().map(|warning| {
            let warning = warning.replacen("allowed, as it was there before: ", "", 1);
            let (place, _) = warning.split_once(": ").unwrap_or_default();
            place.to_owned()
        });
        let mut said = Self {
            denied: causes
                .map(|cause| (cause.reason.clone(), cause.field.clone()))
                .collect(),
            warned: warned.collect(),
            rules: annotation("rules", ","),
            mode: answer.audit_annotations["mode"].clone(),
            exempt: annotation("exemption", ", "),
            unresolved: annotation("unresolved", "; "),
        };
        said.warned.sort();
        said
    }

    /// What an answer to the writer of `subject` has to say: of objects of other namespaces nothing but names.
    pub(crate) fn of_verdict(verdict: &Verdict, subject: &ObjectKey) -> Self {
        let reader = Reading {
            namespace: &subject.namespace,
            names: CrossNamespaceNames::Shown,
        };
        let mut said = Self {
            mode: "none".to_owned(),
            ..Self::default()
        };
        let mut severest = Mode::Off;
        for judged in &verdict.findings {
            let finding = &judged.finding;
            let rule = finding.rule.as_str();
            said.rules.insert(rule.to_owned());
            if judged.severity > severest {
                severest = judged.severity;
                judged.severity.as_str().clone_into(&mut said.mode);
            }
            match judged.severity {
                Mode::Deny if !judged.is_existing => {
                    let is_own = reader.may_read(&finding.object.namespace);
                    let field = if is_own { &*finding.field } else { "" };
                    let refusal = (rule.to_owned(), field.to_owned());
                    said.denied.insert(refusal);
                }
                Mode::Deny | Mode::Warn => said.warned.push(format!("[{rule}] {}", finding.object)),
                Mode::Audit | Mode::Off => {}
            }
        }
        let exempt = verdict.exempt.iter();
        said.exempt = exempt
            .map(|exempted| format!("{} (until {})", exempted.exemption, exempted.expires))
            .collect();
        let unresolved = verdict.unresolved.iter();
        said.unresolved = unresolved
            .map(|unresolved| unresolved.reason.for_reader(&reader, &unresolved.object))
            .flat_map(|reason| reason.split("; ").map(str::to_owned).collect::<Vec<_>>())
            .collect();
        said.warned.sort();
        said
    }
}
