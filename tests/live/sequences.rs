//! Read your writes, of more than two: the last write is refused although no watch has told of those before it.

use crate::Case;
use crate::completing::{Completing, refused_at_last, selector_change, with};
use crate::scenery::{
    ALB, ISTIO_GATEWAY, NGINX, Write, binding, deployment, external_name, gateway, gateway_class,
    gateway_class_of, ingress, ingress_class, istio_gateway, made_for, route, service,
    service_for_alb, workload,
};

/// Writes of which the last has to be judged: nobody is asked about the others.
const SEQUENCES: &[Completing] = &[
    Completing {
        name: "a workload, and a Service that asks for an ALB",
        known: |_| Vec::new(),
        writes: |at| {
            vec![
                Write::Create(deployment(at, "edge", true)),
                Write::Create(service_for_alb(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "an application that makes way for a gateway, and a Service that asks for an ALB",
        known: |at| vec![deployment(at, "edge", false)],
        writes: |at| {
            vec![
                Write::Delete(deployment(at, "edge", false)),
                Write::Create(deployment(at, "edge", true)),
                Write::Create(service_for_alb(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "an application that makes way for a gateway, an Ingress, and its Service",
        known: |at| vec![ingress_class(at, ALB), deployment(at, "edge", false)],
        writes: |at| {
            vec![
                Write::Delete(deployment(at, "edge", false)),
                Write::Create(deployment(at, "edge", true)),
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "an application that makes way for a gateway, its Service, and an Ingress",
        known: |at| vec![ingress_class(at, ALB), deployment(at, "edge", false)],
        writes: |at| {
            vec![
                Write::Delete(deployment(at, "edge", false)),
                Write::Create(deployment(at, "edge", true)),
                Write::Create(service(at, "front", "edge")),
                Write::Create(ingress(at, "web", Some(at), "front")),
            ]
        },
    },
    Completing {
        name: "a Service of the workload of a Gateway, an Ingress, and the GatewayClass that makes it Istio's",
        known: |at| {
            let class = format!("{at}-mesh");
            vec![
                ingress_class(at, ALB),
                made_for(at, "edge", "public"),
                gateway(at, "public", &class),
            ]
        },
        writes: |at| {
            vec![
                Write::Create(service(at, "front", "edge")),
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(gateway_class_of(&format!("{at}-mesh"), ISTIO_GATEWAY)),
            ]
        },
    },
    Completing {
        name: "a workload of a Gateway to come, its Service, an Ingress, and the Gateway",
        known: |at| vec![ingress_class(at, ALB)],
        writes: |at| {
            vec![
                Write::Create(made_for(at, "edge", "public")),
                Write::Create(service(at, "front", "edge")),
                Write::Create(ingress(at, "web", Some(at), "front")),
                Write::Create(gateway(at, "public", "istio")),
            ]
        },
    },
    Completing {
        name: "a GatewayClass that becomes an ALB's, a HTTPRoute, and its Gateway",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                service(at, "front", "edge"),
                gateway_class_of(at, "example.com/gateway"),
            ]
        },
        writes: |at| {
            vec![
                Write::Delete(gateway_class_of(at, "example.com/gateway")),
                Write::Create(gateway_class(at)),
                Write::Create(route(at, "web", "public", "front")),
                Write::Create(gateway(at, "public", at)),
            ]
        },
    },
    Completing {
        name: "an Istio Gateway, and an Ingress to the Service of the Pods that it programs",
        known: |at| vec![ingress_class(at, ALB), service(at, "front", at)],
        writes: |at| {
            vec![
                // It programs Pods of every namespace, so its label is of this trial alone.
                Write::Create(istio_gateway("default", at, at)),
                Write::Create(ingress(at, "web", Some(at), "front")),
            ]
        },
    },
    Completing {
        name: "a StatefulSet, and an Ingress to its Service",
        known: |at| vec![ingress_class(at, ALB), service(at, "front", "edge")],
        writes: |at| {
            vec![
                Write::Create(workload("StatefulSet", at, "edge", true)),
                Write::Create(ingress(at, "web", Some(at), "front")),
            ]
        },
    },
    Completing {
        name: "a DaemonSet, and a Service for an Ingress",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                ingress(at, "web", Some(at), "front"),
            ]
        },
        writes: |at| {
            vec![
                Write::Create(workload("DaemonSet", at, "edge", true)),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "a ReplicaSet, and a TargetGroupBinding of its Service",
        known: |at| vec![service(at, "front", "edge")],
        writes: |at| {
            vec![
                Write::Create(workload("ReplicaSet", at, "edge", true)),
                Write::Create(binding(at, "web", "front")),
            ]
        },
    },
    Completing {
        name: "a workload, an alias of its Service, and the Service",
        known: |at| vec![ingress_class(at, ALB), ingress("default", at, Some(at), at)],
        writes: |at| {
            vec![
                Write::Create(deployment(at, "edge", true)),
                Write::Create(external_name(
                    "default",
                    at,
                    &format!("front.{at}.svc.cluster.local"),
                )),
                Write::Create(service(at, "front", "edge")),
            ]
        },
    },
    Completing {
        name: "the class of an Ingress goes over to nginx, its Service to the gateway, and the Ingress to an ALB's class",
        known: |at| {
            let other = format!("{at}-alb");
            with(
                at,
                vec![
                    ingress_class(at, ALB),
                    ingress_class(&other, ALB),
                    service(at, "front", "web"),
                    ingress(at, "web", Some(at), "front"),
                ],
            )
        },
        writes: |at| {
            let other = format!("{at}-alb");
            vec![
                Write::Delete(ingress_class(at, ALB)),
                Write::Create(ingress_class(at, NGINX)),
                selector_change(at),
                Write::Patch(ingress(at, "web", Some(&other), "front")),
            ]
        },
    },
];

pub(crate) fn cases() -> Vec<Case> {
    let cases = SEQUENCES.iter().map(|sequence| {
        let order: Vec<usize> = (0..(sequence.writes)("").len()).collect();
        let name = format!("the last of some writes is refused: {}", sequence.name);
        let case: Case = (
            name,
            Box::new(move |stage| refused_at_last(stage, sequence, &order)),
        );
        case
    });
    cases.collect()
}
