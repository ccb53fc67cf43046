//! Nobody reaches more than before: neither through a load balancer that stands, nor through one that is made.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fault::Faults;
use crate::load_balancer::{Exposure, LoadBalancer, Mutator};
use crate::manifests::{Identity, Manifests, text};
use crate::subject::Subject;

/// Compares every load balancer of the world after with what was there before. A new one is measured against the fronts
/// and the load balancers of the same gateways.
pub(crate) fn faults(before: &Manifests, after: &Manifests, subjects: &[Subject<'_>]) -> Faults {
    let mut faults = Faults::default();
    let mut made = Vec::new();
    for service in after.services() {
        let identity = Identity::of(service);
        let old = before.get(&identity);
        if old == Some(service) {
            continue;
        }
        let was_there = old.is_some_and(|old| LoadBalancer::of(old, Mutator::Absent).is_some());
        if let (true, Some(old)) = (was_there, old) {
            for mutator in [Mutator::Absent, Mutator::Present] {
                standing(&identity, old, service, mutator, &mut faults);
            }
        } else if let Some(new) = LoadBalancer::of(service, Mutator::Absent) {
            made.push(service);
            let sources = sources(before, service, subjects);
            new_one(&identity, &new, &sources, &mut faults);
        }
    }
    for Subject { gateway, .. } in subjects {
        let made = made.iter().filter(|service| gateway.is_served_by(service));
        faults.require(
            made.count() <= 1,
            "two load balancers of one gateway",
            gateway,
        );
    }
    faults
}

/// A load balancer that stands keeps everything that says who reaches it and who builds it.
fn standing(identity: &Identity, old: &Value, new: &Value, mutator: Mutator, faults: &mut Faults) {
    let Some(old) = LoadBalancer::of(old, mutator) else {
        return;
    };
    let Some(new) = LoadBalancer::of(new, mutator) else {
        // It is none any more. Whether its ports are still reached is asked elsewhere.
        return;
    };
    let mut same = |is_same: bool, kind: &'static str| faults.require(is_same, kind, identity);
    same(old.builder == new.builder, "another builder in place");
    same(
        old.exposure.is_internet_facing == new.exposure.is_internet_facing,
        "another scheme",
    );
    same(
        old.exposure.ranges == new.exposure.ranges,
        "other source ranges",
    );
    same(
        old.exposure.security_groups == new.exposure.security_groups
            && old.exposure.prefix_lists == new.exposure.prefix_lists,
        "other security groups",
    );
    same(
        old.exposure.subnets == new.exposure.subnets,
        "other subnets",
    );
    same(old.addresses == new.addresses, "other addresses");
    same(
        old.has_proxy_protocol == new.has_proxy_protocol,
        "proxy protocol switched",
    );
    same(
        old.traffic_policy == new.traffic_policy,
        "another traffic policy",
    );
    same(
        new.keeps_client_address || !old.keeps_client_address,
        "the client's address is lost",
    );
    let has_ports = old.ports.iter().all(|port| new.port(port.number).is_some());
    same(has_ports, "a port is lost");
}

/// What a new load balancer may stand for.
struct Source {
    exposure: Exposure,
    has_proxy_protocol: bool,
    addresses: BTreeSet<String>,
}

fn sources(before: &Manifests, service: &Value, subjects: &[Subject<'_>]) -> Vec<Source> {
    let fronts = subjects.iter().filter(|subject| subject.has_front());
    let of_fronts = fronts.map(|subject| Source {
        exposure: subject.front.exposure.clone(),
        has_proxy_protocol: false,
        addresses: BTreeSet::new(),
    });
    let leads_there = |other: &&Value| {
        let mut gateways = subjects.iter().map(|subject| &subject.gateway);
        gateways.any(|gateway| gateway.is_served_by(service) && gateway.is_served_by(other))
    };
    let planned = planned(before);
    let standing = before.services().chain(&planned).filter(leads_there);
    let of_services = standing.flat_map(|other| {
        let as_written = LoadBalancer::of(other, Mutator::Absent);
        let is_public = as_written
            .as_ref()
            .is_some_and(|balancer| balancer.exposure.is_internet_facing);
        // Where the webhook makes an internal one of it, an internal one stands for it too; a public one does only where
        // it is public as it is written.
        let as_mutated = LoadBalancer::of(other, Mutator::Present).map(|mut balancer| {
            balancer.exposure.is_internet_facing &= is_public;
            balancer
        });
        as_written
            .into_iter()
            .chain(as_mutated)
            .map(|balancer| Source {
                exposure: balancer.exposure,
                has_proxy_protocol: balancer.has_proxy_protocol,
                addresses: balancer.addresses,
            })
    });
    of_fronts.chain(of_services).collect()
}

/// The Services that istiod will make of Gateways, with what these say of the load balancer.
fn planned(before: &Manifests) -> Vec<Value> {
    let gateways = before
        .of_kind("Gateway")
        .filter(|gateway| gateway["spec"]["gatewayClassName"] == "istio");
    let services = gateways.map(|gateway| {
        let metadata = &gateway["metadata"];
        let annotations = match &gateway["spec"]["infrastructure"]["annotations"] {
            Value::Null => &metadata["annotations"],
            annotations => annotations,
        };
        let name = text(&metadata["name"]);
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": format!("{name}-istio"), "namespace": metadata["namespace"], "annotations": annotations},
            "spec": {"type": "LoadBalancer", "selector": {"gateway.networking.k8s.io/gateway-name": name}},
        })
    });
    services
        .filter(|service| before.get(&Identity::of(service)).is_none())
        .collect()
}

fn new_one(identity: &Identity, new: &LoadBalancer, sources: &[Source], faults: &mut Faults) {
    faults.require(
        new.keeps_client_address,
        "the client's address is lost",
        identity,
    );
    let mut misfits: Vec<Vec<&'static str>> = sources
        .iter()
        .map(|source| misfits(new, source, sources))
        .collect();
    misfits.sort_by_key(Vec::len);
    match misfits.first() {
        None => faults.add("a load balancer that stands for nothing", identity),
        Some(least) => {
            for kind in least {
                faults.add(kind, identity);
            }
        }
    }
}

/// In what a new load balancer is not as its source. What its source does not say it may have of another one, as the
/// proxy protocol that the gateway is told to read by the load balancer that stands.
fn misfits(new: &LoadBalancer, source: &Source, all: &[Source]) -> Vec<&'static str> {
    let (exposure, wanted) = (&new.exposure, &source.exposure);
    let speaks_proxy_protocol = all.iter().any(|source| source.has_proxy_protocol);
    let same = |list: fn(&Exposure) -> &BTreeSet<String>| {
        let (new, wanted) = (list(exposure), list(wanted));
        new == wanted
            || (wanted.is_empty() && all.iter().any(|source| list(&source.exposure) == new))
    };
    let is_within = match (&exposure.ranges, &wanted.ranges) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(new), Some(old)) => new.is_subset(old),
    };
    let checks = [
        (
            exposure.is_internet_facing == wanted.is_internet_facing,
            "another scheme",
        ),
        (is_within, "other source ranges"),
        (
            same(|exposure| &exposure.security_groups) && same(|exposure| &exposure.prefix_lists),
            "other security groups",
        ),
        (same(|exposure| &exposure.subnets), "other subnets"),
        (
            new.has_proxy_protocol == speaks_proxy_protocol,
            "proxy protocol switched",
        ),
        (
            new.addresses.is_empty() || new.addresses == source.addresses,
            "other addresses",
        ),
    ];
    let failed = checks.iter().filter(|(is_right, _)| !is_right);
    failed.map(|(_, kind)| *kind).collect()
}
