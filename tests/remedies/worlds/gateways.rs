//! Gateways: workloads made by hand, and those that istiod makes for a Gateway.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::exposed::annotate;
use super::owners::owner;
use super::services::shape;
use super::values::{in_cluster, mark, object, one_of};

/// A gateway, and the Service that fronts route to.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) objects: Vec<Value>,
    pub(super) service: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workload {
    Router,
    Injected,
    StatefulSet,
    DaemonSet,
    /// With a stable and a canary Service.
    Rollout,
    Pod,
    Missing,
}

pub(super) fn by_hand(place: Place) -> BoxedStrategy<Standing> {
    let workload = one_of(&[
        Workload::Router,
        Workload::Router,
        Workload::Injected,
        Workload::StatefulSet,
        Workload::DaemonSet,
        Workload::Rollout,
        Workload::Pod,
        Workload::Missing,
    ]);
    let has_service = prop::bool::weighted(0.9);
    let istio_gateway = one_of(&["", "", "http", "https"]);
    (workload, shape(), owner(), has_service, istio_gateway)
        .prop_map(move |(workload, shape, owner, has_service, listening)| {
            let labels = json!({"app": place.name, "istio": place.istio});
            let mut objects: Vec<Value> = made(workload, place, &labels).into_iter().collect();
            objects.extend(owner.objects(place));
            if has_service {
                let mut selector = labels.clone();
                if workload == Workload::Rollout {
                    selector["rollouts-pod-template-hash"] = json!("6f7d9c8b5");
                }
                let mut service = shape.service(place, place.name, &selector);
                owner.mark(&mut service, place);
                objects.push(service);
            }
            if !listening.is_empty() {
                objects.push(istio_gateway_of(place, &labels, listening));
            }
            Standing {
                objects,
                service: place.name.to_owned(),
            }
        })
        .boxed()
}

fn made(workload: Workload, place: Place, labels: &Value) -> Option<Value> {
    let router = json!({"containers": [
        {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.27.1", "args": ["proxy", "router"]},
    ]});
    let injected = json!({"containers": [{"name": "istio-proxy", "image": "auto"}]});
    let mut template = json!({"metadata": {"labels": labels}, "spec": router});
    if workload == Workload::Injected {
        template["spec"] = injected;
        template["metadata"]["annotations"] = json!({"inject.istio.io/templates": "gateway"});
        template["metadata"]["labels"]["sidecar.istio.io/inject"] = json!("true");
    }
    let (version, kind) = match workload {
        Workload::Router | Workload::Injected => ("apps/v1", "Deployment"),
        Workload::StatefulSet => ("apps/v1", "StatefulSet"),
        Workload::DaemonSet => ("apps/v1", "DaemonSet"),
        Workload::Rollout => ("argoproj.io/v1alpha1", "Rollout"),
        Workload::Pod => ("v1", "Pod"),
        Workload::Missing => return None,
    };
    let spec = json!({"selector": {"matchLabels": labels}, "template": template});
    let mut made = object(version, kind, place.namespace, place.name, &spec);
    if workload == Workload::Pod {
        made["spec"] = template["spec"].take();
        made["metadata"]["labels"] = labels.clone();
    }
    if workload == Workload::StatefulSet {
        made["spec"]["serviceName"] = json!(place.name);
    }
    Some(made)
}

fn istio_gateway_of(place: Place, labels: &Value, listening: &str) -> Value {
    let mut servers =
        vec![json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]})];
    if listening == "https" {
        servers.push(json!({
            "port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"],
            "tls": {"mode": "SIMPLE", "credentialName": "public-tls"},
        }));
    }
    let spec = json!({"selector": {"istio": labels["istio"]}, "servers": servers});
    object(
        "networking.istio.io/v1",
        "Gateway",
        place.namespace,
        "public",
        &spec,
    )
}

/// Where annotations of a managed Gateway stand, which istiod copies to the Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Nothing,
    ClusterIp,
    Nlb,
    /// On the Gateway itself.
    NlbOfItsOwn,
    NlbWithCertificate,
    Alb,
}

