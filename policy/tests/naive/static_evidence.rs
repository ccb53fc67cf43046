//! What names and labels tell of a Service that has no workload in sight (R7 and well-known names).

use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::Kind;
use serde_json::Value;

use super::World;
use super::gateway_class::{controller, istio_side};
use super::manifest::{annotation, field, key, label, list, map, name, namespace, text};
use super::workload::{is_waypoint, labelled_kind};

/// Whether the Service, which static evidence says is a gateway's, is one's of a kind that is asked for; `None`: there
/// is no such evidence.
pub(super) fn says_gateway(
    world: World<'_>,
    service_namespace: &str,
    service_name: &str,
    service: Option<&Value>,
) -> Option<bool> {
    let istio = &world.configuration.istio;
    let managed = service.and_then(|service| label(service, "gateway.istio.io/managed"));
    if managed.is_some_and(is_waypoint) {
        return None;
    }
    let own = service.map_or(GatewayKind::Ingress, own_kind);
    let has = |is_so: bool| is_so.then_some(GatewayKind::Ingress);
    let kind = service
        .and_then(|service| {
            has(has_label_of_gateway(service))
                .or_else(|| selects_for_gateway(world, service))
                .or_else(|| has(selects_like_istio_gateway(world, service)))
        })
        .or_else(|| of_gateway(world, service_namespace, service_name))
        .or_else(|| {
            let mut known = istio.well_known_service_names.iter();
            has(known.any(|known| **known == *service_name))
        })?;
    Some(istio.gateway_kinds.contains(&stronger(own, kind)))
}

/// The kind of the first Istio Gateway whose Service this is.
fn of_gateway(
    world: World<'_>,
    service_namespace: &str,
    service_name: &str,
) -> Option<GatewayKind> {
    if world
        .all(Kind::IstioOperator)
        .any(|operator| installs(operator, service_namespace, service_name))
    {
        return Some(GatewayKind::Ingress);
    }
    let mut gateways: Vec<&Value> = world
        .all(Kind::Gateway)
        .filter(|gateway| names_service(world, gateway, service_namespace, service_name))
        .collect();
    gateways.sort_by_key(|gateway| key(gateway));
    let class = gateways
        .into_iter()
        .find_map(|gateway| istio_side(world, gateway));
    class.map(|(_, is_east_west)| class_kind(is_east_west))
}

/// Whether an `IstioOperator` names the gateway of this Service.
fn installs(operator: &Value, service_namespace: &str, service_name: &str) -> bool {
    let mut namespaces: Vec<&str> = ["/spec/values/global/istioNamespace", "/metadata/namespace"]
        .into_iter()
        .filter_map(|pointer| text(operator, pointer))
        .collect();
    if namespaces.is_empty() {
        namespaces.push("istio-system");
    }
    list(operator, "/spec/components/ingressGateways")
        .filter(|gateway| field(gateway, "/enabled") != Some(&Value::Bool(false)))
        .filter(|gateway| text(gateway, "/name") == Some(service_name))
        .any(|gateway| match text(gateway, "/namespace") {
            Some(own) => own == service_namespace,
            None => namespaces.contains(&service_namespace),
        })
}

fn class_kind(is_east_west: bool) -> GatewayKind {
    if is_east_west {
        GatewayKind::EastWest
    } else {
        GatewayKind::Ingress
    }
}

/// What says more than "ingress", which is also what nothing is said about.
fn stronger(one: GatewayKind, other: GatewayKind) -> GatewayKind {
    if one == GatewayKind::Ingress {
        other
    } else {
        one
    }
}

/// The kind of gateway that a Service's selector, labels and ports tell.
fn own_kind(service: &Value) -> GatewayKind {
    if is_east_west_by_ports(service) {
        return GatewayKind::EastWest;
    }
    stronger(
        labelled_kind(service, "/spec/selector"),
        labelled_kind(service, "/metadata/labels"),
    )
}

/// A Service with the network label that exposes nothing but 15443, 15012 and 15017, with or without 15021.
pub(super) fn is_east_west_by_ports(service: &Value) -> bool {
    let ports: Vec<u64> = list(service, "/spec/ports")
        .filter_map(|port| port.get("port")?.as_u64())
        .collect();
    label(service, "topology.istio.io/network").is_some()
        && ports.iter().any(|port| *port != 15021)
        && ports
            .iter()
            .all(|port| [15021, 15443, 15012, 15017].contains(port))
}

