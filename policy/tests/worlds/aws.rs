//! TargetGroupBindings of both AWS controllers.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::pools::{
    GATEWAYS, NAMESPACES, SERVICES, TARGET_GROUP_ARNS, TARGET_GROUP_NAMES, labels, namespace,
    one_of, perhaps,
};
use super::{Metadata, some};

pub(super) fn binding(kind: Kind) -> BoxedStrategy<Value> {
    let group = prop_oneof![
        4 => one_of(TARGET_GROUP_ARNS).prop_map(|arn| (Some(arn), None)),
        3 => one_of(TARGET_GROUP_NAMES).prop_map(|name| (None, Some(name))),
        1 => (one_of(TARGET_GROUP_ARNS), one_of(TARGET_GROUP_NAMES))
            .prop_map(|(arn, name)| (Some(arn), Some(name))),
    ];
    (
        (namespace(), one_of(&["t0", "t1", "t2"])),
        one_of(SERVICES),
        perhaps(
            0.6,
            &[
                "HTTP", "HTTPS", "HTTP", "TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC",
            ],
        ),
        group,
    )
        .prop_flat_map(
            move |((namespace, name), service, protocol, (arn, group))| {
                tracking(namespace, service).prop_map(move |labels| {
                    let metadata = Metadata {
                        labels,
                        ..Metadata::new(Some(namespace), name)
                    };
                    metadata.object(
                        kind,
                        json!({"spec": {
                            "serviceRef": {"name": service, "port": 80},
                            "targetGroupProtocol": some(protocol),
                            "targetGroupARN": some(arn),
                            "targetGroupName": some(group),
                        }}),
                    )
                })
            },
        )
        .boxed()
}

/// The labels by which the controller tracks a binding of this namespace and Service: true ones, wrong ones, none.
fn tracking(namespace: &'static str, service: &'static str) -> BoxedStrategy<Map<String, Value>> {
    let stack = |prefix: &'static str, names: &'static [&'static str]| {
        let of = prop_oneof![4 => Just(namespace), 1 => one_of(NAMESPACES)];
        (of, one_of(names)).prop_map(move |(of, name)| {
            let (namespace_key, name_key) = (
                format!("{prefix}/stack-namespace"),
                format!("{prefix}/stack-name"),
            );
            labels([(namespace_key.as_str(), of), (name_key.as_str(), name)])
        })
    };
    prop_oneof![
        8 => Just(Map::new()),
        4 => stack("ingress.k8s.aws", &["i0", "i1", "i2", "i3"]),
        2 => one_of(&["shared", "team.a"]).prop_map(|group| labels([("ingress.k8s.aws/stack", group)])),
        2 => stack("gateway.k8s.aws.alb", GATEWAYS),
        3 => stack("gateway.k8s.aws.nlb", GATEWAYS),
        2 => Just(labels([
            ("service.k8s.aws/stack-namespace", namespace),
            ("service.k8s.aws/stack-name", service),
        ])),
        1 => stack("service.k8s.aws", SERVICES),
    ]
    .boxed()
}
