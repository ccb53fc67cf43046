//! The load balancer that a gateway's own Service asks for.

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::rules::RuleCode;
use serde_json::{Value, json};

use super::gateway_class::istio_side;
use super::manifest::{annotation, field, key, list, name, namespace, text};
use super::service::{ServiceTrace, reach};
use super::static_evidence::generated;
use super::{Answer, Found, World};

pub(super) fn judge(world: World<'_>, answer: &mut Answer) {
    for service in world.all(Kind::Service) {
        if text(service, "/spec/type") != Some("ExternalName") {
            judge_service(world, service, &key(service), answer);
        }
    }
    for gateway in world.all(Kind::Gateway) {
        if let Some(service) = missing_service(world, gateway) {
            judge_service(world, &service, &key(gateway), answer);
        }
    }
}

/// The Service that istiod will make for a Gateway, as far as its load balancer goes.
fn missing_service(world: World<'_>, gateway: &Value) -> Option<Value> {
    istio_side(world, gateway)?;
    let generated = generated(world, gateway)?;
    if world
        .get(Kind::Service, namespace(gateway), &generated)
        .is_some()
    {
        return None;
    }
    let mut ports = vec![json!({"name": "status-port", "port": 15021})];
    for listener in list(gateway, "/spec/listeners") {
        ports.push(json!({"name": listener["name"], "port": listener["port"]}));
    }
    // The Gateway's own annotations are copied where there are none for what is made.
    let asked = field(gateway, "/spec/infrastructure/annotations");
    let annotations = asked.or_else(|| field(gateway, "/metadata/annotations"));
    Some(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "namespace": namespace(gateway), "name": generated, "annotations": annotations,
        },
        "spec": {"type": "LoadBalancer", "ports": ports},
    }))
}

/// Judges a Service, whose findings are about `object`.
fn judge_service(world: World<'_>, service: &Value, object: &ObjectKey, answer: &mut Answer) {
    let reach = reach(world, namespace(service), name(service));
    let is_suspected = matches!(reach, ServiceTrace::Suspected(_));
    let Some(confidence) = reach.confidence().filter(|_| !is_suspected) else {
        return;
    };
    for (rule, applies) in [
        (RuleCode::L7G004, asks_for_alb(service)),
        (RuleCode::L7G101, is_classic_with_http(service)),
        (RuleCode::L7G102, ends_tls(service)),
        (RuleCode::L7G104, has_conflicting_health_check(service)),
    ] {
        if applies {
            answer.findings.insert(Found {
                rule,
                object: object.clone(),
                to: format!("{}/{}", namespace(service), name(service)),
                gateways: reach.gateways().into_iter().collect(),
                confidence,
            });
        }
    }
}

/// An annotation below the prefix of all load balancers of Services.
fn asks<'a>(service: &'a Value, rest: &str) -> Option<&'a str> {
    annotation(
        service,
        &format!("service.beta.kubernetes.io/aws-load-balancer-{rest}"),
    )
}

fn is_load_balancer(service: &Value) -> bool {
    text(service, "/spec/type") == Some("LoadBalancer")
}

fn class(service: &Value) -> Option<&str> {
    text(service, "/spec/loadBalancerClass")
}

