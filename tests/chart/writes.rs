//! Fields of each kind, and values that they may take, for random updates.

use serde_json::{Value, json};

/// A field's pointer and what it may hold; `None`: it is absent.
pub(crate) type Field = (&'static str, Vec<Option<Value>>);

/// The fields of an object of this kind.
pub(crate) fn fields(object: &Value) -> Vec<Field> {
    let mut fields = common();
    fields.extend(match object["kind"].as_str().unwrap_or_default() {
        "Ingress" => ingress(),
        "IngressClass" => vec![
            field(
                "/spec/controller",
                &[json!("ingress.k8s.aws/alb"), json!("")],
            ),
            field(
                "/spec/parameters",
                &[json!({"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "a"})],
            ),
        ],
        "Service" => service(),
        "Gateway" => gateway(),
        "GatewayClass" => vec![field("/spec/description", &[json!("a"), json!("")])],
        "ListenerSet" | "XListenerSet" => vec![
            field(
                "/spec/parentRef",
                &[json!({"name": "a"}), json!({"name": "b", "namespace": "c"})],
            ),
            field(
                "/spec/listeners",
                &[json!([{"name": "a", "port": 443, "protocol": "HTTPS"}])],
            ),
        ],
        "TargetGroupBinding" => binding(),
        _ => vec![
            field(
                "/spec/parentRefs",
                &[
                    json!([]),
                    json!([{"name": "a"}]),
                    json!([{"name": "a", "namespace": "b"}]),
                ],
            ),
            field(
                "/spec/rules",
                &[
                    json!([]),
                    json!([{"backendRefs": [{"name": "web", "port": 80}]}]),
                ],
            ),
            field("/spec/hostnames", &[json!([]), json!(["shop.example.com"])]),
        ],
    });
    fields
}

/// A field with these values, null and absent.
fn field(pointer: &'static str, values: &[Value]) -> Field {
    let values = values.iter().cloned().map(Some);
    (pointer, values.chain([Some(Value::Null), None]).collect())
}

fn common() -> Vec<Field> {
    let tracking = json!({"ingress.k8s.aws/stack": "web", "ingress.k8s.aws/resource": "a"});
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "0f0f"}]);
    vec![
        field(
            "/metadata/labels",
            &[json!({}), json!({"istio": "ingressgateway"}), tracking],
        ),
        field("/metadata/annotations", &[json!({}), json!({"note": "a"})]),
        field(
            "/metadata/annotations/elbv2.k8s.aws~1checkpoint",
            &[json!("1"), json!("2")],
        ),
        field(
            "/metadata/annotations/alb.ingress.kubernetes.io~1scheme",
            &[json!("internal")],
        ),
        field(
            "/metadata/annotations/gateway.istio.io~1name-override",
            &[json!("other"), json!("")],
        ),
        field(
            "/metadata/finalizers",
            &[json!([]), json!(["example.com/keep"])],
        ),
        field("/metadata/ownerReferences", &[json!([]), owner]),
        field("/status", &[json!({}), json!({"observedGeneration": 2})]),
        field("/spec", &[json!({})]),
    ]
}

fn ingress() -> Vec<Field> {
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    let rule = json!([{"host": "a.example.com", "http": {"paths": [
        {"path": "/", "pathType": "Prefix", "backend": backend("gateway")},
    ]}}]);
    vec![
        field("/spec/ingressClassName", &[json!("alb"), json!("nginx")]),
        field(
            "/spec/defaultBackend",
            &[backend("web"), backend("gateway")],
        ),
        field("/spec/rules", &[json!([]), rule]),
        field(
            "/spec/tls",
            &[json!([]), json!([{"hosts": ["a.example.com"]}])],
        ),
        field(
            "/metadata/annotations/kubernetes.io~1ingress.class",
            &[json!("alb")],
        ),
        field(
            "/metadata/annotations/alb.ingress.kubernetes.io~1actions.a",
            &[json!("{}")],
        ),
    ]
}

fn service() -> Vec<Field> {
    vec![
        field(
            "/spec/selector",
            &[json!({}), json!({"istio": "ingressgateway"})],
        ),
        field(
            "/spec/type",
            &[json!("ClusterIP"), json!("NodePort"), json!("LoadBalancer")],
        ),
        field(
            "/spec/ports",
            &[
                json!([{"port": 80}]),
                json!([{"name": "status-port", "port": 15021}]),
            ],
        ),
        field(
            "/spec/externalTrafficPolicy",
            &[json!("Local"), json!("Cluster")],
        ),
        field(
            "/metadata/annotations/service.beta.kubernetes.io~1aws-load-balancer-type",
            &[json!("alb"), json!("external")],
        ),
    ]
}

fn gateway() -> Vec<Field> {
    let listener = |name: &str| json!([{"name": name, "port": 80, "protocol": "HTTP"}]);
    vec![
        field("/spec/gatewayClassName", &[json!("alb"), json!("istio")]),
        field("/spec/listeners", &[listener("http"), listener("other")]),
        field(
            "/spec/addresses",
            &[
                json!([]),
                json!([{"type": "Hostname", "value": "gw.example.com"}]),
            ],
        ),
        field(
            "/spec/infrastructure",
            &[json!({}), json!({"annotations": {"a": "b"}})],
        ),
    ]
}

/// The CRDs of the tests take whatever is written: values of a wrong type too.
fn binding() -> Vec<Field> {
    let wrong = [
        json!("text"),
        json!(7),
        json!(["list"]),
        json!({"of": "fields"}),
        json!(true),
    ];
    let with = |pointer, values: &[Value]| field(pointer, &[values, &wrong].concat());
    vec![
        with("/spec", &[json!({"serviceRef": {"name": "web"}})]),
        with(
            "/spec/serviceRef",
            &[
                json!({"name": "web", "port": 80}),
                json!({"name": "gateway", "port": 80}),
            ],
        ),
        with("/spec/serviceRef/name", &[json!("gateway"), json!("")]),
        with(
            "/spec/targetGroupARN",
            &[
                json!(""),
                json!("arn:aws:elasticloadbalancing:r:1:targetgroup/a/1"),
            ],
        ),
        with("/spec/targetGroupName", &[json!(""), json!("a")]),
        with(
            "/spec/targetGroupProtocol",
            &[json!(""), json!("HTTP"), json!("TCP")],
        ),
        with("/spec/networking", &[json!({"ingress": []})]),
        with("/spec/targetType", &[json!("ip"), json!("instance")]),
        with("/status", &[]),
    ]
}
