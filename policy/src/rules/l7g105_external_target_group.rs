//! ## What it does
//!
//! Finds an ALB Ingress or route that forwards to a target group by ARN or name, where no visible TargetGroupBinding
//! says what is behind it.
//!
//! ## Why
//!
//! The target group may hold the Istio ingress gateway, registered from another cluster, by Terraform or by hand. From
//! the objects nobody can tell.
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
//!     alb.ingress.kubernetes.io/actions.legacy: >-
//!       {"type": "forward", "targetGroupName": "legacy"}
//! spec:
//!   ingressClassName: alb
//!   defaultBackend:
//!     service:
//!       name: legacy
//!       port:
//!         name: use-annotation
//! ```
//!
//! ## What to write instead
//!
//! Forward to a Service of the cluster, so that everybody sees what is behind the load balancer:
//!
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   ingressClassName: alb
//!   defaultBackend:
//!     service:
//!       name: legacy
//!       port:
//!         number: 80
//! ```
//!
//! ## When to exempt
//!
//! When the target group is known to hold something else, such as a Lambda function or a virtual machine.

use std::collections::BTreeSet;

use super::remedy::Remedy;
use super::{Check, Finding, Hop, HopRole, Mode, PathId, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::fronts::Provisioning;
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G105,
    name: "external-target-group",
    default_mode: Mode::Warn,
    kinds: &[Kind::Ingress, Kind::HttpRoute, Kind::GrpcRoute],
    headline: "ALB forwards to a target group that nothing here explains",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/ingress/config_types.go`, `enhanced_backend_builder.go`",
    ],
    check: Check::Front(check),
    way_out: WayOut::Unknown("what is behind the target group is not in sight"),
    source: include_str!("l7g105_external_target_group.rs"),
};

/// One finding for each target group.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    let Provisioning::Alb(proof) = &paths.front.provisioning else {
        return;
    };
    let object = &paths.front.object.key;
    for (field, group) in &paths.open_target_groups {
        let mut participants = BTreeSet::from([object.clone()]);
        participants.extend(proof.rests_on.iter().cloned());
        findings.push(Finding {
            rule: RULE.code,
            confidence: proof.confidence,
            object: object.clone(),
            is_of_unknown_role: false,
            api_version: paths.front.object.api_version,
            field: field.clone(),
            path: vec![Hop {
                role: HopRole::Front,
                object: object.clone(),
                evidence: proof.text.clone(),
            }],
            message: Wording::of(object)
                .then(" makes an AWS Application Load Balancer (L7) forward to target group ")
                .said(group.as_str())
                .then(", and nothing visible says what is behind it"),
            remedy: Remedy::advice("Forward to a Service of this cluster, or make sure that the target group does not hold the Istio ingress gateway."),
            identity: BTreeSet::from([PathId {
                rule: RuleCode::L7G105,
                object: object.clone(),
                to: group.as_str().to_owned(),
                gateway: None,
            }]),
            participants,
        });
    }
}
