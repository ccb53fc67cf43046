//! Read your writes, of four in every order: nothing is known before, and the last write is refused.

use crate::Case;
use crate::completing::{Completing, refused_at_last};
use crate::scenery::{ALB, Write, deployment, ingress, ingress_class, service};

/// Everything at once: nothing is known before.
const BURST: Completing = Completing {
    name: "class, workload, Service and Ingress",
    known: |_| Vec::new(),
    writes: |at| {
        vec![
            Write::Create(ingress_class(at, ALB)),
            Write::Create(service(at, "front", "edge")),
            Write::Create(ingress(at, "web", Some(at), "front")),
            Write::Create(deployment(at, "edge", true)),
        ]
    },
};

pub(crate) fn cases() -> Vec<Case> {
    // Nobody is asked about workloads: one that comes last is found by the audit.
    let orders = permutations(4).into_iter().filter(|order| order[3] != 3);
    let bursts = orders.map(|order| {
        let name = format!(
            "the last of four writes is refused, in the order {order:?}: {}",
            BURST.name
        );
        let case: Case = (
            name,
            Box::new(move |stage| refused_at_last(stage, &BURST, &order)),
        );
        case
    });
    bursts.collect()
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |orders, next| {
        let insert = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        };
        orders.into_iter().flat_map(insert).collect()
    })
}
