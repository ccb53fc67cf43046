//! The pools that names, labels and classes are drawn from.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// One of these, all alike likely; a value is likelier when it stands there more than once.
pub(super) fn one_of(
    values: &'static [&'static str],
) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(values)
}

/// One of these, or nothing.
pub(super) fn perhaps(
    probability: f64,
    values: &'static [&'static str],
) -> impl Strategy<Value = Option<&'static str>> + Clone {
    prop::option::weighted(probability, one_of(values))
}

pub(super) const NAMESPACES: &[&str] = &["a", "istio-system", "istio-system", "istio-system", "b"];

pub(super) const SERVICES: &[&str] = &[
    "web",
    "web",
    "istio-ingressgateway",
    "istio-ingressgateway",
    "gw-istio",
    "edge",
    "edge",
    "gw",
];

pub(super) const PODS: &[&str] = &["p0", "p1", "p2"];

pub(super) const GATEWAYS: &[&str] = &["gw", "edge", "alb"];

/// Names of target groups, each with two ARNs that bear it.
pub(super) const TARGET_GROUP_NAMES: &[&str] = &["tg0", "tg1", "tg2"];
pub(super) const TARGET_GROUP_ARNS: &[&str] = &[
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/tg0/0123456789abcdef",
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/tg0/fedcba9876543210",
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/tg1/0123456789abcdef",
];

pub(super) const GROUPS: &[&str] = &["shared", "shared", "team.a", "Bad_Group", "-x"];

pub(super) fn namespace() -> impl Strategy<Value = &'static str> + Clone {
    one_of(NAMESPACES)
}

/// Pairs that stand on Pods and in selectors alike.
fn pair() -> impl Strategy<Value = (&'static str, &'static str)> {
    let pairs: &[(&str, &[&str])] = &[
        ("app", &["web", "web", "istio-ingressgateway"]),
        (
            "istio",
            &[
                "ingressgateway",
                "ingressgateway",
                "ingress",
                "internal",
                "egressgateway",
                "eastwestgateway",
            ],
        ),
        ("gateway.networking.k8s.io/gateway-name", GATEWAYS),
        ("istio.io/gateway-name", GATEWAYS),
        ("tier", &["edge", "back"]),
    ];
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .flat_map(|(key, values)| values.iter().map(|value| (*key, *value)))
        .collect();
    prop::sample::select(pairs)
}

/// Pairs that stand on Pods, seldom in selectors.
fn rare_pair() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("gateway.istio.io/managed", "istio.io-gateway-controller"),
        ("gateway.istio.io/managed", "istio.io-mesh-controller"),
        ("gateway.istio.io/managed", "istio.io-eastwest-controller"),
        ("operator.istio.io/component", "IngressGateways"),
        ("operator.istio.io/component", "EgressGateways"),
        ("maistra.io/gateway", "gw.istio-system"),
        ("gateway-type", "ingress"),
        ("gateway-name", "gw"),
    ])
}

/// The labels of Pods.
pub(super) fn pod_labels() -> impl Strategy<Value = Map<String, Value>> {
    (
        prop::collection::vec(pair(), 0..4),
        prop::collection::vec(rare_pair(), 0..2),
        prop::option::weighted(0.2, Just(("pod-template-hash", "5d6f"))),
    )
        .prop_map(|(pairs, rare, hash)| labels(pairs.into_iter().chain(rare).chain(hash)))
}

/// A selector; seldom an empty one.
pub(super) fn selector() -> impl Strategy<Value = Map<String, Value>> {
    (
        prop_oneof![
            1 => Just(Vec::new()),
            8 => prop::collection::vec(pair(), 1..2),
            2 => prop::collection::vec(pair(), 2..3),
        ],
        prop::option::weighted(0.06, rare_pair()),
        prop::option::weighted(
            0.1,
            prop::sample::select(vec![
                ("pod-template-hash", "5d6f"),
                ("rollouts-pod-template-hash", "7c9b"),
            ]),
        ),
    )
        .prop_map(|(pairs, rare, hash)| {
            let hash = hash.filter(|_| !pairs.is_empty());
            labels(pairs.into_iter().chain(rare).chain(hash))
        })
}

pub(super) fn labels<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect()
}
