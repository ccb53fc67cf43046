//! Lists that apply, and open, close or lose something.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::good::{of_front, of_service, path, target, world};
use super::{Case, judged};

pub(super) fn trials() -> Vec<Trial> {
    let cases = created().into_iter().chain(routes());
    cases.map(|case| judged(world, case)).collect()
}

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// The right list with another Service.
fn with(edit: impl FnOnce(&mut Value)) -> Value {
    let mut service = of_service();
    edit(&mut service["object"]);
    json!([service, of_front()])
}

fn annotate(name: &str, value: &str) -> Value {
    let key = format!("{PREFIX}{name}");
    with(|service| service["metadata"]["annotations"][key] = json!(value))
}

fn created() -> Vec<Case> {
    let mut canary = of_service();
    canary["target"]["name"] = json!("gw-canary");
    canary["object"]["metadata"]["name"] = json!("gw-canary");
    let mut moved = of_service();
    moved["target"]["namespace"] = json!("other");
    moved["object"]["metadata"]["namespace"] = json!("other");
    vec![
        (
            "an internet-facing NLB for an internal ALB",
            annotate("scheme", "internet-facing"),
            &["another scheme"],
        ),
        (
            "no ranges",
            with(|service| drop(service["spec"]["loadBalancerSourceRanges"].take())),
            &["other source ranges"],
        ),
        (
            "a wider range",
            with(|service| service["spec"]["loadBalancerSourceRanges"] = json!(["0.0.0.0/0"])),
            &["other source ranges"],
        ),
        (
            "a security group that nobody named",
            annotate("security-groups", "sg-1"),
            &["other security groups"],
        ),
        (
            "subnets that nobody named",
            annotate("subnets", "subnet-1"),
            &["other subnets"],
        ),
        (
            "an address that nobody named",
            annotate("eip-allocations", "eipalloc-1"),
            &["other addresses"],
        ),
        (
            "proxy protocol that the gateway does not speak",
            annotate("proxy-protocol", "*"),
            &["proxy protocol switched"],
        ),
        (
            "the client's address lost",
            annotate(
                "target-group-attributes",
                "preserve_client_ip.enabled=false",
            ),
            &["the client's address is lost"],
        ),
        (
            "a label of a controller",
            with(|service| service["spec"]["selector"]["pod-template-hash"] = json!("1")),
            &["a label of a controller in a selector"],
        ),
        (
            "another port",
            with(|service| service["spec"]["ports"][0]["port"] = json!(8080)),
            &["a port is not reached any more"],
        ),
        (
            "two load balancers",
            json!([of_service(), canary, of_front()]),
            &["two load balancers of one gateway"],
        ),
        (
            "another namespace",
            json!([moved, of_front()]),
            &[
                "a Service in another namespace",
                "a Service of other Pods",
                "a port is not reached any more",
            ],
        ),
        (
            "nothing in place of the front",
            json!([of_front()]),
            &["a port is not reached any more"],
        ),
        (
            "a finding of another rule",
            annotate("healthcheck-protocol", "http"),
            &["a finding that has come"],
        ),
        (
            "the front as it was",
            json!([of_service()]),
            &["a finding that is still there"],
        ),
    ]
}

/// The front's patch and an operation more.
fn added(operation: &Value) -> Value {
    let mut front = of_front();
    if let Some(operations) = front["patch"].as_array_mut() {
        operations.push(operation.clone());
    }
    front
}

fn routes() -> Vec<Case> {
    let front = || target("networking.k8s.io/v1", "Ingress", "front");
    let all = (0..3).rev().flat_map(|index| {
        let at = format!("/spec/rules/0/http/paths/{index}");
        [
            json!({"op": "test", "path": at, "value": path(index)}),
            json!({"op": "remove", "path": at}),
        ]
    });
    let all: Vec<Value> = all.collect();
    vec![
        (
            "a front deleted that serves applications",
            json!([of_service(), {"action": "delete", "target": front(), "why": "gone"}]),
            &["a way to an application is lost"],
        ),
        (
            "a rule without paths",
            json!([of_service(), {"action": "patch", "target": front(), "patchType": "json", "patch": all, "why": "gone"}]),
            &[
                "a rule that leads nowhere is left",
                "a way to an application is lost",
            ],
        ),
        (
            "a Service of an application changed",
            json!([
                of_service(), of_front(),
                {"action": "patch", "target": target("v1", "Service", "app"), "patchType": "merge", "patch": {"spec": {"type": "NodePort"}}, "why": "as it is"},
            ]),
            &["a change of another Service"],
        ),
        (
            "the front gone before the Service is made",
            json!([of_front(), of_service()]),
            &["the old goes before the new"],
        ),
        (
            "a ConfigMap made",
            json!([of_service(), of_front(), {
                "action": "create", "target": target("v1", "ConfigMap", "new"), "why": "as it is",
                "object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": "edge"}},
            }]),
            &["a creation of something else"],
        ),
        (
            "the gateway's own Service taken away",
            json!([of_service(), of_front(), {"action": "delete", "target": target("v1", "Service", "gw"), "why": "gone"}]),
            &["a change of something else"],
        ),
        (
            "a host put on what is left",
            json!([
                of_service(),
                added(
                    &json!({"op": "add", "path": "/spec/rules/0/host", "value": "b.example.com"})
                )
            ]),
            &[
                "a front with something new",
                "a way that was not there",
                "a way to an application is lost",
            ],
        ),
        (
            "an annotation put on what is left",
            json!([
                of_service(),
                added(&json!({"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}))
            ]),
            &["a front with something new"],
        ),
        (
            "a class taken away",
            json!([of_service(), {"action": "delete", "target": {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "namespace": "", "name": "alb"}, "why": "gone"}]),
            // A class of this name counts where it is missing too.
            &[
                "a change of something else",
                "a finding that is still there",
            ],
        ),
    ]
}
