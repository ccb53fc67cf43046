//! TargetGroupBindings: whose target group it is, and which front a binding was made for.

use std::collections::BTreeMap;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::RuleCode;
use serde_json::Value;

use super::actions::{Target, TargetGroup};
use super::files::is_unrendered;
use super::fronts::{Front, referred};
use super::ingress_class::{self, Provisioning};
use super::manifest::{key, label, list, map, name, namespace, text};
use super::service::{ServiceTrace, reach};
use super::{Answer, Found, World};

/// The Services that bindings give to a target group of an ALB.
pub(super) fn bound_to(world: World<'_>, group: &TargetGroup) -> Vec<(String, String)> {
    [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding]
        .into_iter()
        .flat_map(|kind| world.all(kind))
        .filter(|binding| protocol(binding).is_none_or(is_http))
        .filter(|binding| group_of(binding).is_some_and(|bound| bound.joins(group)))
        .map(|binding| {
            (
                namespace(binding).to_owned(),
                service_of(binding).to_owned(),
            )
        })
        .collect()
}

fn group_of(binding: &Value) -> Option<TargetGroup> {
    TargetGroup::of(binding.get("spec")?)
}

fn service_of(binding: &Value) -> &str {
    text(binding, "/spec/serviceRef/name").unwrap_or_default()
}

fn protocol(binding: &Value) -> Option<&str> {
    text(binding, "/spec/targetGroupProtocol")
}

fn is_http(protocol: &str) -> bool {
    ["HTTP", "HTTPS"].contains(&protocol)
}

/// By its protocol, or without one by labels that name that very Service, or a Gateway that is no other class's.
fn is_network_load_balancers(world: World<'_>, binding: &Value) -> bool {
    match protocol(binding) {
        Some(protocol) => !is_http(protocol),
        None => {
            label(binding, "service.k8s.aws/stack-namespace") == Some(namespace(binding))
                && label(binding, "service.k8s.aws/stack-name") == Some(service_of(binding))
                || names_network_gateway(world, binding)
        }
    }
}

fn names_network_gateway(world: World<'_>, binding: &Value) -> bool {
    let (Some(namespace), Some(name)) = (
        label(binding, "gateway.k8s.aws.nlb/stack-namespace"),
        label(binding, "gateway.k8s.aws.nlb/stack-name"),
    ) else {
        return false;
    };
    if is_unrendered(namespace) || is_unrendered(name) {
        return false;
    }
    let gateway = world.get(Kind::Gateway, namespace, name);
    let class = gateway.and_then(|gateway| text(gateway, "/spec/gatewayClassName"));
    let class = class.filter(|class| !is_unrendered(class));
    let class = class.and_then(|class| world.get(Kind::GatewayClass, "", class));
    let controller = class.and_then(|class| text(class, "/spec/controllerName"));
    controller
        .is_none_or(|controller| is_unrendered(controller) || controller == "gateway.k8s.aws/nlb")
}

pub(super) fn judge(world: World<'_>, fronts: &[Front<'_>], answer: &mut Answer) {
    for kind in [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding] {
        for binding in world.all(kind) {
            judge_binding(world, binding, fronts, answer);
        }
    }
}

fn judge_binding(world: World<'_>, binding: &Value, fronts: &[Front<'_>], answer: &mut Answer) {
    if is_network_load_balancers(world, binding) || is_of_front(world, binding, fronts) {
        return;
    }
    let provisioning = if protocol(binding).is_some() {
        Some(Confidence::Confirmed)
    } else {
        proven(binding, fronts)
    };
    let service = service_of(binding);
    let reach = reach(world, namespace(binding), service);
    let object = key(binding);
    match (provisioning, reach.confidence()) {
        // Nobody knows of either end what it is.
        (None, Some(_)) if matches!(reach, ServiceTrace::Suspected(_)) => {}
        (_, Some(gateway)) => {
            answer.findings.insert(Found {
                rule: match provisioning {
                    Some(_) => RuleCode::L7G003,
                    None => RuleCode::L7G103,
                },
                to: format!("{}/{service}", namespace(binding)),
                gateways: reach.gateways().into_iter().collect(),
                confidence: provisioning.map_or(gateway, |provisioning| provisioning.min(gateway)),
                object,
            });
        }
        (Some(_), None) if reach == ServiceTrace::Unknown => {
            answer.unresolved.insert(object);
        }
        _ => {}
    }
}

/// How sure it is that the target group of a binding without protocol is an ALB's.
fn proven(binding: &Value, fronts: &[Front<'_>]) -> Option<Confidence> {
    let group = group_of(binding);
    let names_it = |front: &&Front<'_>| {
        let joins = |named: &&TargetGroup| group.as_ref().is_some_and(|group| named.joins(group));
        front.groups().iter().any(joins)
    };
    let by_front = fronts
        .iter()
        .filter(names_it)
        .filter_map(|front| match front.provisioning {
            Provisioning::Alb(confidence) => Some(confidence),
            _ => None,
        });
    let labels = map(binding, "/metadata/labels");
    let by_label = labels
        .keys()
        .any(|key| key.starts_with("ingress.k8s.aws/") || key.starts_with("gateway.k8s.aws.alb/"))
        .then_some(Confidence::Likely);
    by_front.chain(by_label).max()
}

/// Whether the controller made the binding for a front that stands and routes to the same Service: it is that front's
/// path then.
fn is_of_front(world: World<'_>, binding: &Value, fronts: &[Front<'_>]) -> bool {
    let labels = map(binding, "/metadata/labels");
    let service = (
        namespace(binding).to_owned(),
        service_of(binding).to_owned(),
    );
    fronts
        .iter()
        .filter(|front| matches!(front.provisioning, Provisioning::Alb(_)))
        .filter(|front| {
            let (namespace, name) = service.clone();
            front.targets.contains(&Target::Service(namespace, name))
        })
        .any(|front| is_tracked(world, &labels, front))
}

fn is_tracked(world: World<'_>, labels: &BTreeMap<&str, &str>, front: &Front<'_>) -> bool {
    let says = |key: &str, value: &str| labels.get(key) == Some(&value);
    if key(front.object).kind == Kind::Ingress {
        return match ingress_class::group(world, front.object) {
            Some(group) => says("ingress.k8s.aws/stack", group),
            None => {
                says("ingress.k8s.aws/stack-namespace", namespace(front.object))
                    && says("ingress.k8s.aws/stack-name", name(front.object))
            }
        };
    }
    let stack = (
        labels.get("gateway.k8s.aws.alb/stack-namespace"),
        labels.get("gateway.k8s.aws.alb/stack-name"),
    );
    gateways_of(world, front.object)
        .iter()
        .any(|(namespace, name)| stack == (Some(namespace), Some(name)))
}

/// Namespace and name of the Gateways that a route is attached to, directly or by ListenerSets.
fn gateways_of<'a>(world: World<'a>, route: &'a Value) -> Vec<(&'a str, &'a str)> {
    let own = namespace(route);
    list(route, "/spec/parentRefs")
        .filter_map(|parent| {
            let (of, name) = referred(parent, own);
            match text(parent, "/kind").unwrap_or("Gateway") {
                "Gateway" => Some((of, name)),
                kind @ ("ListenerSet" | "XListenerSet") => {
                    let kind = if kind == "XListenerSet" {
                        Kind::XListenerSet
                    } else {
                        Kind::ListenerSet
                    };
                    let set = world.get(kind, of, name)?;
                    Some(referred(set.pointer("/spec/parentRef")?, of))
                }
                _ => None,
            }
        })
        .collect()
}