/// Labels that installers and forks put on gateways: in the selector, or on the Service.
fn has_label_of_gateway(service: &Value) -> bool {
    let is_gateways = |pointer: &str| {
        let labels = map(service, pointer);
        let get = |key: &str| labels.get(key).copied();
        ["ingressgateway", "ingress"]
            .map(Some)
            .contains(&get("istio"))
            || get("operator.istio.io/component") == Some("IngressGateways")
            || get("gateway.istio.io/managed").is_some_and(|controller| !is_waypoint(controller))
            || get("maistra.io/gateway").is_some()
            || (get("gateway-type") == Some("ingress") && get("gateway-name").is_some())
    };
    is_gateways("/spec/selector")
        || is_gateways("/metadata/labels")
        || label(service, "app.kubernetes.io/name") == Some("istio-ingressgateway")
        || label(
            service,
            "experimental.istio.io/disable-gateway-port-translation",
        ) == Some("true")
}

/// A selector that says all that an Istio Gateway's says, or a part of it.
fn selects_like_istio_gateway(world: World<'_>, service: &Value) -> bool {
    let selector = map(service, "/spec/selector");
    let is_part = |part: &std::collections::BTreeMap<&str, &str>,
                   whole: &std::collections::BTreeMap<&str, &str>| {
        !part.is_empty()
            && part
                .iter()
                .all(|(key, value)| whole.get(key) == Some(value))
    };
    world.all(Kind::IstioGateway).any(|gateway| {
        let programs = map(gateway, "/spec/selector");
        is_part(&programs, &selector) || is_part(&selector, &programs)
    })
}

/// A selector for the Pods of a Gateway whose class is Istio's.
fn selects_for_gateway(world: World<'_>, service: &Value) -> Option<GatewayKind> {
    let selector = map(service, "/spec/selector");
    [
        "gateway.networking.k8s.io/gateway-name",
        "istio.io/gateway-name",
    ]
    .into_iter()
    .filter_map(|key| selector.get(key))
    .filter_map(|name| world.get(Kind::Gateway, namespace(service), name))
    .find_map(|gateway| istio_side(world, gateway))
    .map(|(_, is_east_west)| class_kind(is_east_west))
}

/// The name of the Service that istiod would generate for this Gateway; `None`: it generates none.
pub(super) fn generated(world: World<'_>, gateway: &Value) -> Option<String> {
    let class = text(gateway, "/spec/gatewayClassName").unwrap_or_default();
    let is_without_suffix = matches!(
        controller(world, gateway),
        Some("istio.io/agentgateway-controller" | "istio.io/eastwest-controller")
    );
    let default = if is_without_suffix {
        name(gateway).to_owned()
    } else {
        format!("{}-{class}", name(gateway))
    };
    let addresses: Vec<&Value> = list(gateway, "/spec/addresses").collect();
    // Everything else is deployed by hand.
    let is_managed = match addresses[..] {
        [] => true,
        [address] => text(address, "/type").is_none_or(|kind| kind == "IPAddress"),
        _ => false,
    };
    let generated = annotation(gateway, "gateway.istio.io/name-override")
        .filter(|name| !name.is_empty())
        .map_or(default, str::to_owned);
    is_managed.then_some(generated)
}

/// Whether istiod would generate the Service for this Gateway, or one of the Gateway's addresses names it.
fn names_service(
    world: World<'_>,
    gateway: &Value,
    service_namespace: &str,
    service_name: &str,
) -> bool {
    if namespace(gateway) == service_namespace
        && generated(world, gateway).as_deref() == Some(service_name)
    {
        return true;
    }
    // istiod takes only Services of the Gateway's own namespace.
    let is_near = namespace(gateway) == service_namespace;
    list(gateway, "/spec/addresses")
        .filter(|address| text(address, "/type") == Some("Hostname"))
        .filter_map(|address| text(address, "/value"))
        .any(|host| {
            let host = host.to_lowercase();
            let parts: Vec<&str> = host.trim_end_matches('.').splitn(4, '.').collect();
            match parts[..] {
                [name] => is_near && name == service_name,
                [name, of] | [name, of, "svc"] | [name, of, "svc", _] => {
                    is_near && name == service_name && of == service_namespace
                }
                _ => false,
            }
        })
}
