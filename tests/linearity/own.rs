//! What the object under review itself may hold many of.

use serde_json::{Map, Value, json};

use crate::Dimension;
use crate::scene::Scene;

pub(crate) fn dimensions() -> Vec<Dimension> {
    let of = |name, scene| Dimension { name, scene };
    vec![
        of("labels of a binding", binding_labels),
        of("annotations of a Service", service_annotations),
        of("annotations of an Ingress", ingress_annotations),
        of("annotations of the wrong type", wrong_annotations),
        of("actions to Services", |n| actions(n, service_action)),
        of("actions to target groups", |n| actions(n, arn_action)),
        of("actions to one name of a target group", |n| {
            actions(n, one_name_action)
        }),
        of("actions that cannot be read", |n| {
            actions(n, |_| "{".to_owned())
        }),
        of("target groups of one action", targets),
        of("paths to as many Services", |n| {
            paths(n, |at| format!("web-{at}"))
        }),
        of("paths to one Service", |n| paths(n, |_| "web".to_owned())),
        of("hosts", hosts),
        of("ports", ports),
        of("ports with a certificate", certificate_ports),
        of("selectors", selectors),
        of("addresses of a Gateway", addresses),
        of("listeners", listeners),
        of("parents of a route", parents),
        of("backends of a route", backends),
        of("endpoints", endpoints),
        of("subsets", subsets),
    ]
}

/// The entries of a map.
pub(crate) fn entries(count: usize, entry: impl Fn(usize) -> (String, Value)) -> Value {
    (0..count).map(entry).collect::<Map<String, Value>>().into()
}

pub(crate) fn list(count: usize, element: impl Fn(usize) -> Value) -> Value {
    (0..count).map(element).collect::<Vec<Value>>().into()
}

/// A class of ALBs, and a gateway behind the Service `edge`.
pub(crate) fn world() -> Vec<Value> {
    vec![
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
            "spec": {"controller": "ingress.k8s.aws/alb"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge"}, "spec": {"selector": {"app": "edge"}}}),
        workload(
            "edge",
            &json!({"app": "edge"}),
            &json!({"args": ["proxy", "router"]}),
        ),
    ]
}

pub(crate) fn workload(name: &str, labels: &Value, container: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"template": {
        "metadata": {"labels": labels}, "spec": {"containers": [container]},
    }}})
}

fn binding_labels(count: usize) -> Scene {
    let labels = entries(count, |at| {
        (format!("ingress.k8s.aws/label-{at}"), json!("x"))
    });
    let binding = json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
        "metadata": {"name": "binding", "labels": labels},
        "spec": {"serviceRef": {"name": "edge"}, "targetGroupARN": "arn"}});
    Scene::update(&binding, &binding, world())
}

fn service_annotations(count: usize) -> Scene {
    let key = |at| format!("service.beta.kubernetes.io/aws-load-balancer-x-{at}");
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "edge", "annotations": entries(count, |at| (key(at), json!("x")))},
        "spec": {"type": "LoadBalancer", "selector": {"app": "edge"}, "ports": [{"port": 80}]}});
    Scene::creation(&service, world())
}

/// An Ingress to the gateway with these annotations and rules.
pub(crate) fn ingress(annotations: &Value, rules: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "front", "annotations": annotations},
        "spec": {"ingressClassName": "alb", "rules": rules,
            "defaultBackend": {"service": {"name": "edge", "port": {"number": 80}}}}})
}

fn ingress_annotations(count: usize) -> Scene {
    let annotations = entries(count, |at| (format!("example.com/x-{at}"), json!("x")));
    Scene::creation(&ingress(&annotations, &json!([])), world())
}

fn wrong_annotations(count: usize) -> Scene {
    let prefix = "service.beta.kubernetes.io/aws-load-balancer-x";
    let mut annotations = entries(count, |at| (format!("{prefix}-{at}"), json!("x")));
    annotations["gateway.istio.io/unread"] = json!(1);
    let service = |annotations: &Value| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge", "annotations": annotations},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})
    };
    let new = service(&annotations);
    annotations[format!("{prefix}-z")] = json!(1);
    Scene::update(&new, &service(&annotations), world())
}

