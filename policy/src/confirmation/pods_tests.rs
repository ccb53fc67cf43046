//! A Service selects an ordinary workload and Pods beside it: whether those are looked at, and what that costs.

mod audit;
mod beside;
mod cluster;
mod manifests;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tests::{binding, deployment, ingress, named, object, route, service};
use super::{LiveQuery, Review, Step};
use crate::budget::Budget;
use crate::configuration::{Configuration, Date};
use crate::gateways::istio::UnknownRouter;
use crate::identity::Kind;
use crate::inventory::{Inventory, Scope};
use crate::verdict::Change;
use beside::BESIDE;
use cluster::Cluster;
use manifests::{APPLICATION, GATEWAY, owned_by, pod, pod_of_set, replica_set, set, with_uid};

fn fronts() -> [Value; 3] {
    [
        ingress("alb", "web"),
        route("aws", "web"),
        binding("HTTP", "web"),
    ]
}

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
fn a_gateways_service_that_comes_to_select_more_gateways_is_refused() {
    let mut template = deployment("edge", GATEWAY);
    template["spec"]["template"]["metadata"]["labels"]["tier"] = json!("mixed");
    let selecting =
        |selector: Value| named("v1", "Service", "edge", &json!({"selector": selector}));
    let old = selecting(json!({"app": "edge"}));
    let new = selecting(json!({"tier": "mixed"}));
    for (args, app, is_denied) in [
        (GATEWAY, "other", true),
        (APPLICATION, "other", false),
        // It was selected before.
        (GATEWAY, "edge", false),
    ] {
        let mut bare = pod("bare", args);
        bare["metadata"]["labels"] = json!({"app": app, "tier": "mixed"});
        let there = [template.clone(), old.clone(), ingress("alb", "edge"), bare];
        let judged = Cluster::with(&there).judged(Some(&old), &new);
        assert_eq!(judged.verdict.is_denied(), is_denied, "{args:?} {app}");
        assert_eq!(judged.lists_of_metadata(), 1);
    }
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
        let configuration = Configuration::default();
        let mut review = Review::new(&configuration, &change, Date::MIN);
        let mut asked = BTreeSet::new();
        let all_objects = [Kind::Service, Kind::Deployment, Kind::Ingress].map(|kind| {
            let objects = known.objects().filter(|object| object.key.kind == kind);
            let all = objects.cloned().collect::<Vec<_>>().into();
            (LiveQuery::Objects(kind, Scope::Cluster), all)
        });
        for answers in [Vec::new(), all_objects.into()] {
            match review.next(&Budget::unlimited(), &known, answers).unwrap() {
                Step::Read(open) => asked.extend(open),
                Step::Done(verdict) => panic!("it asks for nothing: {verdict:?}"),
            }
        }
        let is_metadata = |asked: &&LiveQuery| matches!(asked, LiveQuery::PodMetadata(_));
        asked.iter().filter(is_metadata).count()
    };
    assert_eq!(of_cluster(20), 20);
    assert_eq!(of_cluster(600), 512);
}
