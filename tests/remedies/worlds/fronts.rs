//! Fronts of a gateway: Ingresses, routes, bindings.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::ingresses::{Ingress, ingress};
use super::owners::{Owner, tool};
use super::values::{in_cluster, mark, object, one_of};

/// Something before a gateway.
#[derive(Clone, Debug)]
pub(super) struct Front {
    place: Place,
    owner: Owner,
    sort: Sort,
    made: Made,
}

/// What controllers have made of a front, or who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Nothing,
    /// The controller's binding for the ALB of an Ingress.
    Binding,
    /// The front is some resource's.
    Front,
}

#[derive(Clone, Debug)]
enum Sort {
    Ingress(Ingress),
    Route(Route),
    Binding(&'static str),
}

#[derive(Clone, Debug)]
struct Route {
    kind: &'static str,
    /// Backends of each rule: `g` the gateway, `a` an application.
    rules: &'static [&'static str],
    scheme: &'static str,
    is_of_class: bool,
    has_tls: bool,
    has_ranges: bool,
    section: Option<&'static str>,
}

pub(super) fn front(place: Place) -> BoxedStrategy<Front> {
    let sort = prop_oneof![
        6 => ingress().prop_map(Sort::Ingress),
        3 => route().prop_map(Sort::Route),
        2 => one_of(&["HTTP", "HTTPS", ""]).prop_map(Sort::Binding),
    ];
    let nothing = Made::Nothing;
    let made = one_of(&[
        nothing,
        nothing,
        nothing,
        nothing,
        Made::Binding,
        Made::Front,
    ]);
    (sort, tool(), made)
        .prop_map(move |(sort, owner, made)| Front {
            place,
            owner,
            sort,
            made,
        })
        .boxed()
}

fn route() -> BoxedStrategy<Route> {
    let rules: [&'static [&'static str]; 6] = [
        &["g"],
        &["ga"],
        &["g", "a"],
        &["a", "g", "a", "g"],
        &["aga"],
        &["gg", "a"],
    ];
    (
        one_of(&["HTTPRoute", "HTTPRoute", "GRPCRoute"]),
        one_of(&rules),
        one_of(&["", "internal", "internet-facing"]),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.3),
        one_of(&[None, Some("http")]),
    )
        .prop_map(
            |(kind, rules, scheme, is_of_class, has_tls, has_ranges, section)| Route {
                kind,
                rules,
                scheme,
                is_of_class,
                has_tls,
                has_ranges,
                section,
            },
        )
        .boxed()
}

impl Front {
    /// The front's objects, with a Service as the gateway's.
    pub(super) fn objects(&self, service: &str, index: usize) -> Vec<Value> {
        let name = format!("{}-front-{index}", self.place.name);
        let mut objects = match &self.sort {
            Sort::Ingress(ingress) => ingress.objects(self.place, &name, service),
            Sort::Route(route) => route.objects(self.place, &name, service),
            Sort::Binding(protocol) => vec![binding(self.place, &name, service, protocol)],
        };
        if let Some(front) = objects.first_mut() {
            self.owner.mark(front, self.place);
            if self.made == Made::Front {
                front["metadata"]["ownerReferences"] = json!([{
                    "apiVersion": "apps.example.com/v1", "kind": "Site", "name": name, "controller": true,
                    "uid": "5d7c1a52-0000-4000-8000-000000000002",
                }]);
            }
        }
        if let (Sort::Ingress(ingress), Made::Binding) = (&self.sort, self.made) {
            objects.push(made_binding(self.place, &name, service, ingress.group()));
        }
        objects
    }
}

/// As the controller makes it for an Ingress, or for a group of them.
fn made_binding(place: Place, front: &str, service: &str, group: Option<&str>) -> Value {
    let name = format!("k8s-{front}");
    let mut binding = binding(place, &name, service, "HTTP");
    let labels = match group {
        Some(group) => vec![("ingress.k8s.aws/stack", group)],
        None => vec![
            ("ingress.k8s.aws/stack-name", front),
            ("ingress.k8s.aws/stack-namespace", place.namespace),
        ],
    };
    mark(&mut binding, "labels", &labels);
    binding
}

fn binding(place: Place, name: &str, service: &str, protocol: &str) -> Value {
    let arn = format!(
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{name}/0123456789abcdef"
    );
    let mut spec = json!({"targetGroupARN": arn, "targetType": "ip", "serviceRef": {"name": service, "port": 80}});
    if !protocol.is_empty() {
        spec["targetGroupProtocol"] = json!(protocol);
    }
    object(
        "elbv2.k8s.aws/v1beta1",
        "TargetGroupBinding",
        place.namespace,
        name,
        &spec,
    )
}

impl Route {
    fn objects(&self, place: Place, name: &str, service: &str) -> Vec<Value> {
        let backend = |letter: char| {
            let name = if letter == 'g' { service } else { "shop" };
            json!({"name": name, "port": 80})
        };
        let matching = |index: usize| match self.kind {
            "HTTPRoute" => json!([{"path": {"type": "PathPrefix", "value": format!("/{index}")}}]),
            _ => json!([{"method": {"service": format!("shop.v{index}")}}]),
        };
        let rules = self.rules.iter().enumerate().map(|(index, letters)| {
            let backends: Vec<Value> = letters.chars().map(backend).collect();
            json!({"matches": matching(index), "backendRefs": backends})
        });
        let mut parent = json!({"name": name});
        if let Some(section) = self.section {
            parent["sectionName"] = json!(section);
        }
        let spec = json!({"parentRefs": [parent], "rules": rules.collect::<Vec<_>>()});
        let version = "gateway.networking.k8s.io/v1";
        let mut objects = vec![object(version, self.kind, place.namespace, name, &spec)];
        objects.extend(self.gateway(place, name));
        objects
    }

    /// An ALB's Gateway, its class, and the configuration of one of them.
    fn gateway(&self, place: Place, name: &str) -> Vec<Value> {
        let version = "gateway.networking.k8s.io/v1";
        let mut listeners = vec![json!({"name": "http", "protocol": "HTTP", "port": 80})];
        if self.has_tls {
            listeners.push(json!({"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "front-tls"}]}}));
        }
        let class_name = format!("{name}-alb");
        let mut spec = json!({"gatewayClassName": class_name, "listeners": listeners});
        let mut class = json!({"controllerName": "gateway.k8s.aws/alb"});
        let reference =
            json!({"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", "name": name});
        let mut objects = Vec::new();
        if !self.scheme.is_empty() || self.has_ranges {
            let mut configuration = json!({});
            if !self.scheme.is_empty() {
                configuration["scheme"] = json!(self.scheme);
            }
            if self.has_ranges {
                configuration["sourceRanges"] = json!(["198.51.100.0/24"]);
            }
            let version = "gateway.k8s.aws/v1beta1";
            objects.push(object(
                version,
                "LoadBalancerConfiguration",
                place.namespace,
                name,
                &configuration,
            ));
            if self.is_of_class {
                class["parametersRef"] = reference;
                class["parametersRef"]["namespace"] = json!(place.namespace);
            } else {
                spec["infrastructure"] = json!({"parametersRef": reference});
            }
        }
        objects.push(object(version, "Gateway", place.namespace, name, &spec));
        objects.push(in_cluster(version, "GatewayClass", &class_name, &class));
        objects
    }
}
