//! ## What it does
//!
//! Finds a TargetGroupBinding without `targetGroupProtocol` that binds a Service of an Istio ingress gateway, where
//! nothing visible says whether the target group is an Application Load Balancer's or a Network Load Balancer's.
//!
//! ## Why
//!
//! Objects written before the field existed, and those of EKS Auto Mode, do not have it. Most of them belong to a
//! Network Load Balancer, which is right; the rest would be L7G003.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: elbv2.k8s.aws/v1beta1
//! kind: TargetGroupBinding
//! metadata:
//!   name: edge
//!   namespace: istio-system
//! spec:
//!   serviceRef:
//!     name: istio-ingressgateway
//!     port: 443
//!   targetGroupARN: arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/edge/0123456789abcdef
//! ```
//!
//! ## What to write instead
//!
//! Say the protocol:
//!
//! ```yaml
//! apiVersion: elbv2.k8s.aws/v1beta1
//! kind: TargetGroupBinding
//! metadata:
//!   name: edge
//!   namespace: istio-system
//! spec:
//!   serviceRef:
//!     name: istio-ingressgateway
//!     port: 443
//!   targetGroupARN: arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/edge/0123456789abcdef
//!   targetGroupProtocol: TCP
//! ```
//!
//! ## When to exempt
//!
//! When the binding cannot be changed and its target group is known to be a Network Load Balancer's.

use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::fronts::Provisioning;
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G103,
    name: "target-group-unknown",
    default_mode: Mode::Warn,
    kinds: &[Kind::TargetGroupBinding, Kind::EksTargetGroupBinding],
    headline: "target group of unknown protocol before Istio gateway {service}",
    reason: TWO_ROUTERS,
    sources: &["AWS Load Balancer Controller `webhooks/elbv2/targetgroupbinding_mutator.go`"],
    check: Check::Front(check),
    way_out: WayOut::Unknown(
        "what the target group belongs to is not known: write its protocol into spec.targetGroupProtocol",
    ),
    source: include_str!("l7g103_target_group_unknown.rs"),
};

/// One finding if the binding's Service is a gateway's.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    if paths.front.provisioning != Provisioning::Undecided {
        return;
    }
    let key = &paths.front.object.key;
    for leg in &paths.legs {
        if leg.reach.is_of_unknown_role() {
            continue;
        }
        let Some(confidence) = leg.reach.confidence() else {
            continue;
        };
        let message = Wording::of(key)
            .then(" binds the Istio ingress gateway behind ")
            .and(&leg.reach.first_service())
            .then(" to a target group without saying its protocol: it may be an AWS Application Load Balancer's (L7)");
        let remedy = Remedy::paste(
            "Say that the target group is a Network Load Balancer's (L4), if it is:",
            "spec:\n  targetGroupProtocol: TCP\n",
        );
        findings.push(Finding::of_leg(
            RULE.code, confidence, paths, leg, message, remedy,
        ));
    }
}
