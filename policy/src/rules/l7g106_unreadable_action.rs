//! ## What it does
//!
//! Finds an ALB Ingress that refers to an `actions.*` annotation which the AWS Load Balancer Controller itself cannot
//! read, or would refuse. The annotation is decoded as the controller does it, with the semantics of Go's
//! `encoding/json`: keys in any case, duplicates merged.
//!
//! ## Why
//!
//! The controller stops at such an action: nothing new is deployed for the whole IngressGroup, and the load balancer
//! that exists stays as it is. What the action was meant to do cannot be judged.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//!   namespace: shop
//!   annotations:
//!     alb.ingress.kubernetes.io/actions.api: '{"type": "forward",}'
//! spec:
//!   ingressClassName: alb
//!   defaultBackend:
//!     service:
//!       name: api
//!       port:
//!         name: use-annotation
//! ```
//!
//! ## What to write instead
//!
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//!   namespace: shop
//!   annotations:
//!     alb.ingress.kubernetes.io/actions.api: >-
//!       {"type": "forward", "forwardConfig": {"targetGroups": [{"serviceName": "api", "servicePort": 80}]}}
//! spec:
//!   ingressClassName: alb
//!   defaultBackend:
//!     service:
//!       name: api
//!       port:
//!         name: use-annotation
//! ```
//!
//! ## When to exempt
//!
//! Hardly ever: the load balancer is not being updated.

use std::collections::BTreeSet;

use super::remedy::Remedy;
use super::{Check, Finding, Hop, HopRole, Mode, PathId, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::fronts::{Provisioning, Target};
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G106,
    name: "unreadable-action",
    default_mode: Mode::Warn,
    kinds: &[Kind::Ingress],
    headline: "action that the ALB controller cannot read",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/ingress/config_types.go`, `enhanced_backend_builder.go`",
        "Go `encoding/json`",
    ],
    check: Check::Front(check),
    way_out: WayOut::Unknown("what the action is meant to say is not known"),
    source: include_str!("l7g106_unreadable_action.rs"),
};

/// One finding for each unreadable action that a backend refers to.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    let Provisioning::Alb(proof) = &paths.front.provisioning else {
        return;
    };
    let object = &paths.front.object.key;
    for destination in &paths.front.destinations {
        let Target::Unreadable { action, reason } = &destination.target else {
            continue;
        };
        let mut participants = BTreeSet::from([object.clone()]);
        participants.extend(proof.rests_on.iter().cloned());
        findings.push(Finding {
            rule: RULE.code,
            confidence: proof.confidence,
            object: object.clone(),
            is_of_unknown_role: false,
            api_version: paths.front.object.api_version,
            field: destination.field.to_string(),
            path: vec![Hop {
                role: HopRole::Front,
                object: object.clone(),
                evidence: proof.text.clone(),
            }],
            message: Wording::of(object)
                .then(" refers to action ")
                .said(format_args!("{action:?}"))
                .then(", which the AWS Load Balancer Controller cannot read (")
                .said(reason)
                .then("): nothing will be deployed"),
            remedy: Remedy::advice(
                "Correct the annotation; `l7guard explain L7G106` shows a valid one.",
            ),
            identity: BTreeSet::from([PathId {
                rule: RuleCode::L7G106,
                object: object.clone(),
                to: action.to_string(),
                gateway: None,
            }]),
            participants,
        });
    }
}
