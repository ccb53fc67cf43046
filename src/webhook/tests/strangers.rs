//! What the writer of an object learns of other namespaces: names of objects on the path, and nothing more. Whatever else
//! the objects there say is a canary (or a number from 47001 on), and no answer may hold one.

use std::collections::BTreeSet;

use l7guard_policy::configuration::{Admission, Configuration, CrossNamespaceNames, Modes};
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::rules::{Mode, Rule};

use super::failures::Log;
use super::judged::object;
use super::*;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::webhook::PolicyJudge;

/// What is written, and the world that it is written into.
struct Scene {
    written: Value,
    world: Vec<Value>,
    /// Whether what is written itself says a name of another namespace, so that its own evidence does.
    says_names: bool,
}

fn scene(written: Value, world: Vec<Value>) -> Scene {
    Scene {
        written,
        world,
        says_names: false,
    }
}

fn manifest(api_version: &str, kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
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
        spec,
    )
}

/// A router, or what a Gateway of the class `mesh` makes.
fn workload(namespace: &str, name: &str, labels: Value, args: Value) -> Value {
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
        json!({"template": template}),
    )
}

fn router(namespace: &str, name: &str) -> Value {
    let args = json!(["proxy", "router", "--canary-flag"]);
    workload(namespace, name, json!({"canary-app": "canary-gw"}), args)
}

fn service(namespace: &str, name: &str, selector: Value) -> Value {
    let port =
        json!({"name": "canary-port", "port": 47001, "targetPort": 47002, "nodePort": 47003});
    let spec = json!({"type": "LoadBalancer", "selector": selector, "ports": [port],
        "loadBalancerSourceRanges": ["47.0.0.0/canary"]});
    manifest("v1", "Service", namespace, name, spec)
}

fn router_service(namespace: &str, name: &str) -> Value {
    service(namespace, name, json!({"canary-app": "canary-gw"}))
}

fn ingress(namespace: &str, name: &str, service: &str) -> Value {
    let spec = json!({"ingressClassName": "public", "defaultBackend": {"service": {"name": service}},
    "rules": [{"host": "canary-host.example", "http": {"paths": [
        {"path": "/canary", "backend": {"service": {"name": "canary-open", "port": {"name": "use-annotation"}}}},
        {"path": "/canary", "backend": {"service": {"name": "canary-broken", "port": {"name": "use-annotation"}}}},
    ]}}]});
    let ingress = manifest("networking.k8s.io/v1", "Ingress", namespace, name, spec);
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
        spec,
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
        spec,
    )
}

