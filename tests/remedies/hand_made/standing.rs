//! Lists that apply to a gateway with a load balancer of its own, and change what it opens.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::good::{of_front, of_service, target, world};
use super::{Case, judged};

pub(super) fn trials() -> Vec<Trial> {
    let standing = standing().into_iter();
    let tls = tls().into_iter();
    standing
        .map(|case| judged(standing_world, case))
        .chain(tls.map(|case| judged(tls_world, case)))
        .collect()
}

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// The gateway has an NLB already, a restricted one whose health check is wrong.
fn standing_world() -> Vec<Value> {
    let mut world = world();
    world[2]["spec"]["type"] = json!("LoadBalancer");
    world[2]["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    world[2]["spec"]["loadBalancerSourceRanges"] = json!(["10.0.0.0/8"]);
    world[2]["spec"]["externalTrafficPolicy"] = json!("Local");
    let annotations = [
        ("nlb-target-type", "instance"),
        ("security-groups", "sg-1"),
        ("subnets", "subnet-1"),
        ("private-ipv4-addresses", "10.0.0.9"),
    ];
    for (name, value) in annotations {
        world[2]["metadata"]["annotations"][format!("{PREFIX}{name}")] = json!(value);
    }
    world
}

fn standing() -> Vec<Case> {
    let named = || {
        let mut front = of_front();
        front["why"] = json!("The NLB of gw is there.");
        front
    };
    let patched = |patch: &Value| json!([named(), {"action": "patch", "target": target("v1", "Service", "gw"), "patchType": "merge", "patch": patch, "why": "as it is"}]);
    let annotated = |name: &str, value: Value| {
        patched(&json!({"metadata": {"annotations": {format!("{PREFIX}{name}"): value}}}))
    };
    vec![
        (
            "the front alone, where an NLB is there",
            json!([named()]),
            &[],
        ),
        (
            "an NLB that is not named",
            json!([{"action": of_front()["action"], "target": of_front()["target"], "patchType": "json", "patch": of_front()["patch"], "why": "gone"}]),
            &["the load balancer that is there is not named"],
        ),
        (
            "a second NLB",
            json!([of_service(), named()]),
            &["a second load balancer"],
        ),
        (
            "a standing NLB made public",
            annotated("scheme", json!("internet-facing")),
            &["another scheme"],
        ),
        (
            "its security groups dropped",
            annotated("security-groups", Value::Null),
            &["other security groups"],
        ),
        (
            "its subnets changed",
            annotated("subnets", json!("subnet-2")),
            &["other subnets"],
        ),
        (
            "its address dropped",
            annotated("private-ipv4-addresses", Value::Null),
            &["other addresses"],
        ),
        (
            "proxy protocol switched on",
            annotated("proxy-protocol", json!("*")),
            &["proxy protocol switched"],
        ),
        (
            "its traffic policy changed",
            patched(&json!({"spec": {"externalTrafficPolicy": "Cluster"}})),
            &["another traffic policy", "the client's address is lost"],
        ),
        (
            "its class changed",
            patched(&json!({"spec": {"loadBalancerClass": "eks.amazonaws.com/nlb"}})),
            &["another builder in place"],
        ),
        (
            "taken away",
            patched(&json!({"spec": {"type": "ClusterIP"}})),
            &["a port is not reached any more"],
        ),
        (
            "its Pods changed",
            patched(&json!({"spec": {"selector": {"app": "other"}}})),
            &["a field that is none of a load balancer"],
        ),
        (
            "an annotation of somebody else",
            patched(&json!({"metadata": {"annotations": {"a": "b"}}})),
            &["a field that is none of a load balancer"],
        ),
        (
            "its ranges dropped",
            json!([named(), {"action": "patch", "target": target("v1", "Service", "gw"), "patchType": "json", "why": "as it is", "patch": [
                {"op": "test", "path": "/spec/loadBalancerSourceRanges/0", "value": "10.0.0.0/8"},
                {"op": "remove", "path": "/spec/loadBalancerSourceRanges/0"},
            ]}]),
            &["other source ranges"],
        ),
        (
            "a port dropped",
            json!([named(), {"action": "patch", "target": target("v1", "Service", "gw"), "patchType": "json", "why": "as it is", "patch": [
                {"op": "test", "path": "/spec/ports/1/name", "value": "https"},
                {"op": "remove", "path": "/spec/ports/1"},
            ]}]),
            &["a port is lost", "a port of a Service is lost"],
        ),
    ]
}

/// The NLB ends TLS, and 443 leads to the plain-text port.
fn tls_world() -> Vec<Value> {
    let mut world = world();
    world.truncate(3);
    world[2]["spec"]["type"] = json!("LoadBalancer");
    world[2]["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    world[2]["spec"]["ports"][1]["targetPort"] = json!(8080);
    world[2]["metadata"]["annotations"] = json!({
        format!("{PREFIX}ssl-cert"): "arn:aws:acm:eu-west-1:111122223333:certificate/a",
        format!("{PREFIX}ssl-ports"): "443",
    });
    world
}

fn tls() -> Vec<Case> {
    let key = |name: &str| {
        format!("/metadata/annotations/{PREFIX}{name}").replace("kubernetes.io/", "kubernetes.io~1")
    };
    let list = move |operations: &[Value], why: &str| {
        let mut patch = vec![
            json!({"op": "remove", "path": key("ssl-cert")}),
            json!({"op": "remove", "path": key("ssl-ports")}),
        ];
        patch.extend_from_slice(operations);
        json!([{"action": "patch", "target": target("v1", "Service", "gw"), "patchType": "json", "patch": patch, "why": why}])
    };
    let why =
        "arn:aws:acm:eu-west-1:111122223333:certificate/a goes to credentialName of the Gateway.";
    let port = [
        json!({"op": "test", "path": "/spec/ports/1/name", "value": "https"}),
        json!({"op": "replace", "path": "/spec/ports/1/targetPort", "value": 8443}),
    ];
    vec![
        ("TLS moved to the gateway", list(&port, why), &[]),
        (
            "443 left on the plain-text port",
            list(&[], why),
            &["TLS ends on a plain-text port"],
        ),
        (
            "a certificate dropped",
            list(&port, "TLS ends early."),
            &["a certificate whose place is not said"],
        ),
    ]
}
