//! A finding: a path, or a defect of one Service, that a rule forbids.

use std::collections::BTreeSet;

use super::RuleCode;
use super::remedy::Remedy;
use crate::confidence::Confidence;
use crate::fronts::Provisioning;
use crate::gateways::service::{Backends, ServiceTrace};
use crate::identity::ObjectKey;
use crate::objects::Object;
use crate::paths::network_gateway::TlsLeg;
use crate::paths::{FrontPaths, Leg};
use crate::wording::Wording;

/// A finding, before it is decided what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleCode,
    /// How sure we are.
    pub confidence: Confidence,
    /// The object that it is about: the front, or the Service whose load balancer is at fault.
    pub object: ObjectKey,
    /// The API version that the object was written in.
    pub api_version: &'static str,
    /// Whether it rests on nothing but proxies whose role cannot be told (`istio.unknownRouter`).
    pub is_of_unknown_role: bool,
    /// JSON pointer of the offending field.
    pub field: String,
    /// Front, Services and gateways, in the order of the traffic; a hop of which nothing is visible is left out.
    pub path: Vec<Hop>,
    /// What is wrong, in a sentence or two, about the object.
    pub message: Wording,
    /// What to write instead, ready to paste.
    pub remedy: Remedy,
    /// The paths that it stands for: a write that adds none of them is not refused.
    pub identity: BTreeSet<PathId>,
    /// The objects that have part in it.
    pub participants: BTreeSet<ObjectKey>,
}

/// One path of a finding: what makes it the same path before and after a write.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId {
    /// The rule that forbids it.
    pub rule: RuleCode,
    /// The front (or Service).
    pub object: ObjectKey,
    /// The Service, target group or action that it leads to.
    pub to: String,
    /// The gateway workload; `None` while none is visible.
    pub gateway: Option<ObjectKey>,
}

impl PathId {
    /// What makes it the same path whichever rule forbids it: a binding's path is the same before and after the protocol of
    /// its target group is known.
    #[must_use]
    pub(crate) fn way(&self) -> Self {
        let rule = match self.rule {
            RuleCode::L7G103 => RuleCode::L7G003,
            rule => rule,
        };
        Self {
            rule,
            ..self.clone()
        }
    }

    /// The path as it is found while no gateway is visible: it stands for one to any.
    #[must_use]
    pub(crate) fn to_any_gateway(&self) -> Self {
        Self {
            gateway: None,
            ..self.clone()
        }
    }
}

/// A hop of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Which part of the path it is.
    pub role: HopRole,
    /// The object.
    pub object: ObjectKey,
    /// What shows that the path runs through it, in words, about the hop's object.
    pub evidence: Wording,
}

/// Which part of a path a hop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HopRole {
    /// The object that makes the load balancer.
    Front,
    /// A Service.
    Service,
    /// The gateway workload.
    Gateway,
}

impl HopRole {
    /// As written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Service => "service",
            Self::Gateway => "gateway",
        }
    }
}

impl Finding {
    /// A finding about one leg of a front.
    pub(super) fn of_leg(
        rule: RuleCode,
        confidence: Confidence,
        paths: &FrontPaths<'_>,
        leg: &Leg,
        message: impl Into<Wording>,
        remedy: Remedy,
    ) -> Self {
        let object = &paths.front.object.key;
        let mut path = Vec::new();
        let evidence = match &paths.front.provisioning {
            Provisioning::Alb(proof) => proof.text.clone(),
            Provisioning::Undecided => "no targetGroupProtocol".into(),
            Provisioning::Unknown(reason) => reason.clone(),
            Provisioning::Nothing => Wording::default(),
        };
        path.push(Hop {
            role: HopRole::Front,
            object: object.clone(),
            evidence: match &leg.binding {
                Some((binding, group)) => evidence
                    .then("; forwards to target group ")
                    .said(group.as_str())
                    .then(", bound by ")
                    .name(binding),
                None => evidence,
            },
        });
        path.extend(hops_of_reach(&leg.reach));
        Self {
            rule,
            confidence,
            is_of_unknown_role: leg.reach.is_of_unknown_role(),
            object: object.clone(),
            api_version: paths.front.object.api_version,
            field: leg.field.clone(),
            path,
            message: message.into(),
            remedy,
            identity: identity_of_reach(rule, object, &leg.reach),
            participants: paths.participants(leg),
        }
    }
}

impl Finding {
    /// A finding about a listener that ends TLS before a gateway. A binding has no part in it: whoever refuses the controller's
    /// binding takes a Network Load Balancer down.
    pub(super) fn of_tls_leg(
        rule: RuleCode,
        confidence: Confidence,
        object: &Object,
        leg: TlsLeg,
        message: Wording,
        remedy: Remedy,
    ) -> Self {
        let key = &object.key;
        let mut participants = leg.reach.participants();
        participants.insert(key.clone());
        participants.extend(leg.rests_on);
        let mut path = vec![Hop {
            role: HopRole::Front,
            object: key.clone(),
            evidence: leg.evidence,
        }];
        path.extend(hops_of_reach(&leg.reach));
        Self {
            rule,
            confidence,
            is_of_unknown_role: false,
            object: key.clone(),
            api_version: object.api_version,
            field: leg.field,
            path,
            message,
            remedy,
            identity: identity_of_reach(rule, key, &leg.reach),
            participants,
        }
    }
}

/// The hops from the Service on.
pub(super) fn hops_of_reach(reach: &ServiceTrace) -> Vec<Hop> {
    let hint = match &reach.backends {
        Backends::Likely(hint) | Backends::Stated(hint) => Some(hint),
        _ => None,
    };
    let last = reach.services.len() - 1;
    let mut hops: Vec<Hop> = reach
        .services
        .iter()
        .enumerate()
        .filter(|(at, hop)| hop.exists || (*at == last && hint.is_some()))
        .map(|(at, hop)| Hop {
            role: HopRole::Service,
            object: hop.key.clone(),
            evidence: match hint.filter(|_| at == last) {
                Some(hint) => hop.evidence.clone().then("; ").and(&hint.text),
                None => hop.evidence.clone(),
            },
        })
        .collect();
    if let Backends::Gateways(gateways) = &reach.backends {
        hops.extend(gateways.iter().map(|gateway| Hop {
            role: HopRole::Gateway,
            object: gateway.key.clone(),
            evidence: gateway.evidence.text.clone(),
        }));
    }
    hops
}

/// The paths over one Service: one a gateway workload.
pub(super) fn identity_of_reach(
    rule: RuleCode,
    object: &ObjectKey,
    reach: &ServiceTrace,
) -> BTreeSet<PathId> {
    let to = reach
        .services
        .first()
        .map(|hop| hop.key.qualified_name())
        .unwrap_or_default();
    let id = |gateway: Option<&ObjectKey>| PathId {
        rule,
        object: object.clone(),
        to: to.clone(),
        gateway: gateway.cloned(),
    };
    match &reach.backends {
        Backends::Gateways(gateways) => gateways.iter().map(|g| id(Some(&g.key))).collect(),
        _ => BTreeSet::from([id(None)]),
    }
}
