//! What names and labels tell of a Service while no workload is in sight that it selects: `likely` at most. And what the
//! configuration says of it, which needs no workload.

use std::sync::Arc;

use foldhash::HashSet;

use super::evidence::WAYPOINT_CONTROLLERS;
use super::gateway_class::{IstioGatewayClass, class_of_gateway};
use super::istio::Istio;
use super::kind::{self, GatewayKind};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, World};
use crate::labels::Labels;
use crate::objects::Facts;
use crate::objects::service::Service;
use crate::objects::workload::{GATEWAY_NAME_LABELS, MANAGED_LABEL};
use crate::wording::Wording;

/// A hint that a Service is a gateway's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What it is, in words, about the Service.
    pub text: Wording,
    /// The kind of gateway that the Service's labels tell.
    pub kind: GatewayKind,
    /// Objects beside the Service that it rests on.
    pub rests_on: Vec<ObjectKey>,
}

/// The first hint there is; `service` is `None` where the Service is missing.
///
/// A Service that bears a waypoint's label is a waypoint's, whatever it is called and selects.
#[must_use]
pub fn of_service(
    world: &World<'_>,
    istio: &Istio,
    key: &ServiceKey,
    service: Option<&Service>,
) -> Option<Hint> {
    if service.is_some_and(is_waypoints) {
        return None;
    }
    let kind = service.map_or(GatewayKind::Ingress, |service| {
        kind::of_labels(&service.selector).or(kind::of_labels(&service.hints))
    });
    let of_plain = |text| Hint {
        text,
        kind: GatewayKind::Ingress,
        rests_on: Vec::new(),
    };
    let found = service.and_then(|service| {
        by_labels(service)
            .map(of_plain)
            .or_else(|| by_gateway_name_label(world, istio, &key.0, &service.selector))
            .or_else(|| by_istio_selector(world, &service.selector))
    });
    let mut hint = found
        .or_else(|| by_gateway(world, istio, key))
        .or_else(|| by_name(istio, &key.1).map(of_plain))?;
    hint.kind = kind.or(hint.kind);
    Some(hint)
}

/// What the configuration says of a Service.
#[must_use]
pub(super) fn stated() -> Hint {
    Hint {
        text: "the configuration says so (istio.gatewayServices)".into(),
        kind: GatewayKind::Ingress,
        rests_on: Vec::new(),
    }
}

fn is_waypoints(service: &Service) -> bool {
    let managed = service.hints.get(MANAGED_LABEL);
    managed.is_some_and(|controller| WAYPOINT_CONTROLLERS.contains(&controller))
}

/// Labels that Istio's installers and forks put on gateways, in the selector or on the Service.
fn by_labels(service: &Service) -> Option<Wording> {
    let said = |words, (key, value): (&str, &str)| {
        Wording::ours(words).said(format_args!("{key}={value}"))
    };
    let in_selector = weak_label(&service.selector).map(|pair| said("its selector has ", pair));
    in_selector.or_else(|| {
        weak_label(&service.hints)
            .or_else(|| service_label(&service.hints))
            .map(|pair| said("label ", pair))
    })
}

fn weak_label(labels: &Labels) -> Option<(&'static str, &str)> {
    if let Some(value @ ("ingressgateway" | "ingress")) = labels.get("istio") {
        return Some(("istio", value));
    }
    if let Some(value @ "IngressGateways") = labels.get("operator.istio.io/component") {
        return Some(("operator.istio.io/component", value));
    }
    if let Some(value) = labels.get("gateway.istio.io/managed")
        && !WAYPOINT_CONTROLLERS.contains(&value)
    {
        return Some(("gateway.istio.io/managed", value));
    }
    if let Some(value) = labels.get("maistra.io/gateway") {
        return Some(("maistra.io/gateway", value));
    }
    let is_banzai = labels.get("gateway-name").is_some();
    labels
        .get("gateway-type")
        .filter(|value| is_banzai && *value == "ingress")
        .map(|value| ("gateway-type", value))
}

/// Labels that mean a gateway on a Service only.
fn service_label(labels: &Labels) -> Option<(&'static str, &str)> {
    if let Some(value @ "istio-ingressgateway") = labels.get("app.kubernetes.io/name") {
        return Some(("app.kubernetes.io/name", value));
    }
    let key = "experimental.istio.io/disable-gateway-port-translation";
    labels.get(key).map(|value| (key, value))
}

