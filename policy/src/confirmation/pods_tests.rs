//! A Service selects an ordinary workload and Pods beside it: whether those are looked at, and what that costs.

use serde_json::{Value, json};

use super::selected_pods::SelectedPods;
use super::tests::{binding, deployment, gateway_class, ingress, named, object, route, service};
use super::{LiveResult, PodSelection, Question, Reads, questions};
use crate::configuration::{Configuration, Date};
use crate::gateways::istio::UnknownRouter;
use crate::identity::Kind;
use crate::inventory::{Inventory, Scope};
use crate::objects::{Facts, Object, pod_metadata};
use crate::verdict::{Change, Verdict, review_over};

const GATEWAY: &[&str] = &["proxy", "router"];
const APPLICATION: &[&str] = &["--port=80"];

/// A UID.
fn uid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn with_uid(mut object: Value, number: usize) -> Value {
    object["metadata"]["uid"] = json!(uid(number));
    object
}

fn owned_by(mut object: Value, kind: &str, name: &str, number: usize) -> Value {
    object["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(number), "controller": true},
    ]);
    object
}

fn pod(name: &str, args: &[&str]) -> Value {
    let spec = json!({"containers": [{"name": "main", "image": "main", "args": args}]});
    let mut pod = named("v1", "Pod", name, &spec);
    pod["metadata"]["labels"] = json!({"app": "web", "pod-template-hash": name});
    pod
}

fn replica_set(name: &str, number: usize, args: &[&str]) -> Value {
    let mut set = deployment("web", args);
    set["kind"] = json!("ReplicaSet");
    set["metadata"]["name"] = json!(name);
    owned_by(with_uid(set, number), "Deployment", "web", 1)
}

/// A StatefulSet or DaemonSet of the application that has rolled out its template.
fn set(kind: &str, number: usize) -> Value {
    let mut set = with_uid(deployment("set", APPLICATION), number);
    set["kind"] = json!(kind);
    set["metadata"]["generation"] = json!(2);
    set["spec"]["template"]["metadata"]["labels"] = json!({"app": "web"});
    set["status"] = json!({
        "observedGeneration": 2, "updateRevision": "new",
        "currentNumberScheduled": 1, "updatedNumberScheduled": 1, "numberMisscheduled": 0,
    });
    set
}

fn pod_of_set(kind: &str, revision: &str, args: &[&str]) -> Value {
    let mut pod = owned_by(pod("set-0", args), kind, "set", 20);
    pod["metadata"]["labels"]["controller-revision-hash"] = json!(revision);
    pod
}

/// A cluster, and the copy of it that is known.
struct Cluster {
    known: Inventory,
    there: Vec<Value>,
    configuration: Configuration,
}

/// A verdict and the questions that led to it.
struct Judged {
    verdict: Verdict,
    asked: Vec<Question>,
}

impl Cluster {
    /// The application `web` behind Service `web`, ends of paths of every kind, and these.
    fn with(more: &[Value]) -> Self {
        let alb = json!({"controller": "ingress.k8s.aws/alb"});
        let gateway = json!({"gatewayClassName": "aws"});
        let mut there = vec![
            named("networking.k8s.io/v1", "IngressClass", "alb", &alb),
            gateway_class("aws", "gateway.k8s.aws/alb"),
            named("gateway.networking.k8s.io/v1", "Gateway", "aws", &gateway),
            with_uid(deployment("web", APPLICATION), 1),
            service("web", "web"),
            replica_set("web-1", 2, APPLICATION),
            owned_by(pod("web-1-a", APPLICATION), "ReplicaSet", "web-1", 2),
        ];
        there.extend(more.iter().cloned());
        let mut known = Inventory::new();
        for object in there.iter().map(object) {
            if !matches!(object.key.kind, Kind::Pod | Kind::ReplicaSet) {
                known.apply(object);
            }
        }
        Self {
            known,
            there,
            configuration: Configuration::default(),
        }
    }

