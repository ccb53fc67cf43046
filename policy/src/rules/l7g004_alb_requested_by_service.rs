//! ## What it does
//!
//! Finds a gateway's Service of type LoadBalancer that asks for an ALB by the annotation
//! `service.beta.kubernetes.io/aws-load-balancer-type`, with the value `alb` or `application` in any case.
//!
//! ## Why
//!
//! No controller makes an ALB of a Service: the value does not exist. The cloud provider takes it for nothing it knows
//! and builds a Classic Load Balancer; the AWS Load Balancer Controller's mutating webhook, where it runs, a Network Load
//! Balancer. Whoever wrote it wanted an ALB in front of the gateway, and gets something else.
//!
//! ## Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: istio-ingressgateway
//!   namespace: istio-system
//!   annotations:
//!     service.beta.kubernetes.io/aws-load-balancer-type: alb
//! spec:
//!   type: LoadBalancer
//!   selector:
//!     istio: ingressgateway
//!   ports:
//!     - {name: status-port, port: 15021, targetPort: 15021}
//!     - {name: http2, port: 80, targetPort: 8080}
//!     - {name: https, port: 443, targetPort: 8443}
//! ```
//!
//! ## What to write instead
//!
//! Ask for a Network Load Balancer:
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
//! ## When to exempt
//!
//! Never: the annotation does nothing that anybody wants.

use super::load_balancer::GatewayService;
use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, WayOut};
use crate::identity::Kind;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G004,
    name: "alb-requested-by-service",
    default_mode: Mode::Deny,
    kinds: &[Kind::Service, Kind::Gateway],
    headline: "a Service cannot ask for an ALB",
    reason: "by this cluster's policy Istio is the one Layer-7 router, and this annotation does not do what it says.",
    sources: &[
        "AWS Load Balancer Controller `pkg/service/service_utils.go`",
        "kubernetes/cloud-provider-aws `pkg/providers/v1/aws_loadbalancer.go`",
    ],
    check: Check::Service(check),
    way_out: WayOut::Defect,
    source: include_str!("l7g004_alb_requested_by_service.rs"),
};

/// One finding if the annotation's value is meant to be an ALB and nothing else takes the Service.
fn check(service: &GatewayService<'_>, findings: &mut Vec<Finding>) {
    if service.request.class.is_some() {
        return;
    }
    let Some(value) = service.request.annotation("type") else {
        return;
    };
    if !matches!(value.trim().to_lowercase().as_str(), "alb" | "application") {
        return;
    }
    let key = &service.key;
    let message = Wording::of(key)
        .then(" of an Istio ingress gateway asks for an AWS Application Load Balancer (L7) by annotation. No controller honours ")
        .said(format_args!("{value:?}"))
        .then(": a Classic Load Balancer would be built in its place");
    let remedy =
        Remedy::network_load_balancer("Ask for a Network Load Balancer (L4).", &service.reach);
    findings.push(service.finding(RuleCode::L7G004, "type", message, remedy));
}
