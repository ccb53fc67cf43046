//! Lists that tell an owner one thing and expect another.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::good::{of_front, target, world};
use super::{Case, judged};

pub(super) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = of_chart()
        .into_iter()
        .map(|case| judged(chart_world, case))
        .collect();
    trials.extend(
        of_gateway()
            .into_iter()
            .map(|case| judged(gateway_world, case)),
    );
    trials.extend(
        of_routes()
            .into_iter()
            .map(|case| judged(route_world, case)),
    );
    trials
}

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

fn annotations() -> Value {
    json!({
        format!("{PREFIX}nlb-target-type"): "ip",
        format!("{PREFIX}target-group-attributes"): "preserve_client_ip.enabled=true",
        format!("{PREFIX}scheme"): "internal",
    })
}

/// The Service is one of Istio's chart.
fn chart_world() -> Vec<Value> {
    let mut world = world();
    world[2]["metadata"]["labels"] =
        json!({"helm.sh/chart": "gateway-1.27.0", "app.kubernetes.io/managed-by": "Helm"});
    world[3]["metadata"]["annotations"] = json!({});
    world
}

fn values(values: &Value, effect: &Value) -> Value {
    let service = target("v1", "Service", "gw");
    let effect =
        json!({"action": "patch", "target": service, "patchType": "merge", "patch": effect});
    json!([
        {"action": "values", "target": service, "values": values, "owner": {"tool": "Helm", "name": "gw", "namespace": "edge", "chart": "gateway-1.27.0"}, "effect": [effect], "why": "An NLB leads to gw."},
        of_front(),
    ])
}

fn of_chart() -> Vec<Case> {
    let spec = json!({"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"});
    let told = json!({"service": {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "annotations": annotations()}});
    let effect = json!({"spec": spec, "metadata": {"annotations": annotations()}});
    let mut untold = told.clone();
    untold["service"]["type"].take();
    let mut more = effect.clone();
    more["spec"]["externalTrafficPolicy"] = json!("Local");
    let none = json!({"controller": {}});
    vec![
        (
            "values and what the chart makes of them",
            values(&told, &effect),
            &[],
        ),
        (
            "an effect that the values do not have",
            values(&untold, &effect),
            &["an effect that the owner was not told"],
        ),
        (
            "an effect beside the values",
            values(&told, &more),
            &["an effect that the owner was not told"],
        ),
        (
            "values of something else",
            values(&none, &effect),
            &["an effect of something else"],
        ),
    ]
}

/// istiod makes the Service for a Gateway.
fn gateway_world() -> Vec<Value> {
    let mut world = world();
    world.remove(1);
    world[1] = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "gw-istio", "namespace": "edge", "labels": {"gateway.istio.io/managed": "istio.io-gateway-controller"}},
        "spec": {"type": "ClusterIP", "selector": {"gateway.networking.k8s.io/gateway-name": "gw"}, "ports": [{"name": "http", "port": 80}]},
    });
    world[2]["spec"] = json!({"ingressClassName": "alb", "defaultBackend": {"service": {"name": "gw-istio", "port": {"number": 80}}}});
    world[2]["metadata"]["annotations"] = json!({});
    world.push(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "gw", "namespace": "edge", "annotations": {"networking.istio.io/service-type": "ClusterIP"}},
        "spec": {"gatewayClassName": "istio", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
    }));
    world
}

