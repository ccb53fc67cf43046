//! ## What it does
//!
//! Finds an HTTPRoute or GRPCRoute that is attached to a Gateway of an ALB's GatewayClass (directly or through a
//! ListenerSet) and routes to a Service of an Istio ingress gateway, or to a target group that a TargetGroupBinding
//! binds to one. Listener restrictions, hostnames, section names, weights and a missing ReferenceGrant excuse nothing:
//! each of them can change without a write to the route.
//!
//! ## Why
//!
//! The Gateway becomes an Application Load Balancer, so the mesh's gateway stands behind a second Layer-7 router: TLS
//! ends too early, routing and health checks live in two places, client addresses are lost.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: HTTPRoute
//! metadata:
//!   name: web
//!   namespace: istio-system
//! spec:
//!   parentRefs:
//!     - name: edge # a Gateway of a class with controller gateway.k8s.aws/alb
//!   rules:
//!     - backendRefs:
//!         - name: istio-ingressgateway
//!           port: 80
//! ```
//!
//! ## What to write instead
//!
//! Attach the route to an Istio Gateway, and let that Gateway's Service ask for a Network Load Balancer:
//!
//! ```yaml
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata:
//!   name: edge
//!   namespace: istio-system
//! spec:
//!   gatewayClassName: istio
//!   infrastructure:
//!     annotations:
//!       service.beta.kubernetes.io/aws-load-balancer-type: external
//!       service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
//!       service.beta.kubernetes.io/aws-load-balancer-target-group-attributes: preserve_client_ip.enabled=true
//!       service.beta.kubernetes.io/aws-load-balancer-scheme: internal # or internet-facing, as it was before
//!       service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http
//!       service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: "15021"
//!       service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz/ready
//!   listeners:
//!     - {name: http, port: 80, protocol: HTTP}
//! ```
//!
//! ## When to exempt
//!
//! As for L7G001: when only an ALB meets a requirement for now, and somebody owns the way out of it.

use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G002,
    name: "alb-route",
    default_mode: Mode::Deny,
    kinds: &[Kind::HttpRoute, Kind::GrpcRoute],
    headline: "ALB in front of Istio gateway {service}",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/gateway/routeutils`, `pkg/gateway/constants/controller_constants.go`",
    ],
    check: Check::Front(check),
    way_out: WayOut::Front,
    source: include_str!("l7g002_alb_route.rs"),
};

/// One finding for each gateway Service that the route leads to.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    let key = &paths.front.object.key;
    if !matches!(key.kind, Kind::HttpRoute | Kind::GrpcRoute) {
        return;
    }
    for leg in &paths.legs {
        let Some(confidence) = paths.confidence(leg) else {
            continue;
        };
        let message = Wording::of(key)
            .then(" would make an AWS Application Load Balancer (L7) route to the Istio ingress gateway behind ")
            .and(&leg.reach.first_service());
        let remedy = Remedy::network_load_balancer(
            "Attach the route to an Istio Gateway: in spec.parentRefs name a Gateway of class `istio`, in backendRefs the application's own Services. Let the gateway's Service ask for a Network Load Balancer (L4).",
            &leg.reach,
        );
        findings.push(Finding::of_leg(
            RULE.code, confidence, paths, leg, message, remedy,
        ));
    }
}