/// A selector for the Pods of a Gateway whose class is Istio's.
fn by_gateway_name_label(
    world: &World<'_>,
    istio: &Istio,
    namespace: &Arc<str>,
    selector: &Labels,
) -> Option<Hint> {
    GATEWAY_NAME_LABELS.iter().find_map(|key| {
        let name = selector.get(key)?;
        let gateway = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), name);
        let class = class_of_gateway(world, istio, &gateway)?.evidence;
        Some(Hint {
            text: Wording::ours("its selector has ")
                .said(format_args!("{key}={name}"))
                .then(", ")
                .and_of(&gateway, &class.text),
            kind: class.kind,
            rests_on: class.rests_on,
        })
    })
}

/// More pairs than a selector has that is meant to select something.
const MANY: usize = 16;

/// Where the Istio Gateways are found that have a pair in common with a selector: under each of its pairs, or, where these are
/// more than there are Gateways, among all.
fn istio_gateways(world: &World<'_>, selector: &Labels) -> Vec<IndexKey> {
    if selector.len() > MANY && world.at_most(&IndexKey::IstioGateways) < selector.len() {
        return vec![IndexKey::IstioGateways];
    }
    let pair = |(key, value): &(Arc<str>, Arc<str>)| {
        IndexKey::IstioSelector(Arc::clone(key), Arc::clone(value))
    };
    selector.iter().map(pair).collect()
}

/// A selector that agrees with an Istio Gateway's: nobody writes a Gateway for Pods that are no routers. It may say
/// more than the Gateway's (then every Pod behind it is programmed by the Gateway) or less (then some are).
fn by_istio_selector(world: &World<'_>, selector: &Labels) -> Option<Hint> {
    let mut first: Option<(&ObjectKey, &Labels)> = None;
    // A Gateway is found once for each pair that the two have in common.
    let mut seen: HashSet<&ObjectKey> = HashSet::default();
    for index in istio_gateways(world, selector) {
        for object in world.find(&index) {
            let Facts::IstioGateway(gateway) = &object.facts else {
                continue;
            };
            let is_new = !gateway.selector.is_empty() && seen.insert(&object.key);
            if !is_new || !world.take(gateway.selector.len()) {
                continue;
            }
            let agrees = gateway.selector.selects(selector) || selector.selects(&gateway.selector);
            if agrees && first.is_none_or(|(known, _)| object.key < *known) {
                first = Some((&object.key, &gateway.selector));
            }
        }
    }
    first.map(|(key, theirs)| {
        let text = Wording::ours("its selector agrees with the selector of ")
            .name(key)
            .then(" (")
            .said_by(key, theirs.to_selector_string())
            .then(")");
        Hint {
            text,
            kind: GatewayKind::Ingress,
            rests_on: vec![key.clone()],
        }
    })
}

/// A Service that istiod would make for a Gateway of one of its classes, or that the Gateway names by its address, or whose
/// gateway an `IstioOperator` names.
fn by_gateway(world: &World<'_>, istio: &Istio, key: &ServiceKey) -> Option<Hint> {
    let mut gateways: Vec<&ObjectKey> = world
        .find(&IndexKey::NamesGatewayService(key.clone()))
        .map(|object| &object.key)
        .collect();
    gateways.sort();
    gateways.into_iter().find_map(|gateway| {
        if gateway.kind == Kind::IstioOperator {
            return Some(Hint {
                text: Wording::of(gateway).then(" names its ingress gateway"),
                kind: GatewayKind::Ingress,
                rests_on: vec![gateway.clone()],
            });
        }
        let class = class_of_gateway(world, istio, gateway)?;
        let is_its = class.gateway.has_service(gateway, class.controller, key);
        is_its.then(|| of_class(gateway, class))
    })
}

/// The Service that istiod will make for a Gateway, under whatever name: the Gateway itself shows what is behind it.
#[must_use]
pub(super) fn of_made_service(
    world: &World<'_>,
    istio: &Istio,
    gateway: &ObjectKey,
) -> Option<Hint> {
    let class = class_of_gateway(world, istio, gateway)?;
    Some(of_class(gateway, class))
}

fn of_class(gateway: &ObjectKey, class: IstioGatewayClass<'_>) -> Hint {
    let class = class.evidence;
    Hint {
        text: Wording::ours("it is the Service of ").and_of(gateway, &class.text),
        kind: class.kind,
        rests_on: class.rests_on,
    }
}

fn by_name(istio: &Istio, name: &str) -> Option<Wording> {
    istio
        .well_known_service_names
        .iter()
        .any(|known| **known == *name)
        .then(|| {
            Wording::default()
                .said(format_args!("\"{name}\""))
                .then(" is a well-known name of an Istio ingress gateway's Service")
        })
}
