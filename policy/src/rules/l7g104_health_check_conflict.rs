//! ## What it does
//!
//! Finds a gateway's Service whose load balancer checks health in a way that cannot agree with the gateway: an HTTP check
//! on another port than the status port (15021, or its node port in instance mode) or on another path than
//! `/healthz/ready`, an HTTPS check on that port, or the literal port 15021 where targets are nodes. A TCP check agrees.
//!
//! ## Why
//!
//! The gateway answers `/healthz/ready` on port 15021 over plain HTTP. On its traffic ports it answers what the routes
//! say: mostly 404 or a redirect for the load balancer's request, so that healthy gateways are taken out of service.
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
//!     service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
//!     service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http
//!     service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /
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
//! ## What to write instead
//!
//! Check the status port:
//!
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: istio-ingressgateway
//!   namespace: istio-system
//!   annotations:
//!     service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
//!     service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing
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
//! When a route of the gateway answers the check on purpose.

use super::load_balancer::{Built, GatewayService, annotation_field};
use super::remedy::Remedy;
use super::{Finding, RuleCode};
use crate::gateways::kind::STATUS_PORT;
use crate::objects::service::TargetPort;
use crate::wording::Wording;

pub(super) const SOURCE: &str = include_str!("l7g104_health_check_conflict.rs");

/// The path on which a gateway answers health checks.
///
/// Source: Istio `pilot/cmd/pilot-agent/status/server.go`.
const READY_PATH: &str = "/healthz/ready";

/// One finding for the first thing that is at odds.
pub(super) fn check(service: &GatewayService<'_>, findings: &mut Vec<Finding>) {
    if service.request.built() == Built::Other {
        return;
    }
    let Some((annotation, reason)) = conflict(service) else {
        return;
    };
    let key = &service.object.key;
    let message = Wording::of(key)
        .then(" of an Istio ingress gateway has a health check that the gateway cannot answer: ")
        .said(reason);
    let remedy = Remedy::network_load_balancer("Check the status port:", &service.reach);
    findings.push(service.finding(
        RuleCode::L7G104,
        annotation_field(annotation),
        message,
        remedy,
    ));
}

/// Where the checked port leads.
#[derive(Debug, PartialEq, Eq)]
enum CheckedPort {
    /// To the gateway's status port.
    Status,
    /// To something else, in words.
    Other(String),
    /// The literal status port, where targets are nodes: no node listens there.
    LiteralOnNode,
}

/// The annotation at fault and the reason.
fn conflict(service: &GatewayService<'_>) -> Option<(&'static str, String)> {
    let request = service.request;
    let protocol = request.annotation("healthcheck-protocol")?;
    let is_https = match protocol.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    match checked_port(service) {
        CheckedPort::Status if is_https => {
            return Some((
                "healthcheck-protocol",
                "the status port speaks plain HTTP, not HTTPS".to_owned(),
            ));
        }
        CheckedPort::Status => {}
        CheckedPort::LiteralOnNode => {
            return Some((
                "healthcheck-port",
                format!(
                    "with node targets {STATUS_PORT} is a port of the node, on which nothing listens; name the status port's node port"
                ),
            ));
        }
        CheckedPort::Other(_) if is_https => return None,
        CheckedPort::Other(port) => {
            let annotation = if request.annotation("healthcheck-port").is_some() {
                "healthcheck-port"
            } else {
                "healthcheck-protocol"
            };
            return Some((
                annotation,
                format!("{port} is not the status port {STATUS_PORT}"),
            ));
        }
    }
    let path = request.annotation("healthcheck-path").unwrap_or("/");
    (path != READY_PATH).then(|| {
        let annotation = if request.annotation("healthcheck-path").is_some() {
            "healthcheck-path"
        } else {
            "healthcheck-protocol"
        };
        (annotation, format!("path {path:?} is not {READY_PATH}"))
    })
}

/// Resolves `healthcheck-port`: `traffic-port` (the default), a number, or the name of a port of the Service.
///
/// Source: AWS Load Balancer Controller `pkg/service/model_build_target_group.go`
/// (`buildTargetGroupHealthCheckPort`): in instance mode a number is taken literally as a port of the node.
fn checked_port(service: &GatewayService<'_>) -> CheckedPort {
    let ports = &service.service.ports;
    let is_ip_mode = service.request.is_ip_mode();
    let leads_to_status = |target: &TargetPort| matches!(target, TargetPort::Number(STATUS_PORT));
    let checked = service.request.annotation("healthcheck-port");
    let Some(checked) = checked.filter(|port| *port != "traffic-port") else {
        let all_status = !ports.is_empty() && ports.iter().all(|p| leads_to_status(&p.target));
        return if all_status {
            CheckedPort::Status
        } else {
            CheckedPort::Other("the traffic port".to_owned())
        };
    };
    let Ok(number) = checked.parse::<u16>() else {
        let named = ports.iter().find(|port| *port.name == *checked);
        return match named {
            Some(port) if leads_to_status(&port.target) => CheckedPort::Status,
            _ => CheckedPort::Other(format!("port {checked:?}")),
        };
    };
    let is_status = if is_ip_mode {
        number == STATUS_PORT
    } else {
        let mut node_ports = ports.iter().filter(|port| leads_to_status(&port.target));
        node_ports.any(|port| port.node_port == Some(number))
    };
    if is_status {
        CheckedPort::Status
    } else if !is_ip_mode && number == STATUS_PORT {
        CheckedPort::LiteralOnNode
    } else {
        CheckedPort::Other(format!("port {number}"))
    }
}
