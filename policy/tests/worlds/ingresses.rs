//! Ingresses, their classes and the classes' parameters.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::pools::{
    GROUPS, SERVICES, TARGET_GROUP_ARNS, TARGET_GROUP_NAMES, namespace, one_of, perhaps,
};
use super::{Metadata, some};

/// Names of classes; `alb` is also what a missing class is known by, and what a word of its name may be.
const CLASSES: &[&str] = &["alb", "alb", "public", "auto", "nginx", "internal-alb"];
const PARAMS: &[&str] = &["one", "two"];
/// Names of actions; one is also a Service's name.
const ACTIONS: &[&str] = &["forward", "forward", "forward", "web"];

pub(super) fn ingress() -> BoxedStrategy<Value> {
    let action = (one_of(ACTIONS), action());
    (
        (namespace(), one_of(&["i0", "i1", "i2", "i3"])),
        perhaps(0.35, &["alb", "alb", "alb", "nginx", "", "ALB"]),
        perhaps(0.75, CLASSES),
        (perhaps(0.2, GROUPS), perhaps(0.3, &["internal"])),
        prop::collection::vec(action, 0..3),
        prop::option::weighted(0.5, backend()),
        prop::collection::vec(backend(), 0..3),
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(
                (namespace, name),
                annotation,
                class,
                (group, scheme),
                actions,
                default,
                backends,
                terminating,
            )| {
                let mut metadata = Metadata::new(Some(namespace), name)
                    .annotation("kubernetes.io/ingress.class", annotation)
                    .annotation("alb.ingress.kubernetes.io/group.name", group)
                    .annotation("alb.ingress.kubernetes.io/scheme", scheme);
                for (action, json) in actions {
                    let key = format!("alb.ingress.kubernetes.io/actions.{action}");
                    metadata = metadata.annotation(&key, Some(json));
                }
                let paths: Vec<Value> = backends
                    .into_iter()
                    .map(|backend| json!({"path": "/", "pathType": "Prefix", "backend": backend}))
                    .collect();
                let rules = match paths.len() {
                    0 => json!([{"host": "example.com"}]),
                    _ => json!([{"http": null}, {"http": {"paths": paths}}]),
                };
                let mut object = metadata.object(
                    Kind::Ingress,
                    json!({"spec": {
                        "ingressClassName": some(class),
                        "defaultBackend": some(default),
                        "rules": rules,
                    }}),
                );
                if terminating {
                    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                }
                object
            },
        )
        .boxed()
}

fn backend() -> BoxedStrategy<Value> {
    let port = prop_oneof![
        Just(json!({"number": 80})),
        Just(json!({"name": "http2"})),
        Just(json!({"name": "status-port"})),
    ];
    prop_oneof![
        6 => (one_of(SERVICES), port)
            .prop_map(|(name, port)| json!({"service": {"name": name, "port": port}})),
        4 => one_of(ACTIONS)
            .prop_map(|name| json!({"service": {"name": name, "port": {"name": "use-annotation"}}})),
        1 => Just(json!({"resource": {"kind": "Service", "name": "istio-ingressgateway"}})),
    ]
    .boxed()
}

/// The JSON of an action, in the documented spelling.
fn action() -> BoxedStrategy<String> {
    let group = prop_oneof![
        one_of(TARGET_GROUP_ARNS).prop_map(|arn| json!({"targetGroupARN": arn})),
        one_of(TARGET_GROUP_NAMES).prop_map(|name| json!({"targetGroupName": name})),
    ];
    let service = (one_of(SERVICES), prop::bool::ANY).prop_map(|(name, as_number)| {
        let port = if as_number { json!(80) } else { json!("http2") };
        json!({"serviceName": name, "servicePort": port})
    });
    let tuple = prop_oneof![2 => service, 1 => group.clone()];
    let tuples = prop::collection::vec(tuple, 0..4).prop_map(|mut tuples| {
        if tuples.len() > 1 {
            for (weight, tuple) in tuples.iter_mut().enumerate() {
                tuple["weight"] = json!(weight);
            }
        }
        json!({"type": "forward", "forwardConfig": {"targetGroups": tuples}})
    });
    let simplified = group.prop_map(|mut group| {
        group["type"] = json!("forward");
        group
    });
    let stray = json!({"targetGroups": [{"serviceName": "edge", "servicePort": 80}]});
    prop_oneof![
        5 => tuples.prop_map(|action| action.to_string()),
        3 => simplified.prop_map(|action| action.to_string()),
        1 => Just(json!({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301"}, "forwardConfig": stray}).to_string()),
        1 => Just(json!({"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503"}}).to_string()),
        4 => broken_action().prop_map(str::to_owned),
    ]
    .boxed()
}

fn broken_action() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "",
        "{",
        "null",
        r#"{"type":"forward",}"#,
        r#"{"type":"forward"}"#,
        r#"{"type":"Forward","targetGroupName":"tg0"}"#,
        r#"{"type":"redirect"}"#,
        r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"edge"}]}}"#,
        r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"edge","servicePort":80},{"serviceName":"web","servicePort":80}]}}"#,
        r#"{"type":"forward","forwardConfig":{"targetGroups":[{"servicePort":80}]}}"#,
        r#"{"type":"forward","targetGroupName":"tg0","forwardConfig":{"targetGroups":[]}}"#,
    ])
}

pub(super) fn ingress_class() -> BoxedStrategy<Value> {
    (
        one_of(CLASSES),
        one_of(&[
            "ingress.k8s.aws/alb",
            "ingress.k8s.aws/alb",
            "eks.amazonaws.com/alb",
            "k8s.io/ingress-nginx",
            "istio.io/ingress-controller",
        ]),
        perhaps(0.35, &["true", "true", "true", "false", "True"]),
        perhaps(0.4, PARAMS),
    )
        .prop_map(|(name, controller, default, params)| {
            let group = if controller.starts_with("eks.") {
                "eks.amazonaws.com"
            } else {
                "elbv2.k8s.aws"
            };
            let params = params
                .map(|name| json!({"apiGroup": group, "kind": "IngressClassParams", "name": name}));
            Metadata::new(None, name)
                .annotation("ingressclass.kubernetes.io/is-default-class", default)
                .object(
                    Kind::IngressClass,
                    json!({"spec": {"controller": controller, "parameters": some(params)}}),
                )
        })
        .boxed()
}

pub(super) fn params(kind: Kind) -> BoxedStrategy<Value> {
    (
        one_of(PARAMS),
        perhaps(0.7, &["shared", "shared", "team.a"]),
    )
        .prop_map(move |(name, group)| {
            let group = group.map(|name| json!({"name": name}));
            Metadata::new(None, name).object(kind, json!({"spec": {"group": some(group)}}))
        })
        .boxed()
}
