//! Services, hand-made endpoints, and Istio's own Gateways.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::pools::{PODS, SERVICES, labels, namespace, one_of, perhaps, selector};
use super::{Metadata, some};

pub(super) fn service() -> BoxedStrategy<Value> {
    (
        (namespace(), one_of(SERVICES)),
        own_labels(),
        prop_oneof![4 => plain_spec(), 4 => load_balancer_spec(), 1 => external_spec()],
        load_balancer_annotations(),
    )
        .prop_map(|((namespace, name), labels, spec, annotations)| {
            let metadata = Metadata {
                labels,
                annotations,
                ..Metadata::new(Some(namespace), name)
            };
            metadata.object(Kind::Service, json!({"spec": spec}))
        })
        .boxed()
}

/// Labels of the Service itself, some of which hint at a gateway.
fn own_labels() -> impl Strategy<Value = Map<String, Value>> {
    let pair = prop::sample::select(vec![
        ("operator.istio.io/component", "IngressGateways"),
        ("operator.istio.io/component", "EgressGateways"),
        (
            "gateway.istio.io/managed",
            "openshift.io-gateway-controller-v1",
        ),
        ("gateway.istio.io/managed", "istio.io-mesh-controller"),
        ("app.kubernetes.io/name", "istio-ingressgateway"),
        (
            "experimental.istio.io/disable-gateway-port-translation",
            "true",
        ),
        ("topology.istio.io/network", "n1"),
        ("topology.istio.io/network", "n1"),
        ("app", "web"),
    ]);
    prop_oneof![
        5 => Just(Vec::new()),
        1 => prop::collection::vec(pair, 1..3),
    ]
    .prop_map(labels)
}

fn ports() -> impl Strategy<Value = Value> {
    let status = json!({"name": "status-port", "port": 15021, "targetPort": 15021, "nodePort": 30021, "protocol": "TCP"});
    let http = json!({"name": "http2", "port": 80, "targetPort": 8080, "nodePort": 30080});
    let https = json!({"name": "https", "port": 443, "targetPort": "https"});
    let tls = json!({"name": "tls", "port": 15443, "targetPort": 15443});
    let istiod = json!({"name": "tls-istiod", "port": 15012});
    prop::sample::select(vec![
        json!([status, http, https]),
        json!([status, http, https]),
        json!([http, https]),
        json!([http]),
        json!([status, tls, istiod]),
        json!([tls]),
        json!([status]),
        json!([{"name": "agent", "port": 15020, "nodePort": 30020}, https]),
    ])
}

fn plain_spec() -> impl Strategy<Value = Value> {
    (perhaps(0.5, &["ClusterIP", "NodePort"]), selector(), ports(), perhaps(0.1, &["None"])).prop_map(
        |(kind, selector, ports, cluster_ip)| {
            json!({"type": some(kind), "selector": selector, "ports": ports, "clusterIP": some(cluster_ip)})
        },
    )
}

fn load_balancer_spec() -> impl Strategy<Value = Value> {
    let class = perhaps(
        0.3,
        &[
            "service.k8s.aws/nlb",
            "service.k8s.aws/nlb",
            "example.com/lb",
        ],
    );
    let policy = perhaps(0.3, &["Local", "Local", "Cluster"]);
    let node = prop::option::weighted(0.7, Just(31500));
    (class, selector(), ports(), policy, node).prop_map(|(class, selector, ports, policy, node)| {
        json!({
            "type": "LoadBalancer", "loadBalancerClass": some(class), "selector": selector, "ports": ports,
            "externalTrafficPolicy": some(policy), "healthCheckNodePort": some(node),
        })
    })
}

fn external_spec() -> impl Strategy<Value = Value> {
    let host = one_of(&[
        "istio-ingressgateway.istio-system.svc.cluster.local",
        "Istio-IngressGateway.istio-system.SVC.cluster.local.",
        "istio-ingressgateway.istio-system.svc",
        "istio-ingressgateway.istio-system",
        "gw-istio.istio-system",
        "edge.istio-system.svc.cluster.local",
        "edge.istio-system.svc.example.org",
        "web.a.svc.cluster.local",
        "web.istio-system.svc.cluster.local",
        "gw.b.svc",
        "istio-ingressgateway",
        "gw-0.edge.istio-system.svc.cluster.local",
        "10-0-0-1.web.istio-system.svc",
        "gw-0.edge.istio-system.svc.example.org",
        "10-0-0-1.istio-system.pod.cluster.local",
        "10-0-0-1.a.pod",
        "example.com",
        "www.example.com",
    ]);
    (host, selector(), prop::bool::weighted(0.2)).prop_map(|(host, selector, has_selector)| {
        let selector = has_selector.then_some(selector);
        json!({"type": "ExternalName", "externalName": host, "selector": some(selector)})
    })
}