/// Rules with one path, or one rule with all of them.
fn rule(paths: &Value) -> Value {
    json!({"http": {"paths": paths}})
}

fn path(service: &str, port: &Value) -> Value {
    json!({"path": "/", "backend": {"service": {"name": service, "port": port}}})
}

fn actions(count: usize, action: fn(usize) -> String) -> Scene {
    let key = |at| format!("alb.ingress.kubernetes.io/actions.action-{at}");
    let annotations = entries(count, |at| (key(at), action(at).into()));
    let use_annotation = json!({"name": "use-annotation"});
    let paths = list(count, |at| path(&format!("action-{at}"), &use_annotation));
    Scene::creation(&ingress(&annotations, &json!([rule(&paths)])), world())
}

fn service_action(at: usize) -> String {
    forward(&json!([{"serviceName": format!("web-{at}"), "servicePort": 80}]))
}

fn forward(target_groups: &Value) -> String {
    json!({"type": "forward", "forwardConfig": {"targetGroups": target_groups}}).to_string()
}

fn arn(name: &str, id: usize) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{name}/{id}")
}

fn arn_action(at: usize) -> String {
    json!({"type": "forward", "targetGroupARN": arn(&format!("group-{at}"), at)}).to_string()
}

fn one_name_action(at: usize) -> String {
    json!({"type": "forward", "targetGroupARN": arn("group", at)}).to_string()
}

fn targets(count: usize) -> Scene {
    let groups = list(
        count,
        |at| json!({"targetGroupARN": arn("group", at), "weight": 1}),
    );
    let annotations = json!({"alb.ingress.kubernetes.io/actions.all": forward(&groups)});
    let paths = json!([path("all", &json!({"name": "use-annotation"}))]);
    Scene::creation(&ingress(&annotations, &json!([rule(&paths)])), world())
}

fn paths(count: usize, service: impl Fn(usize) -> String) -> Scene {
    let paths = list(count, |at| path(&service(at), &json!({"number": 80})));
    let services = (0..count).map(|at| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("web-{at}")},
            "spec": {"selector": {"app": "edge"}}})
    });
    let world = world().into_iter().chain(services);
    Scene::creation(&ingress(&json!({}), &json!([rule(&paths)])), world)
}

fn hosts(count: usize) -> Scene {
    let rules = list(
        count,
        |at| json!({"host": format!("{at}.example.com"), "http": {"paths": [path(&format!("web-{at}"), &json!({"number": 80}))]}}),
    );
    let old = ingress(&json!({}), &json!([]));
    Scene::update(&ingress(&json!({}), &rules), &old, world())
}

/// A gateway's Service of type LoadBalancer with so many ports.
fn with_ports(count: usize, annotations: &Value) -> Scene {
    let ports = list(
        count,
        |at| json!({"name": format!("port-{at}"), "port": at + 1, "targetPort": 8080}),
    );
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge", "annotations": annotations},
        "spec": {"type": "LoadBalancer", "selector": {"app": "edge"}, "ports": ports}});
    Scene::creation(&service, world())
}

fn ports(count: usize) -> Scene {
    let prefix = "service.beta.kubernetes.io/aws-load-balancer";
    with_ports(
        count,
        &json!({
            format!("{prefix}-healthcheck-protocol"): "http", format!("{prefix}-healthcheck-port"): "port-none",
            "topology.istio.io/network": "x",
        }),
    )
}

fn certificate_ports(count: usize) -> Scene {
    let prefix = "service.beta.kubernetes.io/aws-load-balancer";
    let mut ports: Vec<String> = (0..count).map(|at| (at + 1).to_string()).collect();
    ports.push("none".to_owned());
    with_ports(
        count,
        &json!({
            format!("{prefix}-type"): "external", format!("{prefix}-nlb-target-type"): "ip",
            format!("{prefix}-ssl-cert"): "arn", format!("{prefix}-ssl-ports"): ports.join(","),
        }),
    )
}

