//! Writes that complete paths through namespaces of others, where everything that objects say is a canary (or a number
//! from 47001 on). The reader's own namespace is `mine`, the others' is `theirs`.

use serde_json::{Value, json};

/// What is written, and the world that it is written into.
pub(super) struct Scene {
    pub(super) written: Value,
    pub(super) world: Vec<Value>,
    /// Whether what is written itself says a name of another namespace, so that its own evidence does.
    pub(super) says_names: bool,
}

fn scene(written: Value, world: Vec<Value>) -> Scene {
    Scene {
        written,
        world,
        says_names: false,
    }
}

fn manifest(api_version: &str, kind: &str, namespace: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name,
        "labels": {"canary-own-label": "canary-own-value"}, "uid": "canary-uid"}, "spec": spec})
}

fn annotated(mut object: Value, annotations: Value) -> Value {
    object["metadata"]["annotations"] = annotations;
    object
}

fn ingress_class() -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "public"},
        "spec": {"controller": "ingress.k8s.aws/alb"}})
}

fn gateway_class(name: &str, controller: &str) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
        "spec": {"controllerName": controller}})
}

fn alb_class() -> Value {
    gateway_class("public", "gateway.k8s.aws/alb")
}

fn mesh_class() -> Value {
    gateway_class("mesh", "istio.io/gateway-controller")
}

fn gateway(namespace: &str, name: &str, class: &str) -> Value {
    let listener = json!({"name": "canary-listener", "port": 47006, "protocol": "HTTP", "hostname": "canary.example"});
    let spec = json!({"gatewayClassName": class, "listeners": [listener]});
    manifest(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        namespace,
        name,
        &spec,
    )
}

/// A router, or what a Gateway of the class `mesh` makes.
fn workload(namespace: &str, name: &str, labels: &Value, args: &Value) -> Value {
    let container = json!({"name": "canary-container", "image": "canary-image", "args": args});
    let template = json!({
        "metadata": {"labels": labels, "annotations": {"canary-note": "canary-text"}},
        "spec": {"containers": [container]},
    });
    manifest(
        "apps/v1",
        "Deployment",
        namespace,
        name,
        &json!({"template": template}),
    )
}

fn router(namespace: &str, name: &str) -> Value {
    let args = json!(["proxy", "router", "--canary-flag"]);
    workload(namespace, name, &json!({"canary-app": "canary-gw"}), &args)
}

fn service(namespace: &str, name: &str, selector: &Value) -> Value {
    let port =
        json!({"name": "canary-port", "port": 47001, "targetPort": 47002, "nodePort": 47003});
    let spec = json!({"type": "LoadBalancer", "selector": selector, "ports": [port],
        "loadBalancerSourceRanges": ["47.0.0.0/canary"]});
    manifest("v1", "Service", namespace, name, &spec)
}

fn router_service(namespace: &str, name: &str) -> Value {
    service(namespace, name, &json!({"canary-app": "canary-gw"}))
}

fn ingress(namespace: &str, name: &str, service: &str) -> Value {
    let spec = json!({"ingressClassName": "public", "defaultBackend": {"service": {"name": service}},
    "rules": [{"host": "canary-host.example", "http": {"paths": [
        {"path": "/canary", "backend": {"service": {"name": "canary-open", "port": {"name": "use-annotation"}}}},
        {"path": "/canary", "backend": {"service": {"name": "canary-broken", "port": {"name": "use-annotation"}}}},
    ]}}]});
    let ingress = manifest("networking.k8s.io/v1", "Ingress", namespace, name, &spec);
    annotated(
        ingress,
        json!({
            "alb.ingress.kubernetes.io/group.name": "canary-group",
            "alb.ingress.kubernetes.io/actions.canary-open": json!({"type": "forward", "targetGroupARN": ARN}).to_string(),
            "alb.ingress.kubernetes.io/actions.canary-broken": json!({"type": "canary-type"}).to_string(),
        }),
    )
}

const SHARED_ARN: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/shared/1";
const ARN: &str = "arn:aws:elasticloadbalancing:eu:47004:targetgroup/canary-group/47005";

fn route(namespace: &str, name: &str, parent: &Value, backend: &Value) -> Value {
    let spec = json!({"parentRefs": [parent], "hostnames": ["canary.example"], "rules": [{"backendRefs": [backend]}]});
    manifest(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        namespace,
        name,
        &spec,
    )
}

fn to_service(namespace: &str, name: &str) -> Value {
    json!({"kind": "Service", "namespace": namespace, "name": name, "port": 47001})
}

fn of_gateway(namespace: &str, name: &str) -> Value {
    json!({"namespace": namespace, "name": name, "sectionName": "canary-section"})
}

fn binding(namespace: &str, name: &str, service: &str, mut spec: Value) -> Value {
    spec["serviceRef"] = json!({"name": service, "port": 47001});
    if spec.get("targetGroupARN").is_none() {
        spec["targetGroupARN"] = json!(SHARED_ARN);
    }
    manifest(
        "elbv2.k8s.aws/v1beta1",
        "TargetGroupBinding",
        namespace,
        name,
        &spec,
    )
}

