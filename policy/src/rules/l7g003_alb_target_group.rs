//! ## What it does
//!
//! Finds a TargetGroupBinding whose target group is an Application Load Balancer's and that binds a Service of an Istio
//! ingress gateway. The target group is an ALB's if its protocol is HTTP or HTTPS, or, where no protocol is said, if
//! another visible object proves it: an ALB front that forwards to the same target group, or (likely) a tracking label
//! of an ALB controller.
//!
//! A binding that a controller made for an Ingress or route that stands is part of that front's path, and is reported
//! there alone.
//!
//! ## Why
//!
//! Whoever made the load balancer, in Terraform or by hand, the binding is what puts the gateway's Pods behind it.
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
//!     port: 80
//!   targetGroupARN: arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/edge/0123456789abcdef
//!   targetGroupProtocol: HTTP
//! ```
//!
//! ## What to write instead
//!
//! Bind the gateway to a target group of a Network Load Balancer:
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
//!   targetGroupARN: arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/edge-nlb/0123456789abcdef
//!   targetGroupProtocol: TCP
//!   targetType: ip
//! ```
//!
//! ## When to exempt
//!
//! When the load balancer is shared with other applications and moves later; with an owner and an expiry date.

use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G003,
    name: "alb-target-group",
    default_mode: Mode::Deny,
    kinds: &[Kind::TargetGroupBinding, Kind::EksTargetGroupBinding],
    headline: "ALB in front of Istio gateway {service}",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `webhooks/elbv2/targetgroupbinding_mutator.go`, `pkg/deploy/tracking/provider.go`",
    ],
    check: Check::Front(check),
    way_out: WayOut::Front,
    source: include_str!("l7g003_alb_target_group.rs"),
};

/// One finding if the binding's Service is a gateway's.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    let key = &paths.front.object.key;
    if !matches!(
        key.kind,
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding
    ) {
        return;
    }
    for leg in &paths.legs {
        let Some(confidence) = paths.confidence(leg) else {
            continue;
        };
        let message = Wording::of(key)
            .then(" would put the target group of an AWS Application Load Balancer (L7) in front of the Istio ingress gateway behind ")
            .and(&leg.reach.first_service());
        let remedy = Remedy::network_load_balancer(
            "Bind the gateway to a target group of a Network Load Balancer (targetGroupProtocol: TCP), or let its Service ask for one.",
            &leg.reach,
        );
        findings.push(Finding::of_leg(
            RULE.code, confidence, paths, leg, message, remedy,
        ));
    }
}