/// Writes of cluster-scoped objects, which complete paths in a namespace.
fn scenes_of_classes() -> Vec<Scene> {
    let faulty = annotated(
        service(
            "theirs",
            "their-service",
            json!({"gateway.networking.k8s.io/gateway-name": "their-mesh"}),
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
        json!({"gateway.networking.k8s.io/gateway-name": "their-mesh"}),
        json!([]),
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

/// Writes in a namespace, which complete paths through another one.
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
        json!({"selector": {"app": "mine", "canary-key": "canary-value"}}),
    );
    let set = manifest(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        "theirs",
        "their-set",
        json!({"parentRef": {"name": "their-alb"}, "listeners": [{"name": "canary"}]}),
    );
    let of_set = json!({"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "namespace": "theirs", "name": "their-set"});
    let mut own = ingress("mine", "my-ingress", "my-service");
    own["metadata"]["annotations"] = json!({});
    own["spec"]["rules"] = json!([]);
    let mut alias = own.clone();
    alias["spec"]["defaultBackend"]["service"]["name"] = json!("my-alias");
    let external =
        json!({"externalName": "their-service.theirs.svc.cluster.local", "type": "ExternalName"});
    let mine = || service("mine", "my-service", json!({"app": "mine"}));
    let my_router = || {
        workload(
            "mine",
            "my-workload",
            json!({"app": "mine"}),
            json!(["proxy", "router"]),
        )
    };
    let theirs = || {
        [
            router_service("theirs", "their-service"),
            router("theirs", "their-workload"),
        ]
    };
    let with = |mut world: Vec<Value>, more: Vec<Value>| {
        world.extend(more);
        world
    };
    vec![
        scene(
            route(
                "mine",
                "my-route",
                &of_gateway("mine", "my-alb"),
                &to_service("theirs", "their-service"),
            ),
            with(
                theirs().to_vec(),
                vec![alb_class(), gateway("mine", "my-alb", "public")],
            ),
        ),
        scene(
            route(
                "mine",
                "my-route",
                &of_set,
                &to_service("mine", "my-service"),
            ),
            vec![
                alb_class(),
                set,
                gateway("theirs", "their-alb", "public"),
                mine(),
                my_router(),
            ],
        ),
        scene(
            route(
                "mine",
                "my-route",
                &of_gateway("theirs", "their-alb"),
                &to_service("mine", "my-service"),
            ),
            vec![
                gateway("theirs", "their-alb", "canary-class"),
                mine(),
                my_router(),
            ],
        ),
        scene(
            binding("mine", "my-binding", "my-service", json!({})),
            vec![ingress_class(), their_front, mine(), my_router()],
        ),
        scene(own, vec![ingress_class(), mine(), istio]),
        Scene {
            says_names: true,
            ..scene(
                alias,
                with(
                    theirs().to_vec(),
                    vec![
                        ingress_class(),
                        manifest("v1", "Service", "mine", "my-alias", external),
                    ],
                ),
            )
        },
    ]
}

fn scenes() -> Vec<Scene> {
    let mut scenes = scenes_of_classes();
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

fn configuration(mode: Mode, names: CrossNamespaceNames) -> Configuration {
    Configuration {
        modes: Modes {
            at_most: mode,
            ..Modes::default()
        },
        admission: Admission {
            cross_namespace_names: names,
        },
        ..Configuration::default()
    }
}

/// The answer to a write, as it is sent, and the metrics after it.
async fn answer(
    scene: &Scene,
    is_update: bool,
    configuration: Configuration,
    uid: &str,
) -> (Value, String) {
    let mut inventory = Inventory::new();
    for manifest in &scene.world {
        inventory.apply(object(manifest));
    }
    let metrics = Metrics::new();
    let judge = PolicyJudge::new(
        Live::new(inventory),
        Live::new(configuration),
        metrics.clone(),
    );
    let written = &scene.written;
    let kind = written["kind"].as_str().unwrap();
    let (group, version) = written["apiVersion"]
        .as_str()
        .unwrap()
        .rsplit_once('/')
        .unwrap();
    assert!(Kind::of(written["apiVersion"].as_str().unwrap(), kind).is_some());
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": uid, "operation": if is_update { "UPDATE" } else { "CREATE" },
            "kind": {"group": group, "version": version, "kind": kind},
            "namespace": written["metadata"]["namespace"], "name": written["metadata"]["name"],
            "object": written, "oldObject": if is_update { written.clone() } else { Value::Null },
        }})
        .to_string();
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = judge.judge(&mut review, Instant::now()).await.unwrap();
    let json = answer.to_json(uid).unwrap();
    (
        serde_json::from_slice(&json).unwrap(),
        metrics.encode().unwrap(),
    )
}

/// Expects that a text holds nothing that an object of another namespace says.
fn assert_discreet(text: &str, names: &[&str]) {
    let lower = text.to_lowercase();
    assert!(!lower.contains("canary"), "{text}");
    for number in 47001..=47007 {
        assert!(!text.contains(&number.to_string()), "{number} in {text}");
    }
    for name in names {
        assert!(!lower.contains(name), "{name} in {text}");
    }
}

#[tokio::test]
async fn no_answer_holds_what_objects_of_other_namespaces_say() {
    use CrossNamespaceNames::{Hidden, Shown};
    let mut rules = BTreeSet::new();
    for (at, scene) in scenes().iter().enumerate() {
        for mode in [Mode::Deny, Mode::Warn, Mode::Audit] {
            for names in [Shown, Hidden] {
                for is_update in [false, true] {
                    let configuration = configuration(mode, names);
                    let (answer, metrics) = answer(scene, is_update, configuration, "u").await;
                    let text = answer.to_string();
                    let hidden: &[&str] = match names {
                        Hidden if !scene.says_names => &["their"],
                        _ => &[],
                    };
                    assert_discreet(&text, hidden);
                    assert_discreet(&metrics, &["their"]);
                    let annotations = &answer["response"]["auditAnnotations"];
                    let found = annotations["rules"].as_str().unwrap_or_default();
                    rules.extend(found.split(',').map(str::to_owned));
                    let is_said = annotations.get("rules").is_some()
                        || annotations.get("unresolved").is_some();
                    assert!(is_said, "scene {at} has nothing to say: {text}");
                    assert_eq!(
                        text.contains("theirs/their-"),
                        names == Shown || scene.says_names && text.contains("theirs/"),
                        "scene {at}: {text}"
                    );
                }
            }
        }
    }
    rules.remove("");
    let all = Rule::all().iter().map(|rule| rule.code.to_string());
    assert_eq!(rules, all.collect());
}

#[tokio::test]
async fn hidden_names_are_told_as_another_namespaces() {
    let configuration = configuration(Mode::Deny, CrossNamespaceNames::Hidden);
    let scene = &scenes()[3];
    let (answer, _) = answer(scene, false, configuration, "u").await;
    let message = answer["response"]["status"]["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "HTTPRoute mine/my-route would make an AWS Application Load Balancer (L7) route to the Istio ingress gateway \
             behind a Service in another namespace.\n  front    HTTPRoute mine/my-route: parent Gateway mine/my-alb of \
             GatewayClass public (controller gateway.k8s.aws/alb)\n  service  a Service in another namespace\n  gateway  a \
             gateway in another namespace\n"
        ),
        "{message}"
    );
}

#[tokio::test]
async fn the_log_has_it_in_full() {
    let log = Log::of_process();
    let configuration = configuration(Mode::Deny, CrossNamespaceNames::Hidden);
    answer(&scenes()[0], false, configuration, "in-full").await;
    let log = log.text();
    let line = log
        .lines()
        .find(|line| line.contains("uid=in-full ") && line.contains("rule=\"L7G001\""))
        .unwrap();
    for word in [
        "theirs/their-service",
        "theirs/their-workload",
        "canary-container",
        "canary-gw",
        "/spec/defaultBackend/service/name",
    ] {
        assert!(line.contains(word), "{word} in {line}");
    }
}
