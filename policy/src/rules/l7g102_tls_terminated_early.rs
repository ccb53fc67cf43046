//! ## What it does
//!
//! Finds a gateway's Service whose load balancer ends TLS: a certificate is set by annotation and applies to a port. Finds
//! too a listener of a Network Load Balancer's Gateway that ends TLS (protocol `TLS`, not of mode `Passthrough`) and leads
//! to such a Service: by a TCPRoute or TLSRoute, which are read from files alone, or in a cluster by the binding that the
//! controller made, where all listeners of the Gateway end TLS.
//!
//! ## Why
//!
//! Istio then never sees the handshake. Servers that are chosen by SNI do not match, client certificates (mTLS) do not
//! arrive, passthrough is impossible, and a redirect from HTTP to HTTPS at the gateway loops.
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
//!     service.beta.kubernetes.io/aws-load-balancer-type: nlb
//!     service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn:aws:acm:eu-central-1:111122223333:certificate/example
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
//! Pass TLS through, and put the certificate into the Istio Gateway (`credentialName`):
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
//! A listener of a Network Load Balancer's Gateway becomes a TCP listener (`protocol: TCP`, without `tls` and `hostname`) where a
//! TCPRoute leads on from it to a port on which the gateway ends TLS.
//!
//! ## When to exempt
//!
//! When certificates can only live in AWS Certificate Manager, and the gateway is configured for plain text behind it.

use super::load_balancer::{Built, GatewayService};
use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::identity::Kind;
use crate::objects::Object;
use crate::paths::network_gateway::TlsLeg;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G102,
    name: "tls-terminated-early",
    default_mode: Mode::Warn,
    kinds: &[Kind::Service, Kind::Gateway, Kind::ListenerSet],
    headline: "TLS ends at the load balancer, before Istio",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/service/model_build_listener.go`",
        "kubernetes/cloud-provider-aws `pkg/providers/v1/aws.go` (`buildListener`)",
    ],
    check: Check::Service(check),
    way_out: WayOut::Defect,
    source: include_str!("l7g102_tls_terminated_early.rs"),
};

/// One finding if a certificate applies to some port.
fn check(service: &GatewayService<'_>, findings: &mut Vec<Finding>) {
    let request = service.request;
    let ports = &service.service.ports;
    if request.built(ports) == Built::Other {
        return;
    }
    let certificate = request.certificate(ports);
    if !ports.iter().any(|port| certificate.applies(port)) {
        return;
    }
    let key = &service.key;
    let message = Wording::of(key).then(
        " ends TLS at the load balancer, before the Istio ingress gateway: SNI, mTLS and passthrough are lost",
    );
    let remedy = Remedy::network_load_balancer(
        "Drop the certificate annotations, so that TLS reaches the gateway, and name the certificate in the Istio Gateway (credentialName).",
        &service.reach,
    );
    findings.push(service.finding(RuleCode::L7G102, "ssl-cert", message, remedy));
}

/// One finding if a gateway is behind the Service that the listener leads to.
pub(super) fn check_listener(object: &Object, leg: TlsLeg, findings: &mut Vec<Finding>) {
    // Nothing is said of a proxy that may be a sidecar.
    let is_known = !leg.reach.is_of_unknown_role();
    let Some(confidence) = leg.reach.confidence().filter(|_| is_known) else {
        return;
    };
    let confidence = confidence.min(leg.confidence);
    let message = Wording::of(&object.key)
        .then(" ends TLS at a Network Load Balancer, before the Istio ingress gateway behind ")
        .and(&leg.reach.first_service())
        .then(": SNI, mTLS and passthrough are lost");
    let remedy = Remedy::paste(
        "Hand TLS on as it comes, by a TCPRoute to the gateway's TLS port, and name the certificate in the Istio Gateway (credentialName). The listener:",
        "protocol: TCP # without tls and hostname\n",
    );
    findings.push(Finding::of_tls_leg(
        RuleCode::L7G102,
        confidence,
        object,
        leg,
        message,
        remedy,
    ));
}
