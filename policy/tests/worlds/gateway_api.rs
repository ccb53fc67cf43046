//! Gateway API: classes, Gateways, ListenerSets and routes.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::pools::{GATEWAYS, SERVICES, TARGET_GROUP_NAMES, namespace, one_of, perhaps};
use super::services::load_balancer_annotations;
use super::{Metadata, some};

const CLASSES: &[&str] = &[
    "istio",
    "istio",
    "alb",
    "alb",
    "alb",
    "custom",
    "nlb",
    "nlb",
    "nlb",
    "istio-remote",
    "agentgateway",
];
const LISTENER_SETS: &[&str] = &["l0", "l1"];

pub(super) fn class() -> BoxedStrategy<Value> {
    let controller = one_of(&[
        "gateway.k8s.aws/alb",
        "gateway.k8s.aws/alb",
        "gateway.k8s.aws/alb",
        "istio.io/gateway-controller",
        "istio.io/gateway-controller",
        "istio.io/mesh-controller",
        "istio.io/eastwest-controller",
        "istio.io/unmanaged-gateway",
        "istio.io/agentgateway-controller",
        "gateway.k8s.aws/nlb",
        "gateway.envoyproxy.io/gatewayclass-controller",
    ]);
    // Mostly what the name says, so that each side is often met.
    let by_name = one_of(CLASSES).prop_flat_map(|name| {
        let usual = match name {
            "istio" => "istio.io/gateway-controller",
            "istio-remote" => "istio.io/unmanaged-gateway",
            "agentgateway" => "istio.io/agentgateway-controller",
            "nlb" => "gateway.k8s.aws/nlb",
            _ => "gateway.k8s.aws/alb",
        };
        (Just(name), Just(usual))
    });
    prop_oneof![3 => by_name, 2 => (one_of(CLASSES), controller)]
        .prop_map(|(name, controller)| {
            Metadata::new(None, name).object(
                Kind::GatewayClass,
                json!({"spec": {"controllerName": controller}}),
            )
        })
        .boxed()
}

/// Listeners, some of which end TLS.
fn listeners() -> BoxedStrategy<Value> {
    let tls = |mode: Value| json!({"name": "tls", "port": 443, "protocol": "TLS", "tls": mode});
    let ending = [
        tls(json!({"mode": "Terminate"})),
        tls(json!({"mode": "Terminate"})),
        tls(json!({})),
        tls(json!(null)),
        tls(json!({"mode": "Passthrough"})),
        json!({"name": "https", "port": 8443, "protocol": "HTTPS", "tls": {"mode": "Terminate"}}),
    ];
    let other = [
        json!({"name": "http", "port": 80, "protocol": "HTTP"}),
        json!({"name": "tcp", "port": 80, "protocol": "TCP"}),
        json!({"name": "udp", "port": 53, "protocol": "UDP"}),
    ];
    let ending = prop::collection::vec(prop::sample::select(ending.to_vec()), 1..3);
    let other = prop::option::weighted(0.5, prop::sample::select(other.to_vec()));
    prop_oneof![
        1 => Just(json!([{"name": "http", "port": 80, "protocol": "HTTP"}])),
        1 => (ending, other).prop_map(|(mut listeners, other)| {
            listeners.splice(0..0, other);
            Value::from(listeners)
        }),
    ]
    .boxed()
}

/// A TCPRoute or TLSRoute.
pub(super) fn stream_route(kind: Kind) -> BoxedStrategy<Value> {
    let of = perhaps(0.3, &["a", "istio-system"]);
    let section = perhaps(0.3, &["tls", "tls", "tcp"]);
    let port = prop::option::weighted(0.2, prop::sample::select(vec![443, 80]));
    let gateway = (one_of(GATEWAYS), one_of(&["Gateway"]));
    let set = (
        one_of(LISTENER_SETS),
        one_of(&["ListenerSet", "XListenerSet"]),
    );
    let parent = (prop_oneof![4 => gateway, 1 => set], of.clone(), section, port).prop_map(
        |((name, kind), of, section, port)| json!({
            "kind": kind, "name": name, "namespace": some(of), "sectionName": some(section), "port": some(port),
        }),
    );
    let backend = (
        one_of(SERVICES),
        of,
        perhaps(0.2, &["Service", "TargetGroupName"]),
    )
        .prop_map(|(name, of, kind)| {
            json!({"kind": some(kind), "name": name, "namespace": some(of), "port": 443})
        });
    (
        (namespace(), one_of(&["r0", "r1"])),
        prop::collection::vec(parent, 0..3),
        prop::collection::vec(backend, 0..3),
    )
        .prop_map(move |((namespace, name), parents, backends)| {
            Metadata::new(Some(namespace), name).object(
                kind,
                json!({"spec": {"parentRefs": parents, "rules": [{"backendRefs": backends}]}}),
            )
        })
        .boxed()
}