    fn judged(&self, old: Option<&Value>, new: &Value) -> Judged {
        let configuration = &self.configuration;
        let change = Change {
            old: old.map(object),
            new: object(new),
        };
        let (mut reads, mut asked) = (Reads::new(), Vec::new());
        for _ in 0..16 {
            let open = questions(&self.known, &reads, configuration, &change, Date::MIN);
            if open.is_empty() {
                let overlay = reads.overlay();
                let verdict = review_over(&self.known, overlay, configuration, &change, Date::MIN);
                return Judged { verdict, asked };
            }
            for question in open {
                asked.push(question.clone());
                let answer = self.answer(&question);
                reads.answer((question, answer));
            }
        }
        panic!("the questions do not end: {asked:?}");
    }

    fn is_refused(&self, new: &Value) -> bool {
        self.judged(None, new).verdict.is_denied()
    }

    fn answer(&self, question: &Question) -> LiveResult {
        let objects = self.there.iter().map(object);
        let is_of = |object: &Object, pods: &PodSelection| {
            object.key.kind == Kind::Pod
                && matches!(&object.facts, Facts::Workload(pod) if pods.labels.selects(&pod.labels))
        };
        if let Question::PodMetadata(selection) = question {
            let mut pods = SelectedPods::new();
            for json in &self.there {
                if is_of(&object(json), selection) {
                    pods.add(pod_metadata::read(&json.to_string()).unwrap());
                }
            }
            return LiveResult::Pods(pods);
        }
        let answers = |object: &Object| match question {
            Question::Object(key) | Question::Revision(key) => object.key == *key,
            Question::Objects(kind, Scope::Cluster | Scope::Namespace(_)) => {
                object.key.kind == *kind
            }
            Question::Pods(pods) => is_of(object, pods),
            Question::PodMetadata(_) | Question::Aliases => false,
        };
        let found: Vec<Object> = objects.filter(answers).collect();
        found.into()
    }
}

impl Judged {
    fn count(&self, is_meant: impl Fn(&Question) -> bool) -> usize {
        self.asked.iter().filter(|asked| is_meant(asked)).count()
    }

    fn pods_by_name(&self) -> usize {
        self.count(|asked| matches!(asked, Question::Object(key) if key.kind == Kind::Pod))
    }

    fn lists_of_pods(&self) -> usize {
        self.count(|asked| matches!(asked, Question::Pods(_)))
    }

    fn lists_of_metadata(&self) -> usize {
        self.count(|asked| matches!(asked, Question::PodMetadata(_)))
    }

    fn revisions(&self) -> usize {
        self.count(|asked| matches!(asked, Question::Revision(_)))
    }
}

fn fronts() -> [Value; 3] {
    [
        ingress("alb", "web"),
        route("aws", "web"),
        binding("HTTP", "web"),
    ]
}

