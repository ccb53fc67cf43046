//! Ingresses, routes and TargetGroupBindings: what makes an ALB, and where it routes.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::RuleCode;
use serde_json::Value;

use super::actions::{self, Target, TargetGroup};
use super::gateway_class::aws_side;
use super::ingress_class::{self, Making};
use super::manifest::{annotation, key, label, list, map, name, namespace, text};
use super::service::{Reach, reach};
use super::{Answer, Found, World};

/// An Ingress or a route.
struct Front<'a> {
    object: &'a Value,
    making: Making,
    targets: Vec<Target>,
}

pub(super) fn judge(world: World<'_>, answer: &mut Answer) {
    let fronts = fronts(world);
    for front in &fronts {
        judge_front(world, front, answer);
    }
    for kind in [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding] {
        for binding in world.all(kind) {
            judge_binding(world, binding, &fronts, answer);
        }
    }
}

fn fronts(world: World<'_>) -> Vec<Front<'_>> {
    let ingresses = world.all(Kind::Ingress).map(|object| Front {
        object,
        making: ingress_class::resolve(world, object),
        targets: ingress_targets(object),
    });
    let routes = [Kind::HttpRoute, Kind::GrpcRoute]
        .into_iter()
        .flat_map(move |kind| world.all(kind))
        .map(|object| Front {
            object,
            making: route_making(world, object),
            targets: route_targets(object),
        });
    ingresses.chain(routes).collect()
}

fn ingress_targets(ingress: &Value) -> Vec<Target> {
    let paths = list(ingress, "/spec/rules").flat_map(|rule| list(rule, "/http/paths"));
    let backends = paths.filter_map(|path| path.get("backend"));
    ingress
        .pointer("/spec/defaultBackend")
        .into_iter()
        .chain(backends)
        .flat_map(|backend| {
            let Some(service) = text(backend, "/service/name") else {
                return Vec::new();
            };
            if text(backend, "/service/port/name") != Some("use-annotation") {
                let namespace = namespace(ingress).to_owned();
                return vec![Target::Service(namespace, service.to_owned())];
            }
            let key = format!("alb.ingress.kubernetes.io/actions.{service}");
            annotation(ingress, &key).map_or_else(Vec::new, |json| {
                actions::targets(namespace(ingress), service, json)
            })
        })
        .collect()
}

/// The Gateways and ListenerSets of a route, each as what it makes.
fn route_making(world: World<'_>, route: &Value) -> Making {
    let own = namespace(route);
    let parents: Vec<Making> = list(route, "/spec/parentRefs")
        .filter_map(|parent| match text(parent, "/kind").unwrap_or("Gateway") {
            "Gateway" => Some(gateway_making(world, referred(parent, own))),
            "ListenerSet" => Some(listener_set_making(world, referred(parent, own))),
            _ => None,
        })
        .collect();
    let surest = |wanted: Making| parents.contains(&wanted).then_some(wanted);
    surest(Making::Alb(Confidence::Confirmed))
        .or_else(|| surest(Making::Alb(Confidence::Likely)))
        .or_else(|| surest(Making::Unknown))
        .unwrap_or(Making::Nothing)
}

fn referred<'a>(reference: &'a Value, namespace: &'a str) -> (&'a str, &'a str) {
    (
        text(reference, "/namespace").unwrap_or(namespace),
        text(reference, "/name").unwrap_or_default(),
    )
}

fn gateway_making(world: World<'_>, (namespace, name): (&str, &str)) -> Making {
    world
        .get(Kind::Gateway, namespace, name)
        .map_or(Making::Unknown, |gateway| aws_side(world, gateway))
}

fn listener_set_making(world: World<'_>, (of, name): (&str, &str)) -> Making {
    let Some(set) = world.get(Kind::ListenerSet, of, name) else {
        return Making::Unknown;
    };
    set.pointer("/spec/parentRef")
        .map_or(Making::Nothing, |parent| {
            gateway_making(world, referred(parent, of))
        })
}

fn route_targets(route: &Value) -> Vec<Target> {
    list(route, "/spec/rules")
        .flat_map(|rule| list(rule, "/backendRefs"))
        .filter_map(|backend| {
            let (namespace, name) = referred(backend, namespace(route));
            match text(backend, "/kind").unwrap_or("Service") {
                "Service" => Some(Target::Service(namespace.to_owned(), name.to_owned())),
                "TargetGroupName" => Some(Target::Group(TargetGroup::Name(name.to_owned()))),
                _ => None,
            }
        })
        .collect()
}

