//! What a Service of type LoadBalancer opens, read from its JSON.
//!
//! Who builds it depends on the AWS Load Balancer Controller's mutating webhook, which gives every new Service a class
//! (`webhooks/core/service_mutator.go`): both readings are compared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::manifests::{annotation, elements, text};

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// Who builds the load balancer of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builder {
    /// The AWS Load Balancer Controller: an NLB.
    Controller,
    /// EKS Auto Mode: an NLB.
    AutoMode,
    /// The cloud provider, by the type `nlb`.
    ProviderNetwork,
    /// The cloud provider: a Classic ELB.
    ProviderClassic,
    /// A class of somebody else, or nobody.
    Other,
}

/// Who may reach a load balancer, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) is_internet_facing: bool,
    /// Where clients may come from; `None`: anywhere.
    pub(crate) ranges: Option<BTreeSet<String>>,
    pub(crate) security_groups: BTreeSet<String>,
    pub(crate) prefix_lists: BTreeSet<String>,
    pub(crate) subnets: BTreeSet<String>,
}

/// A Service's load balancer.
#[derive(Clone, Debug)]
pub(crate) struct LoadBalancer {
    pub(crate) builder: Builder,
    pub(crate) exposure: Exposure,
    /// Static addresses, and all that is said of addresses.
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) has_proxy_protocol: bool,
    pub(crate) keeps_client_address: bool,
    pub(crate) traffic_policy: String,
    pub(crate) ports: Vec<Port>,
}

/// A port of a Service that its load balancer listens on.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) number: u64,
    pub(crate) target: Value,
    /// The load balancer ends TLS here.
    pub(crate) ends_tls: bool,
    /// The load balancer reads HTTP here.
    pub(crate) is_http: bool,
}

/// Whether the controller's mutating webhook is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutator {
    Absent,
    Present,
}

impl LoadBalancer {
    /// Of a Service that asks for one.
    pub(crate) fn of(service: &Value, mutator: Mutator) -> Option<Self> {
        let is_asked = service["spec"]["type"] == "LoadBalancer";
        let builder = is_asked.then(|| builder(service, mutator))?;
        let spec = &service["spec"];
        let traffic_policy = match text(&spec["externalTrafficPolicy"]) {
            "" => "Cluster",
            policy => policy,
        };
        let has_proxy_protocol = has_proxy_protocol(service);
        Some(Self {
            builder,
            exposure: exposure(service, builder),
            addresses: addresses(service),
            has_proxy_protocol,
            keeps_client_address: has_proxy_protocol
                || preserves(service, builder, traffic_policy == "Local"),
            traffic_policy: traffic_policy.to_owned(),
            ports: ports(service, builder),
        })
    }

    pub(crate) fn port(&self, number: u64) -> Option<&Port> {
        self.ports.iter().find(|port| port.number == number)
    }
}

/// The value of an annotation of load balancers.
pub(crate) fn setting<'a>(service: &'a Value, name: &str) -> Option<&'a str> {
    annotation(service, &format!("{PREFIX}{name}"))
}

fn builder(service: &Value, mutator: Mutator) -> Builder {
    match (text(&service["spec"]["loadBalancerClass"]), mutator) {
        ("service.k8s.aws/nlb", _) | ("", Mutator::Present) => return Builder::Controller,
        ("eks.amazonaws.com/nlb", _) => return Builder::AutoMode,
        ("", Mutator::Absent) => {}
        _ => return Builder::Other,
    }
    let has_target_type = matches!(setting(service, "nlb-target-type"), Some("ip" | "instance"));
    match setting(service, "type") {
        Some("nlb") => Builder::ProviderNetwork,
        Some("external") if !has_target_type => Builder::Other,
        Some("nlb-ip" | "external") => Builder::Controller,
        _ => Builder::ProviderClassic,
    }
}