fn asks_for_alb(service: &Value) -> bool {
    let value = asks(service, "type").unwrap_or_default();
    is_load_balancer(service)
        && class(service).is_none()
        && ["alb", "application"].contains(&value.trim().to_lowercase().as_str())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Built {
    /// By the AWS Load Balancer Controller.
    NetworkByController,
    /// By the cloud provider.
    NetworkByProvider,
    Classic,
    Nothing,
}

fn built(service: &Value) -> Built {
    match (class(service), asks(service, "type")) {
        (Some("service.k8s.aws/nlb" | "eks.amazonaws.com/nlb"), _) | (None, Some("nlb-ip")) => {
            Built::NetworkByController
        }
        (Some(_), _) => Built::Nothing,
        (None, Some("external")) => match asks(service, "nlb-target-type") {
            Some("ip" | "instance") => Built::NetworkByController,
            _ => Built::Nothing,
        },
        _ if !is_load_balancer(service) => Built::Nothing,
        (None, Some("nlb")) => Built::NetworkByProvider,
        _ if is_error_of_provider(service) => Built::Nothing,
        _ => Built::Classic,
    }
}

/// The cloud provider knows five backend protocols of a port with a certificate, and fails at any other one.
fn is_error_of_provider(service: &Value) -> bool {
    let is_known = match asks(service, "backend-protocol") {
        None => true,
        Some(protocol) => ["", "tcp", "ssl", "http", "https"].contains(&protocol),
    };
    !is_known && list(service, "/spec/ports").any(|port| is_certified_by_provider(service, port))
}

/// Whether the certificate applies to a port of what is built.
fn is_certified(service: &Value, port: &Value) -> bool {
    if built(service) != Built::NetworkByController {
        return is_certified_by_provider(service, port);
    }
    let ports = asks(service, "ssl-ports").unwrap_or_default();
    // An entry that is no port of the Service is an error: nothing is built.
    !asks(service, "ssl-cert").unwrap_or_default().is_empty()
        && (ports.is_empty()
            || (names_port(ports, port, text(port, "/name").unwrap_or_default())
                && ports.split(',').all(|entry| is_port(service, entry))))
}

fn is_certified_by_provider(service: &Value, port: &Value) -> bool {
    let ports = asks(service, "ssl-ports").unwrap_or_default();
    let name = text(port, "/name").unwrap_or_default().to_lowercase();
    !asks(service, "ssl-cert").unwrap_or_default().is_empty()
        && (ports.is_empty() || ports == "*" || names_port(ports, port, &name))
}

fn names_port(ports: &str, port: &Value, name: &str) -> bool {
    let number = port.get("port").map(Value::to_string).unwrap_or_default();
    ports
        .split(',')
        .any(|entry| entry == number || entry == name)
}

fn is_port(service: &Value, entry: &str) -> bool {
    list(service, "/spec/ports").any(|port| {
        port.get("port").map(Value::to_string).as_deref() == Some(entry)
            || text(port, "/name") == Some(entry)
    })
}

fn is_classic_with_http(service: &Value) -> bool {
    let protocol = asks(service, "backend-protocol").unwrap_or_default();
    built(service) == Built::Classic
        && list(service, "/spec/ports").any(|port| {
            if is_certified(service, port) {
                protocol == "http" || protocol == "https"
            } else {
                protocol == "http"
            }
        })
}

fn ends_tls(service: &Value) -> bool {
    built(service) != Built::Nothing
        && list(service, "/spec/ports").any(|port| is_certified(service, port))
}

fn has_conflicting_health_check(service: &Value) -> bool {
    if built(service) == Built::Nothing {
        return false;
    }
    let is_ip_mode = match asks(service, "type") {
        Some("nlb-ip") if class(service).is_none() => true,
        _ => {
            built(service) == Built::NetworkByController
                && asks(service, "nlb-target-type") == Some("ip")
        }
    };
    let port = asks(service, "healthcheck-port").unwrap_or("traffic-port");
    let path = asks(service, "healthcheck-path").unwrap_or("/");
    let protocol = asks(service, "healthcheck-protocol").unwrap_or("tcp");
    let is_status = is_status_port(service, port, is_ip_mode);
    if !is_ip_mode && port == "15021" && !is_status {
        return true;
    }
    if !is_ip_mode && text(service, "/spec/externalTrafficPolicy") == Some("Local") {
        let node = field(service, "/spec/healthCheckNodePort").map(Value::to_string);
        if asks(service, "healthcheck-port").is_none() || node.as_deref() == Some(port) {
            return false;
        }
    }
    match protocol.to_lowercase().as_str() {
        "http" => !is_status || path != "/healthz/ready",
        "https" => is_status,
        _ => false,
    }
}

/// Whether the port of a health check is the gateway's status port, or the agent's.
fn is_status_port(service: &Value, checked: &str, is_ip_mode: bool) -> bool {
    if is_ip_mode && ["15021", "15020"].contains(&checked) {
        return true;
    }
    if checked == "traffic-port" {
        return list(service, "/spec/ports").all(leads_to_status);
    }
    list(service, "/spec/ports")
        .filter(|port| leads_to_status(port))
        .any(|port| {
            let node_port = field(port, "/nodePort").map(Value::to_string);
            text(port, "/name") == Some(checked)
                || (!is_ip_mode && node_port.as_deref() == Some(checked))
        })
}

fn leads_to_status(port: &Value) -> bool {
    [Some(15021), Some(15020)].contains(&target(port))
}

/// The number of a container's port.
fn target(port: &Value) -> Option<u64> {
    match field(port, "/targetPort") {
        Some(target) => target.as_u64(),
        None => field(port, "/port")?.as_u64(),
    }
}
