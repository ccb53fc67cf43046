//! A world and a list that repairs it, from which the wrong ones are made.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::judged;

/// A gateway behind an ALB that also serves an application.
pub(super) fn world() -> Vec<Value> {
    let path = |path: &str, service: &str| json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}});
    vec![
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}}),
        deployment(),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "gw", "namespace": "edge"},
            "spec": {"type": "ClusterIP", "selector": {"app": "gw"}, "ports": [
                {"name": "http2", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443},
            ]},
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "front", "namespace": "edge", "annotations": {"alb.ingress.kubernetes.io/inbound-cidrs": "10.0.0.0/8"}},
            "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": [path("/a", "gw"), path("/b", "app"), path("/c", "gw")]}}]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "app", "namespace": "edge"},
            "spec": {"selector": {"app": "app"}, "ports": [{"port": 80}]},
        }),
    ]
}

pub(super) fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gw", "namespace": "edge"},
        "spec": {"selector": {"matchLabels": {"app": "gw"}}, "template": {
            "metadata": {"labels": {"app": "gw"}},
            "spec": {"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.27.0", "args": ["proxy", "router"]}]},
        }},
    })
}

pub(super) fn target(api_version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "namespace": "edge", "name": name})
}

/// Takes the first and the last path away.
pub(super) fn of_front() -> Value {
    let test = |index: usize| json!({"op": "test", "path": format!("/spec/rules/0/http/paths/{index}"), "value": path(index)});
    let remove =
        |index: usize| json!({"op": "remove", "path": format!("/spec/rules/0/http/paths/{index}")});
    json!({
        "action": "patch", "target": target("networking.k8s.io/v1", "Ingress", "front"), "why": "The ALB no longer leads to gw.",
        "patchType": "json", "patch": [test(2), remove(2), test(0), remove(0)],
    })
}

/// A path of the front, as it stands there.
pub(super) fn path(index: usize) -> Value {
    world()[3]["spec"]["rules"][0]["http"]["paths"][index].clone()
}

/// Makes the gateway's Service an NLB's, as narrow as the ALB was.
pub(super) fn of_service() -> Value {
    json!({
        "action": "create", "target": target("v1", "Service", "gw-nlb"), "why": "An NLB leads to gw.",
        "object": {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "gw-nlb", "namespace": "edge", "annotations": {
                "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
                "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
                "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes": "preserve_client_ip.enabled=true",
            }},
            "spec": {
                "type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "loadBalancerSourceRanges": ["10.0.0.0/8"],
                "selector": {"app": "gw"}, "ports": [{"name": "http2", "port": 80, "targetPort": 8080}],
            },
        },
    })
}

pub(super) fn trials() -> Vec<Trial> {
    vec![judged(
        world,
        (
            "a list that is right",
            json!([of_service(), of_front()]),
            &[],
        ),
    )]
}
