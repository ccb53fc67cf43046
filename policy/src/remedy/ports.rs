//! Ports of a Service: every port on which the front reached the gateway has to lead there, and TLS not to a port that
//! speaks plain text.

use serde_json::{Value, json};

use super::facing::{Facing, Listener};
use super::json::{list, list_mut};

/// The port for TLS.
const HTTPS: u16 = 443;

/// Adds the ports that are missing and leads TLS to where the gateway speaks it. Returns what was done, in sentences.
pub(super) fn ensure(service: &mut Value, facing: &Facing) -> Vec<String> {
    let mut said = Vec::new();
    for listener in &facing.listeners {
        let ports = list(service, &["spec", "ports"]).to_vec();
        match ports
            .iter()
            .position(|port| port["port"] == listener.port && is_tcp(port))
        {
            Some(at) if wants_tls(*listener) && is_plain(&ports, at) => {
                said.extend(lead_to_tls(service, at));
            }
            Some(_) => {}
            None => said.extend(add(service, *listener, &ports)),
        }
    }
    said
}

/// Leads the port to where the gateway ends TLS.
pub(super) fn lead_to_tls(service: &mut Value, at: usize) -> Option<String> {
    let target = tls_target(list(service, &["spec", "ports"]));
    let ports = list_mut(service, &["spec", "ports"])?;
    let port = ports.get_mut(at)?;
    let number = port["port"].clone();
    let shown = target
        .as_str()
        .map_or_else(|| target.to_string(), str::to_owned);
    port["targetPort"] = target;
    Some(format!(
        "Port {number} leads to {shown}, where the gateway speaks TLS, and no longer to a plain-text port."
    ))
}

fn add(service: &mut Value, listener: Listener, ports: &[Value]) -> Option<String> {
    let target = if wants_tls(listener) {
        tls_target(ports)
    } else {
        plain_target(ports).unwrap_or_else(|| chart_target(listener.port).into())
    };
    let name = free_name(ports, listener);
    let list = list_mut(service, &["spec", "ports"])?;
    if let [only] = list.as_mut_slice()
        && only.get("name").is_none_or(Value::is_null)
    {
        // Every port of a Service with several has to have a name.
        only["name"] = format!("port-{}", only["port"]).into();
    }
    list.push(
        json!({"name": name, "port": listener.port, "targetPort": target, "protocol": "TCP"}),
    );
    Some(format!(
        "Port {} is added, as the front had it and the Service has not.",
        listener.port
    ))
}

/// The port on which a gateway of Istio's charts serves what a Service has on this one. The gateway listens where the
/// Service leads, so that any free port will do.
pub(super) fn chart_target(port: u16) -> u16 {
    match port {
        80 => 8080,
        HTTPS => 8443,
        other => other,
    }
}

fn wants_tls(listener: Listener) -> bool {
    listener.is_tls || listener.port == HTTPS
}

fn free_name(ports: &[Value], listener: Listener) -> String {
    let name = match (listener.port, listener.is_tls) {
        (80, false) => "http2".to_owned(),
        (HTTPS, _) => "https".to_owned(),
        (port, true) => format!("https-{port}"),
        (port, false) => format!("http-{port}"),
    };
    if ports.iter().any(|port| port["name"] == name) {
        format!("lb-{}", listener.port)
    } else {
        name
    }
}

fn is_tcp(port: &Value) -> bool {
    matches!(port["protocol"].as_str(), None | Some("TCP"))
}

/// Where a port leads: `targetPort`, else the port itself.
fn target(port: &Value) -> &Value {
    let target = &port["targetPort"];
    if target.is_null() || *target == 0 {
        &port["port"]
    } else {
        target
    }
}

/// Whether a port leads to where the gateway speaks plain HTTP: by its own number or name, or because port 80 leads there too.
pub(super) fn is_plain(ports: &[Value], at: usize) -> bool {
    let Some(port) = ports.get(at) else {
        return false;
    };
    let goal = target(port);
    let is_http = |name: &str| name.starts_with("http") && !name.starts_with("https");
    let is_shared = ports.iter().enumerate().any(|(other, port)| {
        other != at
            && (port["port"] == 80 || port["name"].as_str().is_some_and(is_http))
            && target(port) == goal
    });
    is_shared || *goal == 80 || *goal == 8080 || goal.as_str().is_some_and(is_http)
}

/// Where port 80, or what is called after HTTP, leads.
fn plain_target(ports: &[Value]) -> Option<Value> {
    let is_http = |port: &&Value| {
        port["port"] == 80
            || port["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("http") && !name.starts_with("https"))
    };
    ports.iter().find(is_http).map(|port| target(port).clone())
}

/// Where TLS is to be led: to where another port leads that is not plain, else to the port of Istio's charts beside the
/// plain one.
fn tls_target(ports: &[Value]) -> Value {
    let tls = ports.iter().enumerate().find(|(at, port)| {
        let is_named = port["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("https"));
        (port["port"] == HTTPS || is_named) && !is_plain(ports, *at)
    });
    if let Some((_, port)) = tls {
        return target(port).clone();
    }
    let number = match plain_target(ports).as_ref().and_then(Value::as_u64) {
        Some(80) => HTTPS,
        Some(8081) => 8444,
        _ => 8443,
    };
    number.into()
}

/// The ports of a Service for another one on the same Pods: without node ports, which belong to one Service.
pub(super) fn copied(service: &Value) -> Vec<Value> {
    let mut ports = list(service, &["spec", "ports"]).to_vec();
    let several = ports.len() > 1;
    for port in ports.iter_mut().filter_map(Value::as_object_mut) {
        port.remove("nodePort");
        let is_named = port.get("name").is_some_and(Value::is_string);
        if several && !is_named {
            // Every port of a Service with several has to have a name.
            let number = port.get("port").map(Value::to_string).unwrap_or_default();
            port.insert("name".to_owned(), format!("port-{number}").into());
        }
    }
    ports
}
