//! What l7guard still knows and what is gone: it refuses nobody.

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::gate::Passes;
use crate::scenery::{
    ALB, ALB_GATEWAY, ISTIO_GATEWAY, NGINX, Write, alias, binding, binding_without_protocol,
    deployment, external_name, forward_to_target_group, gateway, gateway_behind_front,
    gateway_class, gateway_class_of, ingress, ingress_by_action, ingress_class, istio_gateway,
    listener_set, pod, route, route_by_listener_set, service, service_by_hand, service_for_alb,
    slice, target_group,
};
use crate::stage::Stage;

/// A path of which an end went away a moment ago.
struct Gone {
    name: &'static str,
    known: fn(&str) -> Vec<Value>,
    unseen: fn(&str) -> Vec<Write>,
    /// What would complete the path, if the end were still there.
    last: fn(&str) -> Write,
}

const GONE: &[Gone] = &[
    Gone {
        name: "a Service for an Ingress that was deleted a moment ago",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                ingress_class(at, ALB),
                ingress(at, "web", Some(at), "front"),
            ]
        },
        unseen: |at| vec![Write::Delete(ingress(at, "web", Some(at), "front"))],
        last: |at| Write::Create(service(at, "front", "edge")),
    },
    Gone {
        name: "an Ingress to a Service whose selector left the gateway a moment ago",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                deployment(at, "web", false),
                ingress_class(at, ALB),
                service(at, "front", "edge"),
            ]
        },
        unseen: |at| vec![Write::Patch(service(at, "front", "web"))],
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
    },
    Gone {
        name: "an Ingress of a class that is another controller's since a moment",
        known: |at| gateway_behind_front(at).into(),
        unseen: |at| {
            vec![
                Write::Delete(ingress_class(at, ALB)),
                Write::Create(ingress_class(at, NGINX)),
            ]
        },
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
    },
    Gone {
        name: "an Ingress to a Service whose gateway made way for an application",
        known: |at| gateway_behind_front(at).into(),
        unseen: |at| {
            vec![
                Write::Delete(deployment(at, "edge", true)),
                Write::Create(deployment(at, "edge", false)),
            ]
        },
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
    },
    Gone {
        name: "a Service for an Ingress, of a gateway that made way for an application",
        known: |at| vec![deployment(at, "edge", true), ingress_class(at, ALB)],
        unseen: |at| {
            vec![
                Write::Delete(deployment(at, "edge", true)),
                Write::Create(deployment(at, "edge", false)),
                Write::Create(ingress(at, "web", Some(at), "front")),
            ]
        },
        last: |at| Write::Create(service(at, "front", "edge")),
    },
    Gone {
        name: "a Gateway whose route was deleted a moment ago",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                gateway_class(at),
                service(at, "front", "edge"),
                route(at, "web", "public", "front"),
            ]
        },
        unseen: |at| vec![Write::Delete(route(at, "web", "public", "front"))],
        last: |at| Write::Create(gateway(at, "public", at)),
    },
    Gone {
        name: "a Service for a TargetGroupBinding that was deleted a moment ago",
        known: |at| vec![deployment(at, "edge", true), binding(at, "web", "front")],
        unseen: |at| vec![Write::Delete(binding(at, "web", "front"))],
        last: |at| Write::Create(service(at, "front", "edge")),
    },
    Gone {
        name: "an Ingress to an alias that stands for an application since a moment",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                deployment(at, "web", false),
                ingress_class(at, ALB),
                service(at, "front", "edge"),
                service(at, "shop", "web"),
                alias(at, "alias", "front"),
            ]
        },
        unseen: |at| vec![Write::Patch(alias(at, "alias", "shop"))],
        last: |at| Write::Create(ingress(at, "web", Some(at), "alias")),
    },
    Gone {
        name: "a Service for an alias of another namespace that was deleted a moment ago",
        known: |at| {
            let host = format!("front.{at}.svc.cluster.local");
            vec![
                deployment(at, "edge", true),
                ingress_class(at, ALB),
                external_name("default", at, &host),
                ingress("default", at, Some(at), at),
            ]
        },
        unseen: |at| {
            let host = format!("front.{at}.svc.cluster.local");
            vec![Write::Delete(external_name("default", at, &host))]
        },
        last: |at| Write::Create(service(at, "front", "edge")),
    },
    Gone {
        name: "a HTTPRoute to a Gateway whose class is another controller's since a moment",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                gateway_class(at),
                gateway(at, "public", at),
                service(at, "front", "edge"),
            ]
        },
        unseen: |at| {
            vec![
                Write::Delete(gateway_class_of(at, ALB_GATEWAY)),
                Write::Create(gateway_class_of(at, ISTIO_GATEWAY)),
            ]
        },
        last: |at| Write::Create(route(at, "web", "public", "front")),
    },
    Gone {
        name: "a GatewayClass whose Gateway was deleted a moment ago",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                gateway(at, "public", at),
                service(at, "front", "edge"),
                route(at, "web", "public", "front"),
            ]
        },
        unseen: |at| vec![Write::Delete(gateway(at, "public", at))],
        last: |at| Write::Create(gateway_class(at)),
    },
    Gone {
        name: "a HTTPRoute to a ListenerSet of which nothing is left",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                gateway_class(at),
                gateway(at, "public", at),
                listener_set(at, "more", "public"),
                service(at, "front", "edge"),
            ]
        },
        unseen: |at| vec![Write::Delete(listener_set(at, "more", "public"))],
        last: |at| Write::Create(route_by_listener_set(at, "web", "more", "front")),
    },
    Gone {
        name: "an IngressClass whose Ingress goes to another Service since a moment",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                deployment(at, "web", false),
                service(at, "front", "edge"),
                service(at, "shop", "web"),
                ingress(at, "web", Some(at), "front"),
            ]
        },
        unseen: |at| vec![Write::Patch(ingress(at, "web", Some(at), "shop"))],
        last: |at| Write::Create(ingress_class(at, ALB)),
    },
    Gone {
        name: "an Ingress to a target group whose TargetGroupBinding was deleted a moment ago",
        known: |at| {
            vec![
                deployment(at, "edge", true),
                ingress_class(at, ALB),
                service(at, "front", "edge"),
                binding_without_protocol(at, "web", &target_group(at)),
            ]
        },
        unseen: |at| {
            let binding = binding_without_protocol(at, "web", &target_group(at));
            vec![Write::Delete(binding)]
        },
        last: |at| {
            let action = forward_to_target_group(&target_group(at));
            Write::Create(ingress_by_action(at, "web", at, &action))
        },
    },
    Gone {
        name: "an Ingress to the Service of Pods that an Istio Gateway programmed until a moment ago",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                service(at, "front", at),
                istio_gateway("default", at, at),
            ]
        },
        unseen: |at| vec![Write::Delete(istio_gateway("default", at, at))],
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
    },
    Gone {
        name: "an Ingress to the Service that istiod would have made for a Gateway that was deleted a moment ago",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                gateway_class_of(&format!("{at}-mesh"), ISTIO_GATEWAY),
                gateway(at, "public", &format!("{at}-mesh")),
            ]
        },
        unseen: |at| vec![Write::Delete(gateway(at, "public", &format!("{at}-mesh")))],
        last: |at| Write::Create(ingress(at, "web", Some(at), &format!("public-{at}-mesh"))),
    },
    Gone {
        name: "an Ingress to a Service whose endpoints by hand were deleted a moment ago",
        known: |at| {
            vec![
                ingress_class(at, ALB),
                service_by_hand(at, "front"),
                pod(at, "bare", true),
                slice(at, "front", "bare"),
            ]
        },
        unseen: |at| vec![Write::Delete(slice(at, "front", "bare"))],
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
    },
    Gone {
        name: "a Service that asks for an ALB for what is an application since a moment",
        known: |at| vec![deployment(at, "edge", true)],
        unseen: |at| {
            vec![
                Write::Delete(deployment(at, "edge", true)),
                Write::Create(deployment(at, "edge", false)),
            ]
        },
        last: |at| Write::Create(service_for_alb(at, "front", "edge")),
    },
];

pub(crate) fn cases() -> Vec<Case> {
    let cases = GONE.iter().map(|gone| {
        let case: Case = (
            format!("nobody is refused for what is gone: {}", gone.name),
            Box::new(move |stage| accepted(stage, gone)),
        );
        case
    });
    cases.collect()
}

fn accepted(stage: &Stage, gone: &Gone) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&(gone.known)(at)).await?;
        stage.gate.let_pass(Passes::NoWatchEvents);
        for write in (gone.unseen)(at) {
            stage.hand.write(&write).await?.accepted()?;
        }
        stage.hand.write(&(gone.last)(at)).await?.accepted()
    })
}