fn exposure(service: &Value, builder: Builder) -> Exposure {
    let of_spec: BTreeSet<String> = elements(&service["spec"]["loadBalancerSourceRanges"])
        .iter()
        .map(|range| text(range).trim().to_owned())
        .collect();
    let by_annotation = annotation(
        service,
        "service.beta.kubernetes.io/load-balancer-source-ranges",
    );
    let ranges = if of_spec.is_empty() {
        by_annotation.map(words).filter(|ranges| !ranges.is_empty())
    } else {
        Some(of_spec)
    };
    let list = |name| setting(service, name).map(words).unwrap_or_default();
    Exposure {
        is_internet_facing: is_internet_facing(service, builder),
        ranges,
        security_groups: list("security-groups"),
        prefix_lists: list("security-group-prefix-lists"),
        subnets: list("subnets"),
    }
}

/// The controller reads `scheme` before `internal` and builds an internal one else (`model_build_load_balancer.go`); the
/// cloud provider reads `internal` alone and builds an internet-facing one else.
fn is_internet_facing(service: &Value, builder: Builder) -> bool {
    let internal = setting(service, "internal");
    match builder {
        Builder::Controller | Builder::AutoMode => match setting(service, "scheme") {
            Some(scheme) => scheme == "internet-facing",
            None => internal == Some("false"),
        },
        Builder::ProviderNetwork | Builder::ProviderClassic => {
            matches!(internal, None | Some("" | "false"))
        }
        Builder::Other => false,
    }
}

fn addresses(service: &Value) -> BTreeSet<String> {
    let names = [
        "eip-allocations",
        "private-ipv4-addresses",
        "ipv6-addresses",
        "ip-address-type",
        "name",
    ];
    let mut addresses: BTreeSet<String> = names
        .iter()
        .filter_map(|name| Some(format!("{name}={}", setting(service, name)?)))
        .collect();
    let fixed = text(&service["spec"]["loadBalancerIP"]);
    if !fixed.is_empty() {
        addresses.insert(fixed.to_owned());
    }
    addresses
}

fn has_proxy_protocol(service: &Value) -> bool {
    setting(service, "proxy-protocol") == Some("*")
        || setting(service, "proxy-protocol-per-target-group").is_some()
        || attribute(service, "proxy_protocol_v2.enabled") == Some("true")
}

fn attribute<'a>(service: &'a Value, name: &str) -> Option<&'a str> {
    let attributes = setting(service, "target-group-attributes")?;
    let mut pairs = attributes
        .split(',')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

/// IP targets hide the client of TCP and TLS by default; instances see it where no other node passes traffic on.
fn preserves(service: &Value, builder: Builder, is_local: bool) -> bool {
    let stated = attribute(service, "preserve_client_ip.enabled");
    let is_ip = setting(service, "type") == Some("nlb-ip")
        || setting(service, "nlb-target-type") == Some("ip")
        || (builder == Builder::AutoMode
            && setting(service, "nlb-target-type") != Some("instance"));
    match builder {
        Builder::Controller | Builder::AutoMode if is_ip => stated == Some("true"),
        Builder::Controller | Builder::AutoMode => is_local && stated != Some("false"),
        Builder::ProviderNetwork => is_local,
        Builder::ProviderClassic | Builder::Other => false,
    }
}

fn ports(service: &Value, builder: Builder) -> Vec<Port> {
    let certificate = setting(service, "ssl-cert").is_some_and(|arn| !arn.is_empty());
    let tls_ports = setting(service, "ssl-ports").unwrap_or_default();
    let protocol = setting(service, "backend-protocol").unwrap_or_default();
    let of_port = |port: &Value| {
        let number = port["port"].as_u64().unwrap_or_default();
        let name = text(&port["name"]);
        let is_meant = matches!(tls_ports, "" | "*")
            || tls_ports
                .split(',')
                .map(str::trim)
                .any(|entry| entry.eq_ignore_ascii_case(name) || entry == number.to_string());
        let target = match &port["targetPort"] {
            Value::Null => port["port"].clone(),
            target => target.clone(),
        };
        Port {
            number,
            target,
            ends_tls: certificate && is_meant,
            is_http: builder == Builder::ProviderClassic
                && (protocol == "http" || (certificate && is_meant && protocol == "https")),
        }
    };
    let ports = elements(&service["spec"]["ports"]).iter();
    ports.map(of_port).collect()
}

/// The parts of a list that is separated by commas.
pub(crate) fn words(list: &str) -> BTreeSet<String> {
    let words = list.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