fn of_gateway() -> Vec<Case> {
    let mut asked = annotations();
    asked[format!("{PREFIX}type")] = json!("external");
    let list = |told: &Value, kind: &str, effect: &Value| {
        let effect = json!({"action": "patch", "target": target("v1", "Service", "gw-istio"), "patchType": "merge", "patch": {
            "spec": {"type": "LoadBalancer"}, "metadata": {"annotations": effect},
        }});
        json!([
            {
                "action": "patch", "target": target("gateway.networking.k8s.io/v1", "Gateway", "gw"), "patchType": "merge", "why": "An NLB leads to gw.",
                "patch": {"metadata": {"annotations": {"networking.istio.io/service-type": kind}}, "spec": {"infrastructure": {"annotations": told}}},
                "effect": [effect],
            },
            {"action": "delete", "target": target("networking.k8s.io/v1", "Ingress", "front"), "why": "The NLB is there."},
        ])
    };
    vec![
        (
            "a Gateway and what istiod makes of it",
            list(&asked, "LoadBalancer", &asked),
            &[],
        ),
        (
            "a Gateway that was told less",
            list(&annotations(), "LoadBalancer", &asked),
            &["an effect that the owner was not told"],
        ),
        (
            "a Gateway of another type",
            list(&asked, "NodePort", &asked),
            &["an effect that the owner was not told"],
        ),
        (
            "the Service that istiod restores",
            json!([
                {"action": "patch", "target": target("v1", "Service", "gw-istio"), "patchType": "merge", "why": "An NLB leads to gw.",
                 "patch": {"spec": {"type": "LoadBalancer"}, "metadata": {"annotations": asked}}},
                {"action": "delete", "target": target("networking.k8s.io/v1", "Ingress", "front"), "why": "The NLB is there."},
            ]),
            &["a change of what an owner restores"],
        ),
    ]
}

/// An ALB Gateway's route with a rule for the gateway, one for both, and one for an application.
fn route_world() -> Vec<Value> {
    let mut world = world();
    world.truncate(3);
    let gateway = "gateway.networking.k8s.io/v1";
    world[2]["spec"]["type"] = json!("LoadBalancer");
    world[2]["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    let backend = |name: &str| json!({"name": name, "port": 80});
    let rule = |path: &str, backends: &[&str]| {
        let backends: Vec<Value> = backends.iter().map(|name| backend(name)).collect();
        json!({"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": backends})
    };
    world.extend([
        json!({"apiVersion": gateway, "kind": "GatewayClass", "metadata": {"name": "alb"}, "spec": {"controllerName": "gateway.k8s.aws/alb"}}),
        json!({
            "apiVersion": gateway, "kind": "Gateway", "metadata": {"name": "outer", "namespace": "edge"},
            "spec": {"gatewayClassName": "alb", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
        }),
        json!({
            "apiVersion": gateway, "kind": "HTTPRoute", "metadata": {"name": "all", "namespace": "edge"},
            "spec": {"parentRefs": [{"name": "outer"}], "rules": [rule("/a", &["gw"]), rule("/b", &["app", "gw"]), rule("/c", &["app"])]},
        }),
    ]);
    world
}

fn of_routes() -> Vec<Case> {
    let rules = route_world().pop().unwrap_or_default()["spec"]["rules"].clone();
    let list = |operations: &[Value]| {
        json!([{
            "action": "patch", "target": target("gateway.networking.k8s.io/v1", "HTTPRoute", "all"), "patchType": "json",
            "patch": operations, "why": "The NLB of gw is there.",
        }])
    };
    let test = |at: &str, value: &Value| json!({"op": "test", "path": format!("/spec/rules/{at}"), "value": value});
    let remove = |at: &str| json!({"op": "remove", "path": format!("/spec/rules/{at}")});
    let gateway_of_both = [test("1", &rules[1]), remove("1/backendRefs/1")];
    let right = [&gateway_of_both[..], &[test("0", &rules[0]), remove("0")]].concat();
    let hollow = [
        &gateway_of_both[..],
        &[test("0", &rules[0]), remove("0/backendRefs/0")],
    ]
    .concat();
    let both = [
        test("1", &rules[1]),
        remove("1"),
        test("0", &rules[0]),
        remove("0"),
    ];
    vec![
        ("a route without its ways to the gateway", list(&right), &[]),
        (
            "a rule without backends",
            list(&hollow),
            &[
                "a rule that leads nowhere is left",
                "a way that was not there",
            ],
        ),
        (
            "a rule that served an application too",
            list(&both),
            &["a way to an application is lost"],
        ),
        (
            "the mixed rule alone",
            list(&gateway_of_both),
            &["a finding that is still there"],
        ),
    ]
}