pub(super) fn of_the_gateway_api(place: Place) -> BoxedStrategy<Standing> {
    let asking = one_of(&[
        Asking::ClusterIp,
        Asking::Nothing,
        Asking::Nlb,
        Asking::NlbOfItsOwn,
        Asking::NlbWithCertificate,
        Asking::Alb,
    ]);
    (asking, any::<bool>(), any::<bool>(), prop::bool::weighted(0.5))
        .prop_map(move |(asking, has_class, has_service, has_tls)| {
            let mut gateway = object(
                "gateway.networking.k8s.io/v1",
                "Gateway",
                place.namespace,
                place.name,
                &json!({"gatewayClassName": "istio", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]}),
            );
            if has_tls && let Some(listeners) = gateway["spec"]["listeners"].as_array_mut() {
                listeners.push(json!({"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "public-tls"}]}}));
            }
            let mut infrastructure = json!({"metadata": {}});
            let is_local = ask(asking, &mut infrastructure);
            if is_local {
                mark(&mut gateway, "annotations", &[("networking.istio.io/service-type", "ClusterIP")]);
            }
            if asking == Asking::NlbOfItsOwn {
                gateway["metadata"]["annotations"] = infrastructure["metadata"]["annotations"].take();
            } else if infrastructure["metadata"].get("annotations").is_some() {
                gateway["spec"]["infrastructure"] = infrastructure["metadata"].take();
            }
            let service = format!("{}-istio", place.name);
            let mut objects = Vec::new();
            if has_class {
                let spec = json!({"controllerName": "istio.io/gateway-controller"});
                objects.push(in_cluster("gateway.networking.k8s.io/v1", "GatewayClass", "istio", &spec));
            }
            if has_service {
                objects.push(generated(&gateway, &service, is_local));
            }
            objects.push(gateway);
            Standing { objects, service }
        })
        .boxed()
}

/// Whether the Service is for the cluster alone.
fn ask(asking: Asking, infrastructure: &mut Value) -> bool {
    let pairs: &[(&str, &str)] = match asking {
        Asking::Nothing => &[],
        Asking::ClusterIp => return true,
        Asking::Nlb => &[("type", "external"), ("nlb-target-type", "ip")],
        Asking::NlbWithCertificate => &[
            ("type", "external"),
            ("nlb-target-type", "ip"),
            (
                "ssl-cert",
                "arn:aws:acm:eu-west-1:111122223333:certificate/gateway",
            ),
        ],
        Asking::NlbOfItsOwn => &[
            ("type", "external"),
            ("nlb-target-type", "ip"),
            ("scheme", "internet-facing"),
            ("security-groups", "sg-gateway"),
        ],
        Asking::Alb => &[("type", "alb")],
    };
    for (name, value) in pairs {
        annotate(infrastructure, name, value);
    }
    false
}

/// As istiod makes it.
fn generated(gateway: &Value, name: &str, is_local: bool) -> Value {
    let of = gateway["metadata"]["name"].as_str().unwrap_or_default();
    let namespace = gateway["metadata"]["namespace"]
        .as_str()
        .unwrap_or_default();
    let mut ports = vec![
        json!({"name": "status-port", "port": 15021, "protocol": "TCP", "appProtocol": "tcp"}),
    ];
    for listener in gateway["spec"]["listeners"]
        .as_array()
        .into_iter()
        .flatten()
    {
        ports.push(json!({"name": listener["name"], "port": listener["port"], "protocol": "TCP"}));
    }
    let kind = if is_local {
        "ClusterIP"
    } else {
        "LoadBalancer"
    };
    let spec = json!({"type": kind, "selector": {"gateway.networking.k8s.io/gateway-name": of}, "ports": ports});
    let mut service = object("v1", "Service", namespace, name, &spec);
    let labels = [
        ("gateway.istio.io/managed", "istio.io-gateway-controller"),
        ("gateway.networking.k8s.io/gateway-name", of),
        ("gateway.networking.k8s.io/gateway-class-name", "istio"),
    ];
    mark(&mut service, "labels", &labels);
    let own = &gateway["metadata"]["annotations"];
    let copied = gateway["spec"]["infrastructure"].get("annotations");
    if let Some(annotations) = copied.or(own.as_object().filter(|_| !is_local).map(|_| own)) {
        service["metadata"]["annotations"] = annotations.clone();
    }
    service["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": of, "uid": "5d7c1a52-0000-4000-8000-000000000001"},
    ]);
    service
}
