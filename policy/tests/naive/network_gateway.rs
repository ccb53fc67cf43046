//! Listeners of a Network Load Balancer's Gateway that end TLS before a gateway.

use std::collections::BTreeMap;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::RuleCode;
use serde_json::Value;

use super::fronts::referred;
use super::manifest::{field, key, label, list, name, namespace, text};
use super::service::{ServiceTrace, reach};
use super::{Answer, Found, World};

/// The Services that a Gateway or ListenerSet leads to, and how sure that is.
type Ways = BTreeMap<(String, String), Confidence>;

pub(super) fn judge(world: World<'_>, answer: &mut Answer) {
    for kind in [Kind::Gateway, Kind::ListenerSet, Kind::XListenerSet] {
        for object in world.all(kind) {
            if is_network(world, kind, object) {
                judge_listeners(world, kind, object, answer);
            }
        }
    }
}

fn is_network(world: World<'_>, kind: Kind, object: &Value) -> bool {
    let gateway = if kind == Kind::Gateway {
        Some(object)
    } else {
        parent(world, object)
    };
    let class = gateway.and_then(|gateway| text(gateway, "/spec/gatewayClassName"));
    let class = class.and_then(|class| world.get(Kind::GatewayClass, "", class));
    class.and_then(|class| text(class, "/spec/controllerName")) == Some("gateway.k8s.aws/nlb")
}

/// The Gateway of a ListenerSet.
fn parent<'a>(world: World<'a>, set: &Value) -> Option<&'a Value> {
    let parent = field(set, "/spec/parentRef")?;
    if text(parent, "/kind").is_some_and(|kind| kind != "Gateway") {
        return None;
    }
    let (of, name) = referred(parent, namespace(set));
    world.get(Kind::Gateway, of, name)
}

fn judge_listeners(world: World<'_>, kind: Kind, object: &Value, answer: &mut Answer) {
    let ending: Vec<&Value> = list(object, "/spec/listeners")
        .filter(|listener| ends_tls(listener))
        .collect();
    let mut ways = Ways::new();
    if kind == Kind::Gateway && !ending.is_empty() && are_all_ending(world, object) {
        for binding in bindings(world, object) {
            let service = text(binding, "/spec/serviceRef/name").unwrap_or_default();
            let service = (namespace(binding).to_owned(), service.to_owned());
            ways.insert(service, Confidence::Likely);
        }
    }
    for route_kind in [Kind::TcpRoute, Kind::TlsRoute] {
        for route in world.all(route_kind) {
            if is_fed(route, kind, object, &ending) {
                let backends = list(route, "/spec/rules").flat_map(|r| list(r, "/backendRefs"));
                for backend in backends.filter(|b| is_service(b)) {
                    let (of, name) = referred(backend, namespace(route));
                    ways.insert((of.to_owned(), name.to_owned()), Confidence::Confirmed);
                }
            }
        }
    }
    for ((of, name), way) in ways {
        let reach = reach(world, &of, &name);
        let is_suspected = matches!(reach, ServiceTrace::Suspected(_));
        if let Some(confidence) = reach.confidence().filter(|_| !is_suspected) {
            answer.findings.insert(Found {
                rule: RuleCode::L7G102,
                object: key(object),
                to: format!("{of}/{name}"),
                gateways: reach.gateways().into_iter().collect(),
                confidence: confidence.min(way),
            });
        }
    }
}

fn ends_tls(listener: &Value) -> bool {
    text(listener, "/protocol") == Some("TLS")
        && text(listener, "/tls/mode").unwrap_or("Terminate") == "Terminate"
}

fn is_service(backend: &Value) -> bool {
    text(backend, "/kind").unwrap_or("Service") == "Service"
}

/// Whether nothing but UDP goes past the listeners that end TLS, also through ListenerSets.
fn are_all_ending(world: World<'_>, gateway: &Value) -> bool {
    let has_set = [Kind::ListenerSet, Kind::XListenerSet]
        .into_iter()
        .flat_map(|kind| world.all(kind))
        .any(|set| parent(world, set).is_some_and(|parent| key(parent) == key(gateway)));
    !has_set
        && list(gateway, "/spec/listeners")
            .all(|listener| ends_tls(listener) || text(listener, "/protocol") == Some("UDP"))
}

/// Bindings that are no ALB's and whose labels name the Gateway.
fn bindings<'a>(world: World<'a>, gateway: &Value) -> Vec<&'a Value> {
    let says = |binding: &Value, rest: &str, value: &str| {
        label(binding, &format!("gateway.k8s.aws.nlb/stack-{rest}")) == Some(value)
    };
    [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding]
        .into_iter()
        .flat_map(|kind| world.all(kind))
        .filter(|binding| says(binding, "namespace", namespace(gateway)))
        .filter(|binding| says(binding, "name", name(gateway)))
        .filter(|binding| {
            let protocol = text(binding, "/spec/targetGroupProtocol");
            !["HTTP", "HTTPS"].map(Some).contains(&protocol)
        })
        .collect()
}

/// Whether a route takes the traffic of one of these listeners of a Gateway or ListenerSet.
fn is_fed(route: &Value, kind: Kind, object: &Value, listeners: &[&Value]) -> bool {
    list(route, "/spec/parentRefs")
        .filter(|parent| text(parent, "/kind").unwrap_or("Gateway") == kind.name())
        .filter(|parent| referred(parent, namespace(route)) == (namespace(object), name(object)))
        .any(|parent| {
            listeners.iter().any(|listener| {
                let is_same = |of_parent, of_listener| {
                    field(parent, of_parent)
                        .is_none_or(|value| Some(value) == field(listener, of_listener))
                };
                is_same("/sectionName", "/name") && is_same("/port", "/port")
            })
        })
}
