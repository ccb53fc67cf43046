//! What is behind a Service?

use std::collections::BTreeMap;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::UnknownRouter;
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::{Kind, ObjectKey};
use serde_json::Value;

use super::World;
use super::files::is_unrendered;
use super::manifest::{field, key, label, list, map, name, namespace, text};
use super::static_evidence;
use super::workload::{Proxy, evidence, selected};

/// How many ExternalName Services are followed.
const DEPTH: usize = 3;

/// What is behind a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServiceTrace {
    Gateways(BTreeMap<ObjectKey, Confidence>),
    /// No workload is in sight, but static evidence.
    Static,
    /// The configuration says so.
    Stated,
    /// Proxies whose role cannot be told, which the configuration takes for likely gateways.
    Suspected(Vec<ObjectKey>),
    /// A gateway, by way of an ExternalName.
    Indirect(Vec<ObjectKey>),
    NoGateway,
    Unknown,
}

impl ServiceTrace {
    /// How sure it is that a gateway is behind it.
    pub(super) fn confidence(&self) -> Option<Confidence> {
        match self {
            Self::Gateways(gateways) => gateways.values().max().copied(),
            Self::Stated => Some(Confidence::Confirmed),
            Self::Static | Self::Indirect(_) | Self::Suspected(_) => Some(Confidence::Likely),
            Self::NoGateway | Self::Unknown => None,
        }
    }

    /// The workloads in sight.
    pub(super) fn gateways(&self) -> Vec<ObjectKey> {
        match self {
            Self::Gateways(gateways) => gateways.keys().cloned().collect(),
            Self::Indirect(gateways) | Self::Suspected(gateways) => gateways.clone(),
            _ => Vec::new(),
        }
    }
}

pub(super) fn reach(world: World<'_>, namespace: &str, name: &str) -> ServiceTrace {
    follow(world, namespace, name, DEPTH)
}

fn follow(world: World<'_>, namespace: &str, name: &str, depth: usize) -> ServiceTrace {
    if is_stated(world, namespace, name) {
        return ServiceTrace::Stated;
    }
    let Some(service) = world.get(Kind::Service, namespace, name) else {
        return static_or_unknown(world, namespace, name, None);
    };
    if static_evidence::is_east_west_by_ports(service) && !asks_for(world, GatewayKind::EastWest) {
        return ServiceTrace::NoGateway;
    }
    let sight = sight(world, service);
    if !sight.gateways.is_empty() {
        return if sight.has_known {
            ServiceTrace::Gateways(sight.gateways)
        } else {
            ServiceTrace::Suspected(sight.gateways.into_keys().collect())
        };
    }
    if text(service, "/spec/type") == Some("ExternalName") {
        let followed = follow_external_name(world, service, depth);
        let is_open = !sight.unknown_roles.is_empty() && followed == ServiceTrace::NoGateway;
        return if is_open {
            ServiceTrace::Unknown
        } else {
            followed
        };
    }
    if !sight.unknown_roles.is_empty() {
        return ServiceTrace::Unknown;
    }
    if sight.has_ordinary {
        return if sight.has_unknown_endpoints {
            ServiceTrace::Unknown
        } else {
            ServiceTrace::NoGateway
        };
    }
    static_or_unknown(world, namespace, name, Some(service))
}

/// Whether the configuration says that a Service is a gateway's.
fn is_stated(world: World<'_>, namespace: &str, name: &str) -> bool {
    let mut stated = world.configuration.istio.gateway_services.iter();
    asks_for(world, GatewayKind::Ingress)
        && !is_unrendered(namespace)
        && !is_unrendered(name)
        && stated.any(|known| known.namespace.matches(namespace) && known.name.matches(name))
}

fn static_or_unknown(
    world: World<'_>,
    namespace: &str,
    name: &str,
    service: Option<&Value>,
) -> ServiceTrace {
    match static_evidence::says_gateway(world, namespace, name, service) {
        Some(true) => ServiceTrace::Static,
        // A gateway of a kind that is not asked for.
        Some(false) => ServiceTrace::NoGateway,
        None => ServiceTrace::Unknown,
    }
}