pub(super) fn gateway() -> BoxedStrategy<Value> {
    let address = prop::sample::select(vec![
        json!({"type": "Hostname", "value": "edge.istio-system.svc.cluster.local"}),
        json!({"type": "Hostname", "value": "edge"}),
        json!({"type": "Hostname", "value": "web.a.svc.example.org"}),
        json!({"type": "IPAddress", "value": "10.0.0.1"}),
        json!({"value": "web"}),
        json!({"type": "NamedAddress", "value": "edge"}),
    ]);
    (
        (namespace(), one_of(GATEWAYS)),
        one_of(CLASSES),
        perhaps(0.1, &["edge", "web", ""]),
        perhaps(0.1, &["true"]),
        prop::option::weighted(0.15, prop::collection::vec(address, 0..3)),
        (
            prop_oneof![2 => Just(Map::new()), 1 => load_balancer_annotations()],
            prop_oneof![
                2 => Just(Value::Null),
                1 => Just(json!({})),
                1 => Just(json!({"annotations": {}})),
                3 => load_balancer_annotations().prop_map(|asked| json!({"annotations": asked})),
            ],
            listeners(),
        ),
    )
        .prop_map(
            |(
                (namespace, name),
                class,
                override_,
                dry_run,
                addresses,
                (own, infrastructure, listeners),
            )| {
                let mut metadata = Metadata::new(Some(namespace), name);
                metadata.annotations = own;
                metadata
                    .annotation("gateway.istio.io/name-override", override_)
                    .annotation("gateway.k8s.aws/dry-run", dry_run)
                    .object(
                        Kind::Gateway,
                        json!({"spec": {
                            "gatewayClassName": class,
                            "addresses": some(addresses),
                            "infrastructure": infrastructure,
                            "listeners": listeners,
                        }}),
                    )
            },
        )
        .boxed()
}

pub(super) fn listener_set(kind_of_set: Kind) -> BoxedStrategy<Value> {
    (
        (namespace(), one_of(LISTENER_SETS)),
        one_of(GATEWAYS),
        perhaps(0.3, &["a", "istio-system"]),
        perhaps(0.3, &["Gateway"]),
        prop::option::weighted(0.5, listeners()),
    )
        .prop_map(move |((namespace, name), gateway, of, kind, listeners)| {
            Metadata::new(Some(namespace), name).object(
                kind_of_set,
                json!({"spec": {"parentRef": {
                    "kind": some(kind), "name": gateway, "namespace": some(of),
                }, "listeners": some(listeners)}}),
            )
        })
        .boxed()
}

pub(super) fn route(kind: Kind) -> BoxedStrategy<Value> {
    let of = perhaps(0.3, &["a", "istio-system"]);
    let parent = prop_oneof![
        5 => (one_of(GATEWAYS), of.clone(), perhaps(0.3, &["Gateway"]), perhaps(0.2, &["none"])).prop_map(
            |(name, of, kind, section)| json!({
                "kind": some(kind), "name": name, "namespace": some(of), "sectionName": some(section),
            })
        ),
        2 => (one_of(LISTENER_SETS), of.clone(), one_of(&["ListenerSet", "ListenerSet", "XListenerSet"])).prop_map(
            |(name, of, kind)| json!({"kind": kind, "name": name, "namespace": some(of)})
        ),
        1 => one_of(SERVICES).prop_map(|name| json!({"group": "", "kind": "Service", "name": name})),
    ];
    let backend = prop_oneof![
        5 => (one_of(SERVICES), of, perhaps(0.2, &["Service"]), perhaps(0.1, &["example.com"])).prop_map(
            |(name, of, kind, group)| json!({
                "group": some(group), "kind": some(kind), "name": name, "namespace": some(of), "port": 80,
                "weight": 0,
            })
        ),
        2 => one_of(TARGET_GROUP_NAMES)
            .prop_map(|name| json!({"group": "", "kind": "TargetGroupName", "name": name})),
        1 => Just(json!({"kind": "Gateway", "name": "gw"})),
        1 => Just(json!({"kind": "ServiceImport", "name": "edge"})),
    ];
    (
        (namespace(), one_of(&["r0", "r1"])),
        prop::collection::vec(parent, 0..3),
        prop::collection::vec(prop::collection::vec(backend, 0..3), 0..3),
    )
        .prop_map(move |((namespace, name), parents, rules)| {
            let rules: Vec<Value> = rules
                .into_iter()
                .map(|backends| json!({"backendRefs": backends}))
                .collect();
            Metadata::new(Some(namespace), name).object(
                kind,
                json!({"spec": {"parentRefs": parents, "rules": rules}}),
            )
        })
        .boxed()
}
