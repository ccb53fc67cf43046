//! ## What it does
//!
//! Finds a gateway's Service that gets a Classic Load Balancer with HTTP or HTTPS listeners: no load balancer class, no
//! type annotation that makes a Network Load Balancer, and the backend protocol `http` (or `https` together with a
//! certificate).
//!
//! ## Why
//!
//! A Classic Load Balancer with HTTP listeners works on Layer 7, under an older name: it ends TLS, rewrites headers and
//! speaks HTTP/1.1 to the gateway, with all that follows from it for an Application Load Balancer.
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
//!     service.beta.kubernetes.io/aws-load-balancer-backend-protocol: http
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
//! While an old Classic Load Balancer is being replaced; with an expiry date.

use super::load_balancer::{Built, GatewayService};
use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::identity::Kind;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G101,
    name: "classic-elb-http",
    default_mode: Mode::Warn,
    kinds: &[Kind::Service, Kind::Gateway],
    headline: "Classic ELB with HTTP listeners before an Istio gateway",
    reason: TWO_ROUTERS,
    sources: &["kubernetes/cloud-provider-aws `pkg/providers/v1/aws.go` (`buildListener`)"],
    check: Check::Service(check),
    way_out: WayOut::Defect,
    source: include_str!("l7g101_classic_elb_http.rs"),
};

/// One finding if some port gets an HTTP or HTTPS listener.
fn check(service: &GatewayService<'_>, findings: &mut Vec<Finding>) {
    let request = service.request;
    let ports = &service.service.ports;
    if request.built(ports) != Built::Classic || !request.has_http_listener(ports) {
        return;
    }
    let key = &service.key;
    let message = Wording::of(key).then(
        " of an Istio ingress gateway gets a Classic Load Balancer with HTTP listeners (L7 under an older name)",
    );
    let remedy =
        Remedy::network_load_balancer("Ask for a Network Load Balancer (L4).", &service.reach);
    findings.push(service.finding(RuleCode::L7G101, "backend-protocol", message, remedy));
}