/// Annotations about a load balancer, mostly none.
pub(super) fn load_balancer_annotations() -> BoxedStrategy<Map<String, Value>> {
    let types = perhaps(
        0.5,
        &[
            "alb",
            " ALB",
            "application",
            "nlb",
            "nlb-ip",
            "external",
            "external",
            "albino",
        ],
    );
    let all = (
        types,
        perhaps(0.3, &["ip", "instance"]),
        perhaps(
            0.4,
            &["arn:aws:acm:eu-central-1:111122223333:certificate/x", ""],
        ),
        perhaps(0.4, &["443", "https", "80,https", "HTTPS", "9999", "*", ""]),
        perhaps(0.4, &["http", "https", "tcp", "ssl", "HTTP"]),
        perhaps(0.4, &["http", "HTTP", "https", "tcp"]),
        perhaps(
            0.4,
            &[
                "15021",
                "15020",
                "31500",
                "status-port",
                "30021",
                "traffic-port",
                "80",
                "http2",
            ],
        ),
        perhaps(0.4, &["/healthz/ready", "/healthz/ready", "/"]),
    )
        .prop_map(
            |(kind, mode, certificate, ports, backend, check, check_port, path)| {
                [
                    ("type", kind),
                    ("nlb-target-type", mode),
                    ("ssl-cert", certificate),
                    ("ssl-ports", ports),
                    ("backend-protocol", backend),
                    ("healthcheck-protocol", check),
                    ("healthcheck-port", check_port),
                    ("healthcheck-path", path),
                ]
                .into_iter()
                .filter_map(|(rest, value)| {
                    let key = format!("service.beta.kubernetes.io/aws-load-balancer-{rest}");
                    value.map(|value| (key, Value::from(value)))
                })
                .collect()
            },
        );
    prop_oneof![1 => Just(Map::new()), 2 => all].boxed()
}

/// The reference of an address to a Pod; sometimes to another namespace's, sometimes to none.
fn target_ref() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => (one_of(PODS), perhaps(0.5, &["istio-system", "a"])).prop_map(|(name, namespace)| {
            json!({"kind": "Pod", "name": name, "namespace": some(namespace)})
        }),
        1 => Just(json!({"kind": "Node", "name": "n1"})),
        1 => Just(Value::Null),
    ]
    .boxed()
}

pub(super) fn endpoint_slice() -> BoxedStrategy<Value> {
    (
        (namespace(), one_of(&["s0", "s1"])),
        perhaps(0.9, SERVICES),
        perhaps(
            0.3,
            &[
                "endpointslice-controller.k8s.io",
                "endpointslicemirroring-controller.k8s.io",
                "me",
            ],
        ),
        prop::collection::vec(target_ref(), 0..3),
    )
        .prop_map(|((namespace, name), service, maker, targets)| {
            let endpoints: Vec<Value> = targets
                .into_iter()
                .map(|target| json!({"addresses": ["10.0.0.1"], "targetRef": target}))
                .collect();
            Metadata::new(Some(namespace), name)
                .label("kubernetes.io/service-name", service)
                .label("endpointslice.kubernetes.io/managed-by", maker)
                .object(
                    Kind::EndpointSlice,
                    json!({"addressType": "IPv4", "endpoints": endpoints}),
                )
        })
        .boxed()
}

pub(super) fn endpoints() -> BoxedStrategy<Value> {
    (
        (namespace(), one_of(SERVICES)),
        prop::collection::vec(target_ref(), 0..2),
        prop::collection::vec(target_ref(), 0..2),
    )
        .prop_map(|((namespace, name), ready, not_ready)| {
            let addresses = |targets: Vec<Value>| -> Vec<Value> {
                targets
                    .into_iter()
                    .map(|target| json!({"ip": "10.0.0.1", "targetRef": target}))
                    .collect()
            };
            Metadata::new(Some(namespace), name).object(
                Kind::Endpoints,
                json!({"subsets": [
                    {"addresses": addresses(ready), "notReadyAddresses": addresses(not_ready)},
                ]}),
            )
        })
        .boxed()
}

pub(super) fn istio_gateway() -> BoxedStrategy<Value> {
    (namespace(), one_of(&["g0", "g1"]), selector())
        .prop_map(|(namespace, name, selector)| {
            Metadata::new(Some(namespace), name)
                .object(Kind::IstioGateway, json!({"spec": {"selector": selector}}))
        })
        .boxed()
}

pub(super) fn istio_operator() -> BoxedStrategy<Value> {
    let gateway = (
        one_of(SERVICES),
        perhaps(0.4, &["istio-system", "a"]),
        prop::option::weighted(0.4, prop::bool::weighted(0.6)),
    )
        .prop_map(|(name, namespace, enabled)| {
            json!({"name": name, "namespace": some(namespace), "enabled": some(enabled)})
        });
    (
        one_of(&["o0", "o1"]),
        perhaps(0.7, &["istio-system", "a"]),
        perhaps(0.2, &["istio-system", "b"]),
        prop::collection::vec(gateway, 1..4),
    )
        .prop_map(|(name, namespace, global, gateways)| {
            let spec = json!({
                "components": {
                    "ingressGateways": gateways,
                    "egressGateways": [{"name": "web", "namespace": "a", "enabled": true}],
                },
                "values": {"global": {"istioNamespace": some(global)}},
            });
            Metadata::new(namespace, name).object(Kind::IstioOperator, json!({"spec": spec}))
        })
        .boxed()
}
