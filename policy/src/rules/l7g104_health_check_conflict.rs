//! ## What it does
//!
//! Finds a gateway's Service whose load balancer checks health in a way that cannot agree with the gateway: an HTTP check
//! on another port than the status port (15021, or its node port in instance mode) or on another path than
//! `/healthz/ready`, an HTTPS check on that port, or the literal port 15021 where targets are nodes, whatever the protocol.
//! Any other TCP check agrees. So does a check of the agent's own port 15020, and with `externalTrafficPolicy: Local` and
//! node targets one of the `healthCheckNodePort`.
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
//! When a route of the gateway answers the check on purpose.

use super::load_balancer::{Built, GatewayService};
use super::remedy::Remedy;
use super::{Check, Finding, Mode, Rule, RuleCode, TWO_ROUTERS, WayOut};
use crate::gateways::kind::STATUS_PORT;
use crate::identity::Kind;
use crate::objects::service::TargetPort;
use crate::wording::Wording;

pub(super) const RULE: Rule = Rule {
    code: RuleCode::L7G104,
    name: "health-check-conflict",
    default_mode: Mode::Warn,
    kinds: &[Kind::Service, Kind::Gateway],
    headline: "health check that the Istio gateway cannot answer",
    reason: TWO_ROUTERS,
    sources: &[
        "AWS Load Balancer Controller `pkg/service/model_build_target_group.go`",
        "Istio `pilot/cmd/pilot-agent/status/server.go`",
    ],
    check: Check::Service(check),
    way_out: WayOut::Defect,
    source: include_str!("l7g104_health_check_conflict.rs"),
};

/// The path on which a gateway answers health checks.
///
/// Source: Istio `pilot/cmd/pilot-agent/status/server.go`.
const READY_PATH: &str = "/healthz/ready";

/// The agent's own port, which the status port is a way to.
///
/// Source: Istio `pilot/cmd/pilot-agent/options/options.go` (`statusPort`), `pilot/pkg/bootstrap` (the listener at 15021
/// leads there).
const AGENT_PORT: u16 = 15020;

/// One finding for the first thing that is at odds.
fn check(service: &GatewayService<'_>, findings: &mut Vec<Finding>) {
    if service.request.built(&service.service.ports) == Built::Other {
        return;
    }
    let Some((annotation, reason)) = conflict(service) else {
        return;
    };
    let key = &service.key;
    let message = Wording::of(key)
        .then(" of an Istio ingress gateway has a health check that the gateway cannot answer: ")
        .said(reason);
    let remedy = Remedy::network_load_balancer("Check the status port.", &service.reach);
    findings.push(service.finding(RuleCode::L7G104, annotation, message, remedy));
}

/// Where the checked port leads.
#[derive(Debug, PartialEq, Eq)]
enum CheckedPort {
    /// To the gateway's status port, or to the agent's own, which answers alike.
    Status,
    /// To the node's answer for the gateways on it.
    Node,
    /// To something else, in words.
    Other(String),
    /// The literal status port, where targets are nodes: no node listens there.
    LiteralOnNode,
}

/// The annotation at fault and the reason.
fn conflict(service: &GatewayService<'_>) -> Option<(&'static str, String)> {
    let request = service.request;
    let protocol = request.annotation("healthcheck-protocol");
    let is_https = match protocol.unwrap_or_default().to_ascii_lowercase().as_str() {
        "http" => Some(false),
        "https" => Some(true),
        _ => None,
    };
    let at = |annotation: &'static str| {
        let is_given = request.annotation(annotation).is_some();
        if is_given {
            annotation
        } else {
            "healthcheck-protocol"
        }
    };
    match (checked_port(service), is_https) {
        (CheckedPort::LiteralOnNode, _) => Some((
            "healthcheck-port",
            format!(
                "with node targets {STATUS_PORT} is a port of the node, on which nothing listens; name the status port's node port"
            ),
        )),
        (CheckedPort::Status, Some(true)) => Some((
            "healthcheck-protocol",
            "the status port speaks plain HTTP, not HTTPS".to_owned(),
        )),
        (CheckedPort::Status, Some(false)) => {
            let path = request.annotation("healthcheck-path").unwrap_or("/");
            let reason = || format!("path {path:?} is not {READY_PATH}");
            (path != READY_PATH).then(|| (at("healthcheck-path"), reason()))
        }
        (CheckedPort::Other(port), Some(false)) => Some((
            at("healthcheck-port"),
            format!("{port} is not the status port {STATUS_PORT}"),
        )),
        (CheckedPort::Other(_), Some(true)) | (CheckedPort::Node, _) | (_, None) => None,
    }
}

/// Resolves `healthcheck-port`: `traffic-port` (the default), a number, or the name of a port of the Service. Where
/// targets are nodes and the traffic policy is `Local`, the default is the Service's health check node port.
///
/// Source: AWS Load Balancer Controller `pkg/service/model_build_target_group.go`
/// (`buildTargetGroupHealthCheckPort`): in instance mode a number is taken literally as a port of the node.
fn checked_port(service: &GatewayService<'_>) -> CheckedPort {
    let ports = &service.service.ports;
    let request = service.request;
    let is_local = request.is_local && !request.is_ip_mode();
    let checked = request.annotation("healthcheck-port");
    if checked.is_none() && is_local {
        return CheckedPort::Node;
    }
    let Some(checked) = checked.filter(|port| *port != "traffic-port") else {
        let all_status = !ports.is_empty() && ports.iter().all(|p| leads_to_status(&p.target));
        return if all_status {
            CheckedPort::Status
        } else {
            CheckedPort::Other("the traffic port".to_owned())
        };
    };
    match checked.parse::<u16>() {
        Ok(number) if is_local && request.health_check_node_port == Some(number) => {
            CheckedPort::Node
        }
        Ok(number) => numbered_port(service, number),
        Err(_) => match ports.iter().find(|port| *port.name == *checked) {
            Some(port) if leads_to_status(&port.target) => CheckedPort::Status,
            _ => CheckedPort::Other(format!("port {checked:?}")),
        },
    }
}

fn numbered_port(service: &GatewayService<'_>, number: u16) -> CheckedPort {
    let target = TargetPort::Number(number);
    if service.request.is_ip_mode() {
        return if leads_to_status(&target) {
            CheckedPort::Status
        } else {
            CheckedPort::Other(format!("port {number}"))
        };
    }
    let mut at_node = service
        .service
        .ports
        .iter()
        .filter(|port| port.node_port == Some(number))
        .peekable();
    if at_node.peek().is_none() && number == STATUS_PORT {
        CheckedPort::LiteralOnNode
    } else if at_node.any(|port| leads_to_status(&port.target)) {
        CheckedPort::Status
    } else {
        CheckedPort::Other(format!("port {number}"))
    }
}

fn leads_to_status(target: &TargetPort) -> bool {
    matches!(target, TargetPort::Number(STATUS_PORT | AGENT_PORT))
}
