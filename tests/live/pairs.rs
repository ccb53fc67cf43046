//! Read your writes: two writes that complete a path together, the second sent when the first was answered and long before
//! any watch could tell of it. The second is refused, whichever it is.

use serde_json::{Value, json};

use crate::Case;
use crate::completing::{Completing, refused_at_last, selector_change, with, workloads};
use crate::scenery::{
    ALB, ISTIO_GATEWAY, Write, alias, binding, binding_without_protocol, external_name,
    forward_to_service, forward_to_target_group, gateway, gateway_class, gateway_class_of, ingress,
    ingress_by_action, ingress_class, listener_set, pod, route, route_by_listener_set, service,
    service_by_hand, slice, target_group,
};

fn annotated(at: &str, class: &str) -> Value {
    let mut ingress = ingress(at, "web", None, "front");
    ingress["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": class});
    ingress
}

const PAIRS: &[Completing] = &[
    Completing {
        name: "Ingress and Service",
        known: |at| with(at, vec![ingress_class(at, ALB)]),
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "Ingress and IngressClass",
        known: |at| with(at, vec![service(at, "front", "edge")]),
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(ingress_class(at, ALB)),
            ]
        },
    },
    Completing {
        name: "IngressClass and Service, with an Ingress that knows neither",
        known: |at| with(at, vec![ingress(at, "web", Some(at), "front")]),
        writes: |at| {
            vec![
                Write::Create(ingress_class(at, ALB)),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "Ingress and the selector of its Service",
        known: |at| {
            with(
                at,
                vec![ingress_class(at, ALB), service(at, "front", "web")],
            )
        },
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "front")),
                selector_change(at),
            ]
        },
    },
    Completing {
        name: "IngressClass and the selector of a Service",
        known: |at| {
            with(
                at,
                vec![
                    service(at, "front", "web"),
                    ingress(at, "web", Some(at), "front"),
                ],
            )
        },
        writes: |at| vec![Write::Create(ingress_class(at, ALB)), selector_change(at)],
    },
    Completing {
        name: "an Ingress that is annotated later and Service",
        known: |at| with(at, vec![annotated(at, "nginx")]),
        writes: |at| {
            vec![
                Write::Patch(annotated(at, "alb")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "HTTPRoute and Gateway",
        known: |at| with(at, vec![gateway_class(at), service(at, "front", "edge")]),
        writes: |at| {
            vec![
                Write::Create(route(at, "web", "public", "front")),
                Write::Create(gateway(at, "public", at)),
            ]
        },
    },
    Completing {
        name: "HTTPRoute and GatewayClass",
        known: |at| {
            with(
                at,
                vec![gateway(at, "public", at), service(at, "front", "edge")],
            )
        },
        writes: |at| {
            vec![
                Write::Create(route(at, "web", "public", "front")),
                Write::Create(gateway_class(at)),
            ]
        },
    },
    Completing {
        name: "Gateway and GatewayClass",
        known: |at| {
            with(
                at,
                vec![
                    route(at, "web", "public", "front"),
                    service(at, "front", "edge"),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(gateway(at, "public", at)),
                Write::Create(gateway_class(at)),
            ]
        },
    },
    Completing {
        name: "HTTPRoute and Service",
        known: |at| with(at, vec![gateway_class(at), gateway(at, "public", at)]),
        writes: |at| {
            vec![
                Write::Create(route(at, "web", "public", "front")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "a TargetGroupBinding that changes its Service, and the Service's selector",
        known: |at| {
            let services = vec![service(at, "front", "web"), service(at, "other", "web")];
            with(at, [services, vec![binding(at, "web", "other")]].concat())
        },
        writes: |at| {
            vec![
                Write::Patch(binding(at, "web", "front")),
                selector_change(at),
            ]
        },
    },
    Completing {
        name: "Ingress and an alias of the gateway's Service",
        known: |at| {
            with(
                at,
                vec![ingress_class(at, ALB), service(at, "front", "edge")],
            )
        },
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "alias")),
                Write::Create(alias(at, "alias", "front")),
            ]
        },
    },
    Completing {
        name: "Ingress and Service of Pods that no template made",
        known: |at| vec![pod(at, "bare", true), ingress_class(at, ALB)],
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(service(at, "front", "bare")),
            ]
        },
    },
    Completing {
        name: "Ingress and Service whose endpoints were made by hand",
        known: |at| {
            vec![
                pod(at, "bare", true),
                slice(at, "front", "bare"),
                ingress_class(at, ALB),
            ]
        },
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(service_by_hand(at, "front")),
            ]
        },
    },
    Completing {
        name: "Ingress that forwards by an action, and Service",
        known: |at| with(at, vec![ingress_class(at, ALB)]),
        writes: |at| {
            vec![
                Write::Create(ingress_by_action(
                    at,
                    "web",
                    at,
                    &forward_to_service("front"),
                )),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "Ingress that forwards to a target group, and its TargetGroupBinding",
        known: |at| {
            with(
                at,
                vec![ingress_class(at, ALB), service(at, "front", "edge")],
            )
        },
        writes: |at| {
            let arn = target_group(at);
            vec![
                Write::Create(ingress_by_action(
                    at,
                    "web",
                    at,
                    &forward_to_target_group(&arn),
                )),
                Write::Create(binding_without_protocol(at, "web", &arn)),
            ]
        },
    },
    Completing {
        name: "Service and a TargetGroupBinding whose target group an Ingress forwards to",
        known: |at| {
            let action = forward_to_target_group(&target_group(at));
            with(
                at,
                vec![
                    ingress_class(at, ALB),
                    ingress_by_action(at, "web", at, &action),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(service(at, "front", "edge")),
                Write::Create(binding_without_protocol(at, "web", &target_group(at))),
            ]
        },
    },
    Completing {
        name: "HTTPRoute and the ListenerSet that it is attached to",
        known: |at| {
            with(
                at,
                vec![
                    gateway_class(at),
                    gateway(at, "public", at),
                    service(at, "front", "edge"),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(route_by_listener_set(at, "web", "more", "front")),
                Write::Create(listener_set(at, "more", "public")),
            ]
        },
    },
    Completing {
        name: "ListenerSet and its Gateway",
        known: |at| {
            with(
                at,
                vec![
                    gateway_class(at),
                    service(at, "front", "edge"),
                    route_by_listener_set(at, "web", "more", "front"),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(listener_set(at, "more", "public")),
                Write::Create(gateway(at, "public", at)),
            ]
        },
    },
    Completing {
        name: "HTTPRoute of another namespace and Service",
        known: |at| with(at, vec![gateway_class(at), gateway(at, "public", at)]),
        writes: |at| {
            let mut route = route("default", at, "public", "front");
            route["spec"]["parentRefs"][0]["namespace"] = json!(at);
            route["spec"]["rules"][0]["backendRefs"][0]["namespace"] = json!(at);
            vec![
                Write::Create(route),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "an alias of another namespace and Service",
        known: |at| {
            with(
                at,
                vec![ingress_class(at, ALB), ingress("default", at, Some(at), at)],
            )
        },
        writes: |at| {
            let host = format!("front.{at}.svc.cluster.local");
            vec![
                Write::Create(external_name("default", at, &host)),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "an alias that spells its Service out by name and namespace alone, and Service",
        known: |at| {
            with(
                at,
                vec![
                    ingress_class(at, ALB),
                    ingress(at, "web", Some(at), "alias"),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(external_name(at, "alias", &format!("front.{at}"))),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "Ingress to an alias that spells its Service out by name and namespace alone, and Service",
        known: |at| {
            with(
                at,
                vec![
                    ingress_class(at, ALB),
                    external_name(at, "alias", &format!("front.{at}")),
                ],
            )
        },
        writes: |at| {
            vec![
                Write::Create(ingress(at, "web", Some(at), "alias")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "Ingress and the Istio Gateway whose Service istiod will make",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                gateway_class_of(&format!("{at}-mesh"), ISTIO_GATEWAY),
            ]
        },
        writes: |at| {
            let class = format!("{at}-mesh");
            let made = format!("public-{class}");
            vec![
                Write::Create(ingress(at, "web", Some(at), &made)),
                Write::Create(gateway(at, "public", &class)),
            ]
        },
    },
    Completing {
        name: "Gateway and GatewayClass of Istio, with an Ingress to the Service that istiod will make",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                ingress(at, "web", Some(at), &format!("public-{at}-mesh")),
            ]
        },
        writes: |at| {
            let class = format!("{at}-mesh");
            vec![
                Write::Create(gateway(at, "public", &class)),
                Write::Create(gateway_class_of(&class, ISTIO_GATEWAY)),
            ]
        },
    },
    Completing {
        name: "TargetGroupBinding and Service",
        known: workloads,
        writes: |at| {
            vec![
                Write::Create(binding(at, "web", "front")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
];

pub(crate) fn cases() -> Vec<Case> {
    let pairs = PAIRS.iter().flat_map(|pair| {
        [[0, 1], [1, 0]].map(|order| {
            let which = if order[0] == 0 {
                "in this order"
            } else {
                "in the other order"
            };
            let name = format!(
                "the second of two writes is refused, {which}: {}",
                pair.name
            );
            let case: Case = (
                name,
                Box::new(move |stage| refused_at_last(stage, pair, &order)),
            );
            case
        })
    });
    pairs.collect()
}
