//! What l7guard still knows and what is gone: it refuses nobody.

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::gate::Passes;
use crate::scenery::{
    ALB, NGINX, Write, binding, deployment, gateway, gateway_class, ingress, ingress_class, route,
    service,
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
        known: |at| {
            vec![
                deployment(at, "edge", true),
                ingress_class(at, ALB),
                service(at, "front", "edge"),
            ]
        },
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
        known: |at| {
            vec![
                deployment(at, "edge", true),
                ingress_class(at, ALB),
                service(at, "front", "edge"),
            ]
        },
        unseen: |at| {
            vec![
                Write::Delete(deployment(at, "edge", true)),
                Write::Create(deployment(at, "edge", false)),
            ]
        },
        last: |at| Write::Create(ingress(at, "web", Some(at), "front")),
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
