//! What a finding is not about stays as it is: fronts only lose, Services only change what makes a load balancer, and
//! Gateways only what is told to it.

use serde_json::Value;

use crate::fault::Faults;
use crate::manifests::{Identity, Manifests, fields, text};

const OF_LOAD_BALANCERS: [&str; 7] = [
    "type",
    "loadBalancerClass",
    "loadBalancerSourceRanges",
    "externalTrafficPolicy",
    "allocateLoadBalancerNodePorts",
    "healthCheckNodePort",
    "ports",
];

pub(crate) fn faults(before: &Manifests, after: &Manifests) -> Faults {
    let mut faults = Faults::default();
    for old in &before.0 {
        let identity = Identity::of(old);
        let Some(new) = after.get(&identity).filter(|new| *new != old) else {
            continue;
        };
        match identity.kind.as_str() {
            "Ingress" | "HTTPRoute" | "GRPCRoute" => {
                faults.require(
                    loses_only(old, new),
                    "a front with something new",
                    &identity,
                );
            }
            "Service" => of_service(&identity, old, new, &mut faults),
            "Gateway" if identity.group == "gateway.networking.k8s.io" => {
                of_gateway(&identity, old, new, &mut faults);
            }
            _ => {}
        }
    }
    faults
}

/// Whether everything that is there was there: elements of arrays in their order, and of actions what is left of them.
fn loses_only(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => new.iter().all(|(key, new)| {
            let is_action = key.starts_with("alb.ingress.kubernetes.io/actions.");
            let old = old.get(key);
            old.is_some_and(|old| is_action || loses_only(old, new))
        }),
        (Value::Array(old), Value::Array(new)) => {
            let mut rest = old.iter();
            new.iter()
                .all(|new| rest.any(|old| old == new || loses_only(old, new)))
        }
        (old, new) => old == new,
    }
}

fn of_service(identity: &Identity, old: &Value, new: &Value, faults: &mut Faults) {
    for key in changed(&old["spec"], &new["spec"]) {
        let is_meant = OF_LOAD_BALANCERS.contains(&&*key);
        let detail = format!("{identity} spec.{key}");
        faults.require(is_meant, "a field that is none of a load balancer", detail);
    }
    for key in changed(
        &old["metadata"]["annotations"],
        &new["metadata"]["annotations"],
    ) {
        let is_meant = key.starts_with("service.beta.kubernetes.io/");
        let detail = format!("{identity} {key}");
        faults.require(is_meant, "a field that is none of a load balancer", detail);
    }
    let ports = |service: &Value| -> Vec<u64> {
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        ports.filter_map(|port| port["port"].as_u64()).collect()
    };
    let kept = ports(old).iter().all(|port| ports(new).contains(port));
    faults.require(kept, "a port of a Service is lost", identity);
}

fn of_gateway(identity: &Identity, old: &Value, new: &Value, faults: &mut Faults) {
    for key in changed(&old["spec"], &new["spec"]) {
        let is_meant = ["infrastructure", "listeners"].contains(&&*key);
        faults.require(
            is_meant,
            "a field that makes no Service",
            format!("{identity} spec.{key}"),
        );
    }
    for key in changed(
        &old["metadata"]["annotations"],
        &new["metadata"]["annotations"],
    ) {
        let is_meant = key == "networking.istio.io/service-type"
            || key.starts_with("service.beta.kubernetes.io/");
        faults.require(
            is_meant,
            "a field that makes no Service",
            format!("{identity} {key}"),
        );
    }
    let listeners = |gateway: &Value| -> Vec<String> {
        let listeners = gateway["spec"]["listeners"]
            .as_array()
            .into_iter()
            .flatten();
        listeners
            .map(|listener| text(&listener["name"]).to_owned())
            .collect()
    };
    let kept = listeners(old)
        .iter()
        .all(|name| listeners(new).contains(name));
    faults.require(kept, "a listener is lost", identity);
}

/// The keys whose values differ.
fn changed(old: &Value, new: &Value) -> Vec<String> {
    let keys = fields(old).chain(fields(new)).map(|(key, _)| key);
    let mut changed: Vec<String> = keys
        .filter(|key| old.get(*key) != new.get(*key))
        .cloned()
        .collect();
    changed.sort();
    changed.dedup();
    changed
}