fn follow_external_name(world: World<'_>, service: &Value, depth: usize) -> ServiceTrace {
    let Some(host) = text(service, "/spec/externalName") else {
        return ServiceTrace::NoGateway;
    };
    let host = host.to_lowercase();
    let host = host.trim_end_matches('.');
    let domain = &*world.configuration.istio.cluster_domain;
    // A Pod behind a Service has its own name before the Service's.
    let of_service = match host.splitn(5, '.').collect::<Vec<_>>()[..] {
        [_, _, "svc", ..] => host,
        [_, _, _, "svc", ..] => host.split_once('.').map_or(host, |(_, rest)| rest),
        _ => host,
    };
    let parts: Vec<&str> = of_service.splitn(4, '.').collect();
    let (name, namespace, is_certain) = match parts[..] {
        [_, _, "pod"] => return ServiceTrace::Unknown,
        [_, _, "pod", of] if of == domain => return ServiceTrace::Unknown,
        [name, namespace] => (name, namespace, false),
        [name, namespace, "svc"] => (name, namespace, true),
        [name, namespace, "svc", of] if of == domain => (name, namespace, true),
        _ if is_unrendered(host) => return ServiceTrace::Unknown,
        _ => return ServiceTrace::NoGateway,
    };
    // Two labels may be any host name of the internet.
    if is_unrendered(host) {
        let is_gateways = is_stated(world, namespace, name)
            || static_evidence::says_gateway(world, namespace, name, None).is_some();
        return if is_gateways {
            follow_to(world, namespace, name, depth)
        } else {
            ServiceTrace::Unknown
        };
    }
    let is_service = is_certain
        || world.get(Kind::Service, namespace, name).is_some()
        || is_stated(world, namespace, name)
        || static_evidence::says_gateway(world, namespace, name, None).is_some();
    if !is_service {
        return ServiceTrace::NoGateway;
    }
    follow_to(world, namespace, name, depth)
}

fn follow_to(world: World<'_>, namespace: &str, name: &str, depth: usize) -> ServiceTrace {
    if depth == 0 {
        return ServiceTrace::Unknown;
    }
    match follow(world, namespace, name, depth - 1) {
        ServiceTrace::Suspected(gateways) => ServiceTrace::Suspected(gateways),
        reach if reach.confidence().is_some() => ServiceTrace::Indirect(reach.gateways()),
        reach => reach,
    }
}

/// What is to be seen behind a Service.
#[derive(Default)]
struct Sight {
    gateways: BTreeMap<ObjectKey, Confidence>,
    /// Whether one of them is more than a proxy of unknown role.
    has_known: bool,
    unknown_roles: Vec<ObjectKey>,
    has_ordinary: bool,
    has_unknown_endpoints: bool,
}

fn sight(world: World<'_>, service: &Value) -> Sight {
    let mut sight = Sight::default();
    let mut workloads = Vec::new();
    let is_external = text(service, "/spec/type") == Some("ExternalName");
    let has_selector = !map(service, "/spec/selector").is_empty();
    if has_selector && !is_external {
        workloads.extend(selected(world, namespace(service), service));
    }
    for (pod_namespace, pod_name) in endpoints(world, service, has_selector) {
        match pod_name.and_then(|name| world.get(Kind::Pod, &pod_namespace, &name)) {
            Some(pod) => workloads.push(pod),
            None => sight.has_unknown_endpoints = true,
        }
    }
    for workload in workloads {
        match evidence(world, workload) {
            Some(Proxy::Gateway(confidence, kind)) if is_asked_for(world, service, kind) => {
                sight.gateways.insert(key(workload), confidence);
                sight.has_known = true;
            }
            Some(Proxy::Unknown(kind)) if is_asked_for(world, service, kind) => {
                if world.configuration.istio.unknown_router == UnknownRouter::Unresolved {
                    sight.unknown_roles.push(key(workload));
                } else {
                    sight.gateways.insert(key(workload), Confidence::Likely);
                }
            }
            _ => sight.has_ordinary = true,
        }
    }
    sight
}

/// The Service's ports may tell an east-west gateway, whatever the workload's labels say.
fn is_asked_for(world: World<'_>, service: &Value, kind: GatewayKind) -> bool {
    let kind = if static_evidence::is_east_west_by_ports(service) {
        GatewayKind::EastWest
    } else {
        kind
    };
    asks_for(world, kind)
}

fn asks_for(world: World<'_>, kind: GatewayKind) -> bool {
    world.configuration.istio.gateway_kinds.contains(&kind)
}

/// Every hand-made address of a Service: the namespace and name of its Pod, or no name where it refers to none.
fn endpoints(
    world: World<'_>,
    service: &Value,
    has_selector: bool,
) -> Vec<(String, Option<String>)> {
    let slices = world.all(Kind::EndpointSlice).filter(|slice| {
        namespace(slice) == namespace(service)
            && label(slice, "kubernetes.io/service-name") == Some(name(service))
            && label(slice, "endpointslice.kubernetes.io/managed-by")
                != Some("endpointslice-controller.k8s.io")
    });
    let mut addresses: Vec<&Value> = slices.flat_map(|slice| list(slice, "/endpoints")).collect();
    // With a selector they are the endpoints controller's, or nobody's.
    if !has_selector
        && let Some(endpoints) = world.get(Kind::Endpoints, namespace(service), name(service))
    {
        for subset in list(endpoints, "/subsets") {
            addresses.extend(list(subset, "/addresses"));
            addresses.extend(list(subset, "/notReadyAddresses"));
        }
    }
    addresses
        .into_iter()
        .map(|address| {
            let is_pod = text(address, "/targetRef/kind") == Some("Pod");
            let pod = field(address, "/targetRef").filter(|_| is_pod);
            let of = pod.and_then(|pod| text(pod, "/namespace"));
            let name = pod.and_then(|pod| text(pod, "/name"));
            (
                of.unwrap_or(namespace(service)).to_owned(),
                name.map(str::to_owned),
            )
        })
        .collect()
}