impl Front<'_> {
    fn groups(&self) -> BTreeSet<&TargetGroup> {
        self.targets
            .iter()
            .filter_map(|target| match target {
                Target::Group(group) => Some(group),
                _ => None,
            })
            .collect()
    }

    /// The Services that the front routes to, and those that bindings give to its target groups.
    fn services(&self, world: World<'_>) -> BTreeSet<(String, String)> {
        let direct = self.targets.iter().filter_map(|target| match target {
            Target::Service(namespace, name) => Some((namespace.clone(), name.clone())),
            _ => None,
        });
        let bound = self
            .groups()
            .into_iter()
            .flat_map(|group| bound_to(world, group));
        direct.chain(bound).collect()
    }
}

fn judge_front(world: World<'_>, front: &Front<'_>, answer: &mut Answer) {
    let object = key(front.object);
    let is_route = object.kind != Kind::Ingress;
    let rule = if is_route {
        RuleCode::L7G002
    } else {
        RuleCode::L7G001
    };
    for (namespace, name) in front.services(world) {
        let reach = reach(world, &namespace, &name);
        match (front.making, reach.confidence()) {
            (Making::Alb(making), Some(gateway)) => {
                answer.findings.insert(Found {
                    rule,
                    object: object.clone(),
                    to: format!("{namespace}/{name}"),
                    gateways: reach.gateways().into_iter().collect(),
                    confidence: making.min(gateway),
                });
            }
            (Making::Alb(_), None) if reach == Reach::Unknown => {
                answer.unresolved.insert(object.clone());
            }
            (Making::Unknown, Some(_)) => {
                answer.unresolved.insert(object.clone());
            }
            _ => {}
        }
    }
    let Making::Alb(confidence) = front.making else {
        return;
    };
    let mut found = |rule, to: &str| {
        answer.findings.insert(Found {
            rule,
            object: object.clone(),
            to: to.to_owned(),
            gateways: BTreeSet::new(),
            confidence,
        });
    };
    for group in front.groups() {
        if bound_to(world, group).is_empty() {
            found(RuleCode::L7G105, group.as_str());
        }
    }
    for target in &front.targets {
        if let Target::Unreadable(action) = target {
            found(RuleCode::L7G106, action);
        }
    }
}

/// The Services that bindings give to a target group of an ALB.
fn bound_to(world: World<'_>, group: &TargetGroup) -> Vec<(String, String)> {
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

/// By its protocol, or without one by labels that name that very Service.
fn is_network_load_balancers(binding: &Value) -> bool {
    match protocol(binding) {
        Some(protocol) => !is_http(protocol),
        None => {
            label(binding, "service.k8s.aws/stack-namespace") == Some(namespace(binding))
                && label(binding, "service.k8s.aws/stack-name") == Some(service_of(binding))
        }
    }
}

fn judge_binding(world: World<'_>, binding: &Value, fronts: &[Front<'_>], answer: &mut Answer) {
    if is_network_load_balancers(binding) || is_of_front(world, binding, fronts) {
        return;
    }
    let making = if protocol(binding).is_some() {
        Some(Confidence::Confirmed)
    } else {
        proven(binding, fronts)
    };
    let service = service_of(binding);
    let reach = reach(world, namespace(binding), service);
    let object = key(binding);
    match (making, reach.confidence()) {
        (_, Some(gateway)) => {
            answer.findings.insert(Found {
                rule: match making {
                    Some(_) => RuleCode::L7G003,
                    None => RuleCode::L7G103,
                },
                to: format!("{}/{service}", namespace(binding)),
                gateways: reach.gateways().into_iter().collect(),
                confidence: making.map_or(gateway, |making| making.min(gateway)),
                object,
            });
        }
        (Some(_), None) if reach == Reach::Unknown => {
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
        .filter_map(|front| match front.making {
            Making::Alb(confidence) => Some(confidence),
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
        .filter(|front| matches!(front.making, Making::Alb(_)))
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
                "ListenerSet" => {
                    let set = world.get(Kind::ListenerSet, of, name)?;
                    Some(referred(set.pointer("/spec/parentRef")?, of))
                }
                _ => None,
            }
        })
        .collect()
}
