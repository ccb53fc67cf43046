//! What to write instead: manifests to paste, with the names of the objects at hand.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::load_balancer::Built;
use crate::gateways::kind::STATUS_PORT;
use crate::gateways::service::Reach;
use crate::labels::Labels;
use crate::objects::service::{
    LOAD_BALANCER_ANNOTATION_PREFIX, LoadBalancerRequest, Service, ServicePort, TargetPort,
};
use crate::wording::Reader;

/// What to write instead. It is written when it is shown, as most findings of a review are only compared or counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    advice: &'static str,
    manifest: Manifest,
}

/// What stands below the advice.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Manifest {
    Nothing,
    /// A part of the object's own manifest.
    Fixed(&'static str),
    NetworkLoadBalancer {
        name: GatewayServiceName,
        service: Option<Arc<Service>>,
    },
}

/// The Service that a remedy is written for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GatewayServiceName {
    namespace: Arc<str>,
    name: Arc<str>,
}

impl Remedy {
    /// Advice alone, a sentence.
    pub(super) fn advice(advice: &'static str) -> Self {
        Self {
            advice,
            manifest: Manifest::Nothing,
        }
    }

    /// Advice, and what it is about, to paste.
    pub(super) fn paste(advice: &'static str, manifest: &'static str) -> Self {
        Self {
            advice,
            manifest: Manifest::Fixed(manifest),
        }
    }

    /// Advice, and the Service at the end of the way with a Network Load Balancer, to paste.
    pub(super) fn network_load_balancer(advice: &'static str, reach: &Reach) -> Self {
        let key = reach.services.last().map(|hop| &hop.key);
        let name = GatewayServiceName {
            namespace: key.map_or_else(|| "istio-system".into(), |key| key.namespace.clone()),
            name: key.map_or_else(|| "istio-ingressgateway".into(), |key| key.name.clone()),
        };
        Self {
            advice,
            manifest: Manifest::NetworkLoadBalancer {
                name,
                service: reach.service.clone(),
            },
        }
    }
}

impl Remedy {
    /// As `reader` may read it. The manifest of a Service of another namespace would hold that Service's selector and
    /// ports, and is nothing that the reader could apply: in its place stands who can.
    #[must_use]
    pub fn for_reader(&self, reader: &Reader<'_>) -> String {
        match &self.manifest {
            Manifest::NetworkLoadBalancer { name, .. } if !reader.may_read(&name.namespace) => {
                let advice = self.advice.trim_end_matches(':');
                format!("{advice}.\n{FOR_ITS_OWNER}\n")
            }
            _ => self.to_string(),
        }
    }
}

/// What stands in place of a manifest for a Service of another namespace.
const FOR_ITS_OWNER: &str = "That Service is of another namespace: `l7guard check`, given its manifests as files, writes it out for those who own it.";

impl fmt::Display for Remedy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.advice)?;
        match &self.manifest {
            Manifest::Nothing => formatter.write_char('\n'),
            Manifest::Fixed(manifest) => write!(formatter, "\n\n{manifest}"),
            Manifest::NetworkLoadBalancer { name, service } => {
                let manifest = network_load_balancer(name, service.as_deref());
                write!(formatter, "\n\n{manifest}")
            }
        }
    }
}

/// A Service of type LoadBalancer for which an NLB is built, with a health check that agrees with the gateway's.
///
/// Selector and ports are those of the Service at hand (with the status port, which the health check needs), else those
/// of Istio's charts. A Service that gets an NLB already keeps the way in which it asks for it, as the API server lets nobody add or change the class of a load balancer (Kubernetes
/// `pkg/apis/core/validation`, `validateLoadBalancerClassField`). Every other one asks the AWS Load Balancer Controller by
/// class, and comments say what to do without that controller and with a Service that is of type LoadBalancer already.
fn network_load_balancer(name: &GatewayServiceName, service: Option<&Service>) -> String {
    let request = service.and_then(|service| service.load_balancer.as_deref());
    let builder = Builder::of_request(request);
    format!(
        "apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  annotations:
{annotations}spec:
  type: LoadBalancer
{class}  selector:
{selector}  ports:
{ports}",
        name = scalar(&name.name),
        namespace = scalar(&name.namespace),
        annotations = annotations(&builder, request.is_some_and(is_internal)),
        class = class(&builder),
        selector = selector_lines(service.map(|service| &service.selector)),
        ports = port_lines(service.map_or(&[], |service| &service.ports)),
    )
}

