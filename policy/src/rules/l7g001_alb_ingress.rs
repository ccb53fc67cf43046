//! ## What it does
//!
//! Finds an Ingress that an ALB controller reconciles and that routes to a Service of an Istio ingress gateway: by its
//! rules, its `defaultBackend`, an `actions.*` annotation that forwards to the Service, or a target group that a
//! TargetGroupBinding binds to the gateway.
//!
//! The class is resolved as the controllers do it: the annotation `kubernetes.io/ingress.class` beats
//! `spec.ingressClassName`, an IngressClass counts by its controller and not by its name, and an Ingress without a
//! class takes the default one. A gateway is known by what its Pods run, not by the name of its Service.
//!
//! ## Why
//!
//! An Application Load Balancer and an Istio ingress gateway both work on Layer 7. With one before the other, routing
//! is split over two systems, TLS ends before Istio sees it (SNI, mTLS and passthrough are lost), health checks are at
//! odds, and the client's address is lost unless both sides are configured for it. A Network Load Balancer (Layer 4)
//! leaves all of that to Istio.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//!   namespace: istio-system
//! spec:
//!   ingressClassName: alb
//!   defaultBackend:
//!     service:
//!       name: istio-ingressgateway
//!       port:
//!         number: 80
//! ```
//!
//! ## What to write instead
//!
//! Drop the Ingress and let the gateway's own Service ask for a Network Load Balancer:
//!
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: istio-ingressgateway
//!   namespace: istio-system
//!   annotations:
//!     service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
//!     service.beta.kubernetes.io/aws-load-balancer-target-group-attributes: preserve_client_ip.enabled=true
//!     service.beta.kubernetes.io/aws-load-balancer-scheme: internal # or internet-facing, as it was before
//!     service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http
//!     service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: "15021"
//!     service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz/ready
//! spec:
//!   type: LoadBalancer
//!   loadBalancerClass: service.k8s.aws/nlb
//!   selector:
//!     istio: ingressgateway
//!   ports:
//!     - {name: status-port, port: 15021, targetPort: 15021}
//!     - {name: http2, port: 80, targetPort: 8080}
//!     - {name: https, port: 443, targetPort: 8443}
//! ```
//!
//! Routing that the Ingress did belongs into a VirtualService or HTTPRoute of the mesh.
//!
//! ## When to exempt
//!
//! When a requirement can be met by an ALB alone for now (AWS WAF or Cognito at the edge, say) and somebody owns the
//! way out of it: exempt that one Ingress, with an expiry date.

use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::identity::Kind;
use crate::paths::FrontPaths;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G001,
    name: "alb-ingress",
    default_mode: Mode::Deny,
    kinds: &[Kind::Ingress],
    headline: "ALB in front of Istio gateway {service}",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/ingress/group_loader.go`, `class_loader.go`, `enhanced_backend_builder.go`",
    ],
    check: Check::Front(check),
    way_out: WayOut::Front,
    source: include_str!("l7g001_alb_ingress.rs"),
};

/// One finding for each gateway Service that the Ingress routes to.
fn check(paths: &FrontPaths<'_>, findings: &mut Vec<Finding>) {
    let key = &paths.front.object.key;
    if key.kind != Kind::Ingress {
        return;
    }
    for leg in &paths.legs {
        let Some(confidence) = paths.confidence(leg) else {
            continue;
        };
        let message = Wording::of(key)
            .then(" would put an AWS Application Load Balancer (L7) in front of the Istio ingress gateway behind ")
            .and(&leg.reach.first_service());
        let remedy = Remedy::network_load_balancer(
            "Do not route the Ingress to the gateway; let the gateway's Service ask for a Network Load Balancer (L4) instead.",
            &leg.reach,
        );
        findings.push(Finding::of_leg(
            RULE.code, confidence, paths, leg, message, remedy,
        ));
    }
}
