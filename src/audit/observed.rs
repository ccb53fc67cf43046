//! What the audit loop keeps of a finding: what gauges, reports, Events and log lines say of it, and nothing else.
//!
//! Reports and Events are read by people of the object's namespace. So their text is what an answer at admission would say
//! to whoever writes the object ([`Disclosure`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::controller::Uid;
use l7guard_policy::rules::{Finding, HopRole, Mode, RuleCode};
use l7guard_policy::verdict::{Judged, Verdict, WouldBe};

use super::text::cut;
use crate::report::disclosure::Disclosure;

/// How much of a message is kept, in bytes: what the note of an Event may have.
///
/// Source: Kubernetes `pkg/apis/core/validation/events.go` (`NoteLengthLimit`).
pub const MESSAGE: usize = 1_024;

/// The findings by their objects. Copies share what they hold.
pub type Findings = BTreeMap<ObjectKey, Arc<[Observed]>>;

/// A finding of the audit loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What makes it the same finding in the next pass.
    pub id: FindingId,
    /// What it does.
    pub mode: Mode,
    /// What it would do in another mode than `audit`; `None`: it is not of mode `audit`.
    pub would_be: Option<WouldBe>,
    /// How sure we are.
    pub confidence: Confidence,
    /// The API version of the object.
    pub api_version: &'static str,
    /// JSON pointer of the offending field; empty where it is not shown.
    pub field: Box<str>,
    /// What is wrong, as people of the object's namespace may read it: at most [`MESSAGE`] bytes.
    pub message: Box<str>,
    /// The Service on the path, where its name may be shown.
    pub service: Option<(ObjectKey, Option<Uid>)>,
}

/// What makes a finding the same one in the next pass: wherever its field has moved, whichever workloads come and go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId {
    /// The object.
    pub object: ObjectKey,
    /// Its UID: an object that is made anew has findings of its own.
    pub uid: Option<Uid>,
    /// The rule.
    pub rule: RuleCode,
    /// The Service or target group that the path leads to, as it may be shown.
    pub target: Box<str>,
    /// Which one of several that do not differ otherwise, from 1.
    pub nth: u32,
}

/// The findings of a verdict, with the UIDs that `inventory` has of their objects.
#[must_use]
pub fn observe(
    verdict: &Verdict,
    inventory: &Inventory,
    configuration: &Configuration,
) -> Findings {
    let mut found: BTreeMap<ObjectKey, Vec<Observed>> = BTreeMap::new();
    let mut counts: HashMap<FindingId, u32> = HashMap::new();
    for judged in &verdict.findings {
        let mut observed = of_finding(judged, inventory, configuration);
        let count = counts.entry(observed.id.clone()).or_default();
        *count += 1;
        observed.id.nth = *count;
        let of_object = found.entry(judged.finding.object.clone()).or_default();
        of_object.push(observed);
    }
    let found = found.into_iter();
    found.map(|(key, all)| (key, all.into())).collect()
}

fn of_finding(judged: &Judged, inventory: &Inventory, configuration: &Configuration) -> Observed {
    let finding = &judged.finding;
    let disclosed = Disclosure::to_writer_of(&finding.object, configuration).of(finding);
    let uid = |key: &ObjectKey| inventory.get(key).and_then(|object| object.uid);
    let service = service(finding);
    let (target, service) = match service {
        Some(key) => {
            let target = disclosed.service();
            let is_shown = target == key.qualified_name();
            (target, is_shown.then(|| (key.clone(), uid(key))))
        }
        // A target group or an action: the object itself names it.
        None => (disclosed.target(), None),
    };
    Observed {
        id: FindingId {
            object: finding.object.clone(),
            uid: uid(&finding.object),
            rule: finding.rule,
            target: target.into(),
            nth: 1,
        },
        mode: judged.severity,
        would_be: judged.would_be,
        confidence: finding.confidence,
        api_version: finding.api_version,
        field: disclosed.field().into(),
        message: cut(&disclosed.message(), MESSAGE).into(),
        service,
    }
}

fn service(finding: &Finding) -> Option<&ObjectKey> {
    let mut hops = finding.path.iter();
    let hop = hops.find(|hop| hop.role == HopRole::Service);
    hop.map(|hop| &hop.object)
}

impl Observed {
    /// Whether it refuses its object, or would in another mode than `audit`.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.mode == Mode::Deny
            || self
                .would_be
                .is_some_and(|would_be| would_be != WouldBe::Warn)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use l7guard_policy::identity::Kind;

    use super::*;

    /// A finding about each of these Ingresses in `shop`.
    pub(crate) fn findings(all: &[(&str, Mode)]) -> Findings {
        let observed = |(name, mode): &(&str, Mode)| {
            let object = ObjectKey::new(Kind::Ingress, "shop", *name);
            let observed = Observed {
                id: FindingId {
                    object: object.clone(),
                    uid: None,
                    rule: RuleCode::L7G001,
                    target: "istio-system/gw".into(),
                    nth: 1,
                },
                mode: *mode,
                would_be: None,
                confidence: Confidence::Confirmed,
                api_version: "networking.k8s.io/v1",
                field: "".into(),
                message: "".into(),
                service: None,
            };
            (object, [observed].into())
        };
        all.iter().map(observed).collect()
    }
}