fn selectors(count: usize) -> Scene {
    let labels = entries(count, |at| (format!("label-{at}"), json!("x")));
    let mut others = labels.clone();
    others["label-0"] = json!("y");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": labels}});
    let istio_gateway = |name, selector: &Value| {
        json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": name},
            "spec": {"selector": selector}})
    };
    let front = ingress(
        &json!({}),
        &json!([rule(&json!([path("web", &json!({"number": 80}))]))]),
    );
    let others = [
        istio_gateway("same", &labels),
        istio_gateway("other", &others),
        workload("other", &others, &json!({"args": ["proxy", "router"]})),
        workload("another", &others, &json!({"args": ["x"]})),
        front,
    ];
    Scene::creation(&service, world().into_iter().chain(others))
}

fn gateway_class(name: &str, controller: &str) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
        "spec": {"controllerName": controller}})
}

fn gateway(name: &str, class: &str) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name},
        "spec": {"gatewayClassName": class, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}})
}

/// The two classes of Gateways: an ALB's and Istio's.
pub(crate) fn gateway_classes() -> [Value; 2] {
    [
        gateway_class("aws", "gateway.k8s.aws/alb"),
        gateway_class("istio", "istio.io/gateway-controller"),
    ]
}

fn addresses(count: usize) -> Scene {
    let mut gateway = gateway("gateway", "istio");
    gateway["spec"]["addresses"] = list(
        count,
        |at| json!({"type": "Hostname", "value": format!("web-{at}.shop.svc.cluster.local")}),
    );
    let front = ingress(
        &json!({}),
        &json!([rule(&list(8, |at| path(
            &format!("web-{at}"),
            &json!({"number": 80})
        )))]),
    );
    let others = world().into_iter().chain(gateway_classes()).chain([front]);
    Scene::creation(&gateway, others)
}

fn listeners(count: usize) -> Scene {
    let mut gateway = gateway("gateway", "aws");
    gateway["spec"]["listeners"] = list(
        count,
        |at| json!({"name": format!("listener-{at}"), "port": at + 1, "protocol": "HTTPS", "hostname": format!("{at}.example.com")}),
    );
    Scene::creation(&gateway, world().into_iter().chain(gateway_classes()))
}

pub(crate) fn route(name: &str, parents: &Value, backends: &Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name},
        "spec": {"parentRefs": parents, "rules": [{"backendRefs": backends}]}})
}

fn parents(count: usize) -> Scene {
    let gateways = (0..count).map(|at| gateway(&format!("gateway-{at}"), "aws"));
    let parents = list(count, |at| json!({"name": format!("gateway-{at}")}));
    let route = route("route", &parents, &json!([{"name": "edge"}]));
    let others = world().into_iter().chain(gateway_classes()).chain(gateways);
    Scene::creation(&route, others)
}

fn backends(count: usize) -> Scene {
    let backends = list(count, |at| match at % 3 {
        0 => json!({"kind": "TargetGroupName", "name": format!("group-{at}")}),
        1 => json!({"name": format!("web-{at}"), "namespace": format!("team-{at}")}),
        _ => json!({"name": "istio-ingressgateway", "namespace": format!("team-{at}")}),
    });
    let route = route("route", &json!([{"name": "gateway"}]), &backends);
    let gateways = [gateway("gateway", "aws")];
    let others = world().into_iter().chain(gateway_classes()).chain(gateways);
    Scene::creation(&route, others)
}

fn target_ref(at: usize) -> Value {
    json!({"targetRef": {"kind": "Pod", "name": format!("pod-{at}")}})
}

fn endpoints(count: usize) -> Scene {
    let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "slice", "labels": {"kubernetes.io/service-name": "edge"}},
        "endpoints": list(count, target_ref)});
    let front = ingress(&json!({}), &json!([]));
    Scene::creation(&slice, world().into_iter().chain([front]))
}

fn subsets(count: usize) -> Scene {
    let endpoints = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "edge"},
        "subsets": list(count, |at| json!({"addresses": [target_ref(at)]}))});
    Scene::creation(&endpoints, world())
}
