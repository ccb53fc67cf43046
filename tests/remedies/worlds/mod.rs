//! Random worlds of the shapes in which gateways and fronts are met, with findings of every rule.

mod exposed;
mod fronts;
mod gateways;
mod ingresses;
mod networks;
mod owners;
mod services;
mod values;

use proptest::prelude::*;
use serde_json::Value;

use crate::manifests::{Identity, Manifests};

/// Where a gateway is, and what it is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    namespace: &'static str,
    name: &'static str,
    /// The value of the label `istio`.
    istio: &'static str,
}

const PLACES: [Place; 3] = [
    Place {
        namespace: "istio-system",
        name: "istio-ingressgateway",
        istio: "ingressgateway",
    },
    Place {
        namespace: "istio-ingress",
        name: "istio-ingress",
        istio: "ingress",
    },
    Place {
        namespace: "edge",
        name: "public",
        istio: "public",
    },
];

/// One or two gateways, each with what stands before it.
pub(crate) fn worlds() -> impl Strategy<Value = Manifests> {
    let first = site(PLACES[0]);
    let second = prop::option::weighted(0.3, prop_oneof![site(PLACES[1]), site(PLACES[2])]);
    let lone = prop_oneof![site(PLACES[1]), site(PLACES[2])];
    let both = (first, second).prop_map(|(mut first, second)| {
        first.extend(second.into_iter().flatten());
        first
    });
    prop_oneof![3 => both.boxed(), 2 => lone.boxed()].prop_map(distinct)
}

/// A gateway, its Service and the fronts of both.
fn site(place: Place) -> BoxedStrategy<Vec<Value>> {
    let standing = prop_oneof![
        5 => gateways::by_hand(place),
        2 => gateways::of_the_gateway_api(place),
    ];
    let fronts = prop::collection::vec(fronts::front(place), 0..3);
    let network = prop::option::weighted(0.15, networks::network());
    (standing, fronts, network)
        .prop_map(move |(standing, fronts, network)| {
            let service = standing.service;
            let network = network.map(|network| network.objects(place, &service));
            let fronts = fronts
                .into_iter()
                .enumerate()
                .flat_map(|(index, front)| front.objects(&service, index));
            let before = fronts.chain(network.into_iter().flatten());
            standing.objects.into_iter().chain(before).collect()
        })
        .boxed()
}

/// The first of those that share a name.
fn distinct(objects: Vec<Value>) -> Manifests {
    let mut kept: Vec<Value> = Vec::new();
    for object in objects {
        let identity = Identity::of(&object);
        if kept.iter().all(|other| Identity::of(other) != identity) {
            kept.push(object);
        }
    }
    Manifests::new(kept, "default")
}