/// Writes of cluster-scoped objects, which complete paths in a namespace.
fn scenes_of_classes() -> Vec<Scene> {
    let faulty = annotated(
        service(
            "theirs",
            "their-service",
            &json!({"gateway.networking.k8s.io/gateway-name": "their-mesh"}),
        ),
        json!({
            "service.beta.kubernetes.io/aws-load-balancer-type": " ALB ",
            "service.beta.kubernetes.io/aws-load-balancer-backend-protocol": "http",
            "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:canary-certificate",
            "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol": "http",
            "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port": "47007",
            "service.beta.kubernetes.io/aws-load-balancer-healthcheck-path": "/canary-path",
        }),
    );
    let made = workload(
        "theirs",
        "their-workload",
        &json!({"gateway.networking.k8s.io/gateway-name": "their-mesh"}),
        &json!([]),
    );
    vec![
        scene(
            ingress_class(),
            vec![
                ingress("theirs", "their-ingress", "their-service"),
                router_service("theirs", "their-service"),
                router("theirs", "their-workload"),
            ],
        ),
        scene(
            alb_class(),
            vec![
                gateway("theirs", "their-alb", "public"),
                route(
                    "theirs",
                    "their-route",
                    &of_gateway("theirs", "their-alb"),
                    &to_service("theirs", "their-service"),
                ),
                router_service("theirs", "their-service"),
                router("theirs", "their-workload"),
            ],
        ),
        scene(
            mesh_class(),
            vec![
                gateway("theirs", "their-mesh", "mesh"),
                made,
                faulty,
                binding(
                    "theirs",
                    "their-binding",
                    "their-service",
                    json!({"targetGroupProtocol": "HTTP"}),
                ),
                binding(
                    "theirs",
                    "their-other-binding",
                    "their-service",
                    json!({"targetGroupARN": "arn:canary"}),
                ),
            ],
        ),
    ]
}

/// Routes in a namespace, whose other end or whose parent is in another one.
fn scenes_of_routes() -> Vec<Scene> {
    let set = manifest(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        "theirs",
        "their-set",
        &json!({"parentRef": {"name": "their-alb"}, "listeners": [{"name": "canary"}]}),
    );
    let of_set = json!({"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "namespace": "theirs", "name": "their-set"});
    let route = |parent: &Value, backend: &Value| route("mine", "my-route", parent, backend);
    vec![
        scene(
            route(
                &of_gateway("mine", "my-alb"),
                &to_service("theirs", "their-service"),
            ),
            vec![
                alb_class(),
                gateway("mine", "my-alb", "public"),
                router_service("theirs", "their-service"),
                router("theirs", "their-workload"),
            ],
        ),
        scene(
            route(&of_set, &to_service("mine", "my-service")),
            vec![
                alb_class(),
                set,
                gateway("theirs", "their-alb", "public"),
                my_service(),
                my_router(),
            ],
        ),
        scene(
            route(
                &of_gateway("theirs", "their-alb"),
                &to_service("mine", "my-service"),
            ),
            vec![
                gateway("theirs", "their-alb", "canary-class"),
                my_service(),
                my_router(),
            ],
        ),
    ]
}

fn my_service() -> Value {
    service("mine", "my-service", &json!({"app": "mine"}))
}

fn my_router() -> Value {
    let args = json!(["proxy", "router"]);
    workload("mine", "my-workload", &json!({"app": "mine"}), &args)
}

fn my_ingress(service: &str) -> Value {
    let mut ingress = ingress("mine", "my-ingress", service);
    ingress["metadata"]["annotations"] = json!({});
    ingress["spec"]["rules"] = json!([]);
    ingress
}

/// Other writes in a namespace, whose proof is in another one.
fn scenes_of_namespaces() -> Vec<Scene> {
    let mut their_front = ingress("theirs", "their-ingress", "canary-application");
    // Both know the target group that they share.
    their_front["metadata"]["annotations"]["alb.ingress.kubernetes.io/actions.canary-open"] =
        json!({"type": "forward", "targetGroupARN": SHARED_ARN})
            .to_string()
            .into();
    let istio = manifest(
        "networking.istio.io/v1",
        "Gateway",
        "theirs",
        "their-istio",
        &json!({"selector": {"app": "mine", "canary-key": "canary-value"}}),
    );
    let external =
        json!({"externalName": "their-service.theirs.svc.cluster.local", "type": "ExternalName"});
    let alias = manifest("v1", "Service", "mine", "my-alias", &external);
    vec![
        scene(
            binding("mine", "my-binding", "my-service", json!({})),
            vec![ingress_class(), their_front, my_service(), my_router()],
        ),
        scene(
            my_ingress("my-service"),
            vec![ingress_class(), my_service(), istio],
        ),
        Scene {
            says_names: true,
            ..scene(
                my_ingress("my-alias"),
                vec![
                    ingress_class(),
                    alias,
                    router_service("theirs", "their-service"),
                    router("theirs", "their-workload"),
                ],
            )
        },
    ]
}

/// Every write.
pub(super) fn scenes() -> Vec<Scene> {
    let mut scenes = scenes_of_classes();
    scenes.extend(scenes_of_routes());
    scenes.extend(scenes_of_namespaces());
    for scene in &mut scenes {
        own_words(&mut scene.written);
        scene.world.iter_mut().for_each(own_words);
    }
    scenes
}

/// What the reader's own objects say is no canary.
fn own_words(object: &mut Value) {
    if object["metadata"]["namespace"] == "mine" {
        let text = object.to_string();
        let text = text.replace("canary", "own").replace("4700", "3700");
        *object = serde_json::from_str(&text).unwrap();
    }
}
