//! How a Service asks for a Network Load Balancer that keeps the client's address and lets in nobody whom the front, or the
//! Service before, did not.
//!
//! Source: AWS Load Balancer Controller `pkg/annotations/constants.go`, `pkg/service/model_build_load_balancer.go`; EKS user
//! guide, "automode/auto-configure-nlb".

use serde_json::{Value, json};

use super::facing::Facing;
use super::json::{annotation, at, list, set, unset};
use crate::gateways::kind::STATUS_PORT;
use crate::objects::service::LOAD_BALANCER_ANNOTATION_PREFIX;

/// How the controller is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// By class: what creates the Service may set it.
    Class,
    /// By annotation: what makes the Service takes annotations alone.
    Annotation,
}

/// The annotation that says which ranges are admitted, where the spec cannot be reached.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Annotations by which a load balancer ends TLS or speaks something else than TCP to the gateway.
const ENDING_TLS: [&str; 2] = ["ssl-cert", "ssl-ports"];

/// The key of an annotation by the part after the common prefix.
pub(super) fn key(name: &str) -> String {
    format!("{LOAD_BALANCER_ANNOTATION_PREFIX}{name}")
}

/// The annotation with this name after the common prefix.
pub(super) fn asked<'a>(service: &'a Value, name: &str) -> Option<&'a str> {
    annotation(service, &key(name))
}

/// Whether the load balancer that stands is reached from the internet, as its builder reads the annotations: the cloud provider
/// knows `internal` alone, the AWS Load Balancer Controller is internal unless something says otherwise.
pub(super) fn faces_internet(service: &Value) -> bool {
    let old = asked(service, "internal").map(|value| !matches!(value, "" | "false"));
    let is_controllers = at(service, &["spec", "loadBalancerClass"]).is_some()
        || matches!(asked(service, "type"), Some("external" | "nlb-ip"));
    if is_controllers {
        asked(service, "scheme").map_or(old == Some(false), |scheme| scheme == "internet-facing")
    } else {
        old != Some(true)
    }
}

/// Writes the request into annotations of a Service, and its type, class and ranges into the spec. `annotations` are the keys
/// that lead to the annotations, as a Gateway keeps those of its Service elsewhere.
pub(super) fn ask(service: &mut Value, facing: &Facing, request: Request) {
    let asks_by_annotation =
        asked(service, "type") == Some("external") || request == Request::Annotation;
    set(service, &["spec", "type"], "LoadBalancer");
    if !asks_by_annotation && at(service, &["spec", "loadBalancerClass"]).is_none() {
        set(service, &["spec", "loadBalancerClass"], class(facing));
    }
    for (name, value) in annotations(service, facing) {
        set(service, &["metadata", "annotations", &key(name)], value);
    }
    if asks_by_annotation && at(service, &["spec", "loadBalancerClass"]).is_none() {
        set(
            service,
            &["metadata", "annotations", &key("type")],
            "external",
        );
    }
    for name in ENDING_TLS {
        unset(service, &["metadata", "annotations", &key(name)]);
    }
    if matches!(
        asked(service, "backend-protocol"),
        Some("http" | "https" | "ssl")
    ) {
        unset(
            service,
            &["metadata", "annotations", &key("backend-protocol")],
        );
    }
    let ranges = ranges(service, facing);
    if list(service, &["spec", "loadBalancerSourceRanges"]).is_empty() && !ranges.is_empty() {
        set(service, &["spec", "loadBalancerSourceRanges"], ranges);
    }
}

/// The class whose controller builds the load balancer.
fn class(facing: &Facing) -> &'static str {
    if facing.is_auto_modes {
        "eks.amazonaws.com/nlb"
    } else {
        "service.k8s.aws/nlb"
    }
}

/// The ranges of the Service before, else those of the front.
fn ranges(service: &Value, facing: &Facing) -> Vec<String> {
    let own = list(service, &["spec", "loadBalancerSourceRanges"]);
    let own: Vec<String> = own
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if !own.is_empty() {
        return own;
    }
    match annotation(service, SOURCE_RANGES) {
        Some(_) => Vec::new(),
        None => facing.ranges.clone(),
    }
}

/// The annotations of the request by the rest of their keys.
fn annotations(service: &Value, facing: &Facing) -> Vec<(&'static str, String)> {
    let scheme = if facing.faces_internet {
        "internet-facing"
    } else {
        "internal"
    };
    let mut pairs = vec![
        ("nlb-target-type", "ip".to_owned()),
        ("scheme", scheme.to_owned()),
    ];
    if asked(service, "proxy-protocol").is_none() {
        pairs.push((
            "target-group-attributes",
            preserving(asked(service, "target-group-attributes")),
        ));
    }
    pairs.extend([
        ("healthcheck-protocol", "http".to_owned()),
        ("healthcheck-port", STATUS_PORT.to_string()),
        ("healthcheck-path", "/healthz/ready".to_owned()),
    ]);
    pairs.extend(facing.annotations.iter().cloned());
    pairs
}

/// Attributes of target groups with the one that keeps the client's address.
fn preserving(attributes: Option<&str>) -> String {
    let kept = attributes.unwrap_or_default().split(',').map(str::trim);
    let kept =
        kept.filter(|part| !part.is_empty() && !part.starts_with("preserve_client_ip.enabled"));
    kept.chain(["preserve_client_ip.enabled=true"])
        .collect::<Vec<_>>()
        .join(",")
}

/// The annotations of a Service that a maker writes who takes nothing but annotations: the spec's restrictions among them.
pub(super) fn annotations_alone(service: &mut Value, facing: &Facing) {
    let ranges = ranges(service, facing);
    ask(service, facing, Request::Annotation);
    unset(service, &["spec", "loadBalancerSourceRanges"]);
    if !ranges.is_empty() {
        set(
            service,
            &["metadata", "annotations", SOURCE_RANGES],
            ranges.join(","),
        );
    }
}

/// A Service of this name beside another one, which goes on as it is.
pub(super) fn beside(
    old: &Value,
    name: &str,
    selector: &Value,
    ports: &[Value],
    facing: &Facing,
) -> Value {
    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": at(old, &["metadata", "namespace"]), "annotations": {}},
        "spec": {"selector": selector, "ports": ports},
    });
    for carried in CARRIED {
        if let Some(value) = asked(old, carried) {
            set(
                &mut service,
                &["metadata", "annotations", &key(carried)],
                value,
            );
        }
    }
    if let Some(value) = annotation(old, SOURCE_RANGES) {
        set(
            &mut service,
            &["metadata", "annotations", SOURCE_RANGES],
            value,
        );
    }
    for field in [
        "loadBalancerSourceRanges",
        "externalTrafficPolicy",
        "ipFamilyPolicy",
        "ipFamilies",
    ] {
        if let Some(value) = at(old, &["spec", field]) {
            set(&mut service, &["spec", field], value.clone());
        }
    }
    ask(&mut service, facing, Request::Class);
    service
}

/// What restricts a load balancer and what the gateway relies on.
const CARRIED: [&str; 7] = [
    "security-groups",
    "security-group-prefix-lists",
    "manage-backend-security-group-rules",
    "subnets",
    "proxy-protocol",
    "ip-address-type",
    "target-group-attributes",
];