/// Who builds the NLB, and how it is asked to.
enum Builder<'a> {
    /// Nobody does so far. The AWS Load Balancer Controller is to.
    Nobody,
    /// A controller, by this class.
    Class(&'a str),
    /// The AWS Load Balancer Controller, by this annotated type.
    Type(&'a str),
    /// The cloud provider, by the annotated type `nlb`. It sends to nodes and checks the traffic port by TCP, which
    /// agrees with the gateway.
    CloudProvider,
}

impl<'a> Builder<'a> {
    fn of_request(request: Option<&'a LoadBalancerRequest>) -> Self {
        let Some(request) = request.filter(|request| request.built(&[]) == Built::Network) else {
            return Self::Nobody;
        };
        match (request.class.as_deref(), request.annotation("type")) {
            (Some(class), _) => Self::Class(class),
            (None, Some(by_annotation)) if by_annotation != "nlb" => Self::Type(by_annotation),
            (None, _) => Self::CloudProvider,
        }
    }
}

/// Whether the load balancer is to be reached from inside the network alone: a remedy must not open it to the world.
fn is_internal(request: &LoadBalancerRequest) -> bool {
    let old_annotation = request.annotation("internal");
    request.annotation("scheme") == Some("internal")
        || old_annotation.is_some_and(|value| !matches!(value, "" | "false"))
}

fn annotations(builder: &Builder<'_>, is_internal: bool) -> String {
    let mut pairs = Vec::new();
    match builder {
        Builder::CloudProvider => {
            pairs.push(("type", "nlb"));
            pairs.extend(is_internal.then_some(("internal", "\"true\"")));
        }
        Builder::Type(by_annotation) => pairs.push(("type", by_annotation)),
        Builder::Nobody | Builder::Class(_) => {}
    }
    if !matches!(builder, Builder::CloudProvider) {
        let scheme = if is_internal {
            "internal"
        } else {
            "internet-facing # or internal"
        };
        pairs.extend([
            ("nlb-target-type", "ip"),
            ("scheme", scheme),
            ("healthcheck-protocol", "http"),
            ("healthcheck-port", "\"15021\""),
            ("healthcheck-path", "/healthz/ready"),
        ]);
    }
    let mut lines = String::new();
    for (key, value) in pairs {
        let _ = writeln!(lines, "    {LOAD_BALANCER_ANNOTATION_PREFIX}{key}: {value}");
    }
    if matches!(builder, Builder::Nobody) {
        lines.push_str(
            "    # Without the AWS Load Balancer Controller: drop loadBalancerClass and the lines above, and set
    # service.beta.kubernetes.io/aws-load-balancer-type: nlb\n",
        );
    }
    lines
}

fn class(builder: &Builder<'_>) -> String {
    match builder {
        Builder::Nobody => "  # A class cannot be added to a Service that is of type LoadBalancer already: delete that one first.
  loadBalancerClass: service.k8s.aws/nlb\n"
            .to_owned(),
        Builder::Class(class) => format!("  loadBalancerClass: {class}\n"),
        Builder::Type(_) | Builder::CloudProvider => String::new(),
    }
}

fn selector_lines(selector: Option<&Labels>) -> String {
    let Some(labels) = selector.filter(|labels| !labels.is_empty()) else {
        return "    istio: ingressgateway # the labels of your gateway's Pods\n".to_owned();
    };
    let mut lines = String::new();
    for (key, value) in labels.iter() {
        let _ = writeln!(lines, "    {}: {}", scalar(key), scalar(value));
    }
    lines
}

/// Ports of Istio's charts, for a Service that is not there yet.
const CHART_PORTS: &str = "    - {name: http2, port: 80, targetPort: 8080}
    - {name: https, port: 443, targetPort: 8443}
";

/// The Service's ports as they are, behind the status port: AWS checks the first one where nothing else is said.
fn port_lines(ports: &[ServicePort]) -> String {
    let status =
        format!("    - {{name: status-port, port: {STATUS_PORT}, targetPort: {STATUS_PORT}}}\n");
    if ports.is_empty() {
        return status + CHART_PORTS;
    }
    let is_status = |port: &&ServicePort| port.port == STATUS_PORT;
    let mut lines = if ports.iter().any(|port| is_status(&port)) {
        String::new()
    } else {
        status
    };
    let in_order = ports
        .iter()
        .filter(is_status)
        .chain(ports.iter().filter(|port| !is_status(port)));
    for port in in_order {
        // Every port of a Service with several has to have a name.
        let name = if port.name.is_empty() {
            format!("port-{}", port.port)
        } else {
            scalar(&port.name)
        };
        let target = match &port.target {
            TargetPort::Number(number) => number.to_string(),
            TargetPort::Name(name) => scalar(name),
        };
        let protocol = if port.is_tcp { "" } else { ", protocol: UDP" };
        let _ = writeln!(
            lines,
            "    - {{name: {name}, port: {}, targetPort: {target}{protocol}}}",
            port.port
        );
    }
    lines
}

/// What YAML 1.1 takes for a truth value or for nothing, in any case.
const NO_STRINGS: [&str; 9] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"];

/// A text as YAML: in quotes where it would be read as anything but that text. What begins with a letter and goes on as
/// names do is no number, date or other thing.
fn scalar(text: &str) -> String {
    let is_name = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character));
    let is_something_else = NO_STRINGS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    if is_name && !is_something_else {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in YAML's double quotes, which read JSON's escapes. Nothing but ASCII stands there as it is: a manifest that is
/// shown holds no character that hides, and is still read as the very text.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for character in json.chars() {
        match u32::from(character) {
            0x20..=0x7e => quoted.push(character),
            // Writing to a String cannot fail.
            code @ ..=0xffff => {
                let _ = write!(quoted, "\\u{code:04x}");
            }
            code => {
                let _ = write!(quoted, "\\U{code:08x}");
            }
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_as_they_are_and_what_yaml_would_misread_stands_in_quotes() {
        for name in [
            "istio-ingressgateway",
            "app.kubernetes.io/name",
            "e3",
            "nope",
        ] {
            assert_eq!(scalar(name), name);
        }
        for other in [
            "",
            "on",
            "Null",
            "1e3",
            "2026-01-01",
            "-",
            "a: b",
            "a\nb",
            "{{ x }}",
        ] {
            assert_eq!(scalar(other), serde_json::Value::from(other).to_string());
        }
    }

    #[test]
    fn what_is_no_ascii_is_escaped_as_yaml_reads_it() {
        assert_eq!(
            scalar("\u{202e}é\u{7f}\u{e0041}\n"),
            r#""\u202e\u00e9\u007f\U000e0041\n""#
        );
    }
}
