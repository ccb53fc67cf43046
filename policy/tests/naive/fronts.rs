//! Ingresses and routes: what makes an ALB, and where it routes.

use std::collections::BTreeSet;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::RuleCode;
use serde_json::Value;

use super::actions::{self, Target, TargetGroup};
use super::bindings::{self, bound_to};
use super::gateway_class::aws_side;
use super::ingress_class::{self, Provisioning};
use super::manifest::{annotation, key, list, namespace, text};
use super::service::{ServiceTrace, reach};
use super::{Answer, Found, World};

/// An Ingress or a route.
pub(super) struct Front<'a> {
    pub(super) object: &'a Value,
    pub(super) provisioning: Provisioning,
    pub(super) targets: Vec<Target>,
}

pub(super) fn judge(world: World<'_>, answer: &mut Answer) {
    let fronts = fronts(world);
    for front in &fronts {
        judge_front(world, front, answer);
    }
    bindings::judge(world, &fronts, answer);
}

fn fronts(world: World<'_>) -> Vec<Front<'_>> {
    let ingresses = world.all(Kind::Ingress).map(|object| Front {
        object,
        provisioning: ingress_class::resolve(world, object),
        targets: ingress_targets(object),
    });
    let routes = [Kind::HttpRoute, Kind::GrpcRoute]
        .into_iter()
        .flat_map(move |kind| world.all(kind))
        .map(|object| Front {
            object,
            provisioning: route_provisioning(world, object),
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
fn route_provisioning(world: World<'_>, route: &Value) -> Provisioning {
    let own = namespace(route);
    let parents: Vec<Provisioning> = list(route, "/spec/parentRefs")
        .filter_map(|parent| match text(parent, "/kind").unwrap_or("Gateway") {
            "Gateway" => Some(gateway_making(world, referred(parent, own))),
            "ListenerSet" => Some(listener_set_making(
                world,
                Kind::ListenerSet,
                referred(parent, own),
            )),
            "XListenerSet" => Some(listener_set_making(
                world,
                Kind::XListenerSet,
                referred(parent, own),
            )),
            _ => None,
        })
        .collect();
    let surest = |wanted: Provisioning| parents.contains(&wanted).then_some(wanted);
    surest(Provisioning::Alb(Confidence::Confirmed))
        .or_else(|| surest(Provisioning::Alb(Confidence::Likely)))
        .or_else(|| surest(Provisioning::Unknown))
        .unwrap_or(Provisioning::Nothing)
}

pub(super) fn referred<'a>(reference: &'a Value, namespace: &'a str) -> (&'a str, &'a str) {
    (
        text(reference, "/namespace").unwrap_or(namespace),
        text(reference, "/name").unwrap_or_default(),
    )
}

fn gateway_making(world: World<'_>, (namespace, name): (&str, &str)) -> Provisioning {
    world
        .get(Kind::Gateway, namespace, name)
        .map_or(Provisioning::Unknown, |gateway| aws_side(world, gateway))
}

fn listener_set_making(world: World<'_>, kind: Kind, (of, name): (&str, &str)) -> Provisioning {
    let Some(set) = world.get(kind, of, name) else {
        return Provisioning::Unknown;
    };
    set.pointer("/spec/parentRef")
        .map_or(Provisioning::Nothing, |parent| {
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
    pub(super) fn groups(&self) -> BTreeSet<&TargetGroup> {
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
        match (front.provisioning, reach.confidence()) {
            (Provisioning::Alb(provisioning), Some(gateway)) => {
                answer.findings.insert(Found {
                    rule,
                    object: object.clone(),
                    to: format!("{namespace}/{name}"),
                    gateways: reach.gateways().into_iter().collect(),
                    confidence: provisioning.min(gateway),
                });
            }
            (Provisioning::Alb(_), None) if reach == ServiceTrace::Unknown => {
                answer.unresolved.insert(object.clone());
            }
            (Provisioning::Unknown, Some(_)) => {
                answer.unresolved.insert(object.clone());
            }
            _ => {}
        }
    }
    let Provisioning::Alb(confidence) = front.provisioning else {
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