type Scene = (&'static str, fn(&[&str]) -> Vec<Value>);

/// What stands beside the application, made with the arguments of a gateway or of an application.
const BESIDE: &[Scene] = &[
    ("a bare Pod", |args| vec![pod("bare", args)]),
    ("a Pod of a Job", |args| {
        vec![owned_by(pod("job-a", args), "Job", "job", 9)]
    }),
    ("a Pod of a ReplicationController", |args| {
        vec![owned_by(
            pod("rc-a", args),
            "ReplicationController",
            "rc",
            9,
        )]
    }),
    ("a Pod of a kind that nobody knows", |args| {
        vec![owned_by(pod("clone-a", args), "CloneSet", "clone", 9)]
    }),
    ("a Pod of an older ReplicaSet of the Deployment", |args| {
        vec![
            replica_set("web-0", 3, args),
            owned_by(pod("web-0-a", args), "ReplicaSet", "web-0", 3),
        ]
    }),
    ("a Pod of a ReplicaSet that is gone", |args| {
        vec![owned_by(pod("web-9-a", args), "ReplicaSet", "web-9", 9)]
    }),
    (
        "a Pod of a ReplicaSet that was made again under its name",
        |args| vec![owned_by(pod("web-1-b", args), "ReplicaSet", "web-1", 9)],
    ),
    (
        "a Pod of a ReplicaSet whose Deployment was made again under its name",
        |args| {
            let orphan = owned_by(replica_set("web-0", 3, APPLICATION), "Deployment", "web", 9);
            vec![
                orphan,
                owned_by(pod("web-0-a", args), "ReplicaSet", "web-0", 3),
            ]
        },
    ),
    (
        "a Pod of a ReplicaSet that stands by itself and was changed",
        |args| {
            let mut alone = replica_set("alone", 3, APPLICATION);
            alone["metadata"]["ownerReferences"] = json!([]);
            vec![
                alone,
                owned_by(pod("alone-a", args), "ReplicaSet", "alone", 3),
            ]
        },
    ),
    ("a Pod of a StatefulSet that replaces on deletion", |args| {
        let mut set = set("StatefulSet", 20);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        vec![set, pod_of_set("StatefulSet", "new", args)]
    }),
    ("a Pod of a StatefulSet with a partition", |args| {
        let mut set = set("StatefulSet", 20);
        set["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 1}});
        vec![set, pod_of_set("StatefulSet", "new", args)]
    }),
    (
        "a Pod of an older revision of a StatefulSet whose roll-out is stuck",
        |args| {
            vec![
                set("StatefulSet", 20),
                pod_of_set("StatefulSet", "old", args),
            ]
        },
    ),
    (
        "a Pod of a StatefulSet whose change its controller has not seen",
        |args| {
            let mut set = set("StatefulSet", 20);
            set["metadata"]["generation"] = json!(3);
            vec![set, pod_of_set("StatefulSet", "new", args)]
        },
    ),
    (
        "a Pod of a StatefulSet that was made again under its name",
        |args| {
            vec![
                set("StatefulSet", 21),
                pod_of_set("StatefulSet", "new", args),
            ]
        },
    ),
    ("a Pod of a DaemonSet that replaces on deletion", |args| {
        let mut set = set("DaemonSet", 20);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        vec![set, pod_of_set("DaemonSet", "old", args)]
    }),
    ("a Pod of a DaemonSet whose roll-out is stuck", |args| {
        let mut set = set("DaemonSet", 20);
        set["status"]["updatedNumberScheduled"] = json!(0);
        vec![set, pod_of_set("DaemonSet", "old", args)]
    }),
];

#[test]
fn gateway_pods_beside_an_application_are_refused_behind_every_front() {
    for (what, beside) in BESIDE {
        let cluster = Cluster::with(&beside(GATEWAY));
        for front in fronts() {
            assert!(cluster.is_refused(&front), "{what}: {front}");
        }
    }
}

/// A workload whose template does not tell its role.
fn proxy_of_unknown_role() -> Value {
    let container = json!({
        "name": "istio-proxy", "image": "istio/proxyv2", "args": ["proxy", "$(ROLE)"],
        "envFrom": [{"configMapRef": {"name": "role"}}],
    });
    let mut proxy = deployment("proxy", APPLICATION);
    proxy["spec"]["template"]["metadata"]["labels"]["app"] = json!("web");
    proxy["spec"]["template"]["spec"]["containers"] =
        json!([{"name": "main", "image": "main"}, container]);
    with_uid(proxy, 30)
}

#[test]
fn gateway_pods_beside_a_proxy_of_unknown_role_are_found() {
    for (args, is_found) in [(GATEWAY, true), (APPLICATION, false)] {
        let mut cluster = Cluster::with(&[proxy_of_unknown_role(), pod("bare", args)]);
        cluster.configuration.istio.unknown_router = UnknownRouter::Warn;
        for front in fronts() {
            assert_eq!(cluster.is_refused(&front), is_found, "{front}");
        }
        cluster.configuration.istio.unknown_router = UnknownRouter::Deny;
        let mut without_protocol = binding("HTTP", "web");
        without_protocol["spec"]["targetGroupProtocol"] = Value::Null;
        let found = cluster.judged(None, &without_protocol).verdict.findings;
        assert_eq!(found.len(), usize::from(is_found), "{found:?}");
    }
}

#[test]
fn application_pods_beside_an_application_are_accepted_behind_every_front() {
    for (what, beside) in BESIDE {
        let cluster = Cluster::with(&beside(APPLICATION));
        for front in fronts() {
            let judged = cluster.judged(None, &front);
            assert!(!judged.verdict.is_denied(), "{what}: {front}");
            assert!(judged.verdict.unresolved.is_empty(), "{what}: {front}");
        }
    }
}

#[test]
fn the_service_that_joins_front_and_pods_last_is_refused() {
    for (what, beside) in BESIDE {
        for (args, is_refused) in [(GATEWAY, true), (APPLICATION, false)] {
            for mut front in fronts() {
                let text = front.to_string().replace("\"web\"", "\"front\"");
                front = serde_json::from_str(&text).unwrap();
                let mut objects = beside(args);
                let front_is_known =
                    Cluster::with(&[objects.as_slice(), &[front.clone()]].concat());
                let new = service("front", "web");
                assert_eq!(
                    front_is_known.is_refused(&new),
                    is_refused,
                    "{what}: {front}"
                );
                // The front was written a moment ago.
                let mut cluster = Cluster::with(&objects);
                objects.push(front.clone());
                cluster.there.push(front.clone());
                assert_eq!(cluster.is_refused(&new), is_refused, "{what}: {front}");
            }
        }
    }
}

#[test]
fn pods_that_a_workload_has_replaced_throughout_are_its_templates() {
    for (kind, revision) in [("StatefulSet", "new"), ("DaemonSet", "any")] {
        // If they were read, this would be seen.
        let pod = pod_of_set(kind, revision, GATEWAY);
        let judged = Cluster::with(&[set(kind, 20), pod]).judged(None, &ingress("alb", "web"));
        assert!(!judged.verdict.is_denied(), "{kind}");
        assert_eq!(
            (judged.pods_by_name(), judged.lists_of_pods()),
            (0, 0),
            "{kind}"
        );
    }
}

#[test]
fn what_a_pod_bears_itself_makes_it_read_whole() {
    let marked = |field: &str, key: &str, value: &str| {
        let mut pod = owned_by(pod("web-1-b", APPLICATION), "ReplicaSet", "web-1", 2);
        pod["metadata"][field][key] = json!(value);
        Cluster::with(&[pod]).judged(None, &ingress("alb", "web"))
    };
    for (field, key, value) in [
        (
            "labels",
            "gateway.istio.io/managed",
            "istio.io-gateway-controller",
        ),
        ("labels", "operator.istio.io/component", "IngressGateways"),
        ("annotations", "inject.istio.io/templates", "gateway"),
    ] {
        let judged = marked(field, key, value);
        assert!(judged.verdict.is_denied(), "{key}");
        assert_eq!(judged.pods_by_name(), 1, "{key}");
    }
    for (field, key, value) in [
        ("annotations", "inject.istio.io/templates", "sidecar"),
        ("annotations", "sidecar.istio.io/status", "{}"),
        ("labels", "istio.io/rev", "default"),
    ] {
        let judged = marked(field, key, value);
        assert!(!judged.verdict.is_denied(), "{key}");
        assert_eq!(judged.pods_by_name(), 0, "{key}");
    }
}

#[test]
fn a_label_that_excuses_the_template_has_to_be_on_the_pod() {
    let mut egress = replica_set("web-0", 3, GATEWAY);
    egress["spec"]["template"]["metadata"]["labels"]["istio"] = json!("egressgateway");
    let mut excused = owned_by(pod("web-0-a", GATEWAY), "ReplicaSet", "web-0", 3);
    let bared = excused.clone();
    excused["metadata"]["labels"]["istio"] = json!("egressgateway");
    for (pod, is_refused) in [(excused, false), (bared, true)] {
        let cluster = Cluster::with(&[egress.clone(), pod]);
        assert_eq!(cluster.is_refused(&ingress("alb", "web")), is_refused);
    }
}

#[test]
fn two_thousand_pods_of_one_deployment_take_two_reads() {
    let pods = (0..2000).map(|number| {
        owned_by(
            pod(&format!("web-1-{number}"), APPLICATION),
            "ReplicaSet",
            "web-1",
            2,
        )
    });
    let judged = Cluster::with(&pods.collect::<Vec<_>>()).judged(None, &ingress("alb", "web"));
    assert!(!judged.verdict.is_denied());
    // Service and Deployment are read besides.
    assert_eq!(judged.asked.len(), 4, "{:?}", judged.asked);
    assert_eq!((judged.lists_of_metadata(), judged.revisions()), (1, 1));
}

#[test]
fn a_few_pods_of_others_are_read_by_name_and_more_by_one_list() {
    for (count, by_name, lists) in [(4, 4, 0), (5, 0, 1), (300, 0, 1)] {
        for args in [APPLICATION, GATEWAY] {
            // Each of another shape.
            let pods = (0..count).map(|number| {
                owned_by(
                    pod(&format!("job-{number}"), args),
                    "Job",
                    "job",
                    100 + number,
                )
            });
            let judged =
                Cluster::with(&pods.collect::<Vec<_>>()).judged(None, &ingress("alb", "web"));
            assert_eq!(judged.verdict.is_denied(), args == GATEWAY, "{count}");
            assert_eq!(judged.pods_by_name(), by_name, "{count}");
            assert_eq!(judged.lists_of_pods(), lists, "{count}");
        }
    }
}

#[test]
fn an_update_reads_no_pods_twice_and_tolerates_the_path_that_was_there() {
    let cluster = Cluster::with(&[pod("bare", GATEWAY)]);
    let old = ingress("alb", "web");
    let mut new = old.clone();
    new["spec"]["rules"] =
        json!([{"http": {"paths": [{"backend": {"service": {"name": "other"}}}]}}]);
    let judged = cluster.judged(Some(&old), &new);
    assert!(!judged.verdict.is_denied());
    assert!(
        judged
            .verdict
            .findings
            .iter()
            .all(|found| found.is_existing)
    );
    assert!(!judged.verdict.findings.is_empty());
    assert_eq!((judged.lists_of_metadata(), judged.pods_by_name()), (1, 1));
}

#[test]
fn pods_of_a_gateway_and_of_an_east_west_gateway_by_its_ports_are_not_listed() {
    let mut cross = service("cross", "web");
    cross["metadata"]["labels"] = json!({"topology.istio.io/network": "one"});
    cross["spec"]["ports"] = json!([{"port": 15443}]);
    let edge = [deployment("edge", GATEWAY), service("edge", "edge"), cross];
    let cluster = Cluster::with(&edge);
    for name in ["edge", "cross"] {
        let judged = cluster.judged(None, &ingress("alb", name));
        assert_eq!(judged.lists_of_metadata(), 0, "{name}");
        assert_eq!(judged.verdict.is_denied(), name == "edge");
    }
}

#[test]
fn a_class_that_joins_very_many_services_asks_about_the_pods_of_some() {
    let of_cluster = |count: usize| {
        let objects = (0..count).flat_map(|number| {
            let name = format!("app-{number}");
            let mut front = ingress("late", &name);
            front["metadata"]["name"] = json!(name);
            [service(&name, &name), deployment(&name, APPLICATION), front]
        });
        let controller = json!({"controller": "ingress.k8s.aws/alb"});
        let class = named("networking.k8s.io/v1", "IngressClass", "late", &controller);
        let mut known = Inventory::new();
        for object in objects.map(|manifest| object(&manifest)) {
            known.apply(object);
        }
        let change = Change {
            old: None,
            new: object(&class),
        };
        let mut reads = Reads::new();
        let configuration = Configuration::default();
        let mut asked = questions(&known, &reads, &configuration, &change, Date::MIN);
        for kind in [Kind::Service, Kind::Deployment, Kind::Ingress] {
            let objects = known.objects().filter(|object| object.key.kind == kind);
            let all = objects.cloned().collect::<Vec<_>>().into();
            reads.answer((Question::Objects(kind, Scope::Cluster), all));
        }
        asked.extend(questions(
            &known,
            &reads,
            &configuration,
            &change,
            Date::MIN,
        ));
        let is_metadata = |asked: &&Question| matches!(asked, Question::PodMetadata(_));
        asked.iter().filter(is_metadata).count()
    };
    assert_eq!(of_cluster(20), 20);
    assert_eq!(of_cluster(600), 512);
}
