//! What the writer of an object learns of other namespaces: names of objects on the path, and nothing more. Whatever else
//! the objects there say is a canary (or a number from 47001 on), and no answer may hold one.

use std::collections::BTreeSet;

use l7guard_policy::configuration::{Admission, Configuration, CrossNamespaceNames, Modes};
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::rules::{Mode, Rule};

use super::failures::Log;
use super::judged::{concluded, object};
use super::neighbours::{Scene, scenes};
use super::*;
use crate::judge::PolicyJudge;
use crate::judge::metrics::ReviewMetrics;
use crate::live::Live;

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
    let metrics = ReviewMetrics::new();
    let judge = PolicyJudge::new(Live::new(inventory), Live::new(configuration));
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
            "dryRun": true, "object": written, "oldObject": if is_update { written.clone() } else { Value::Null },
        }})
        .to_string();
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = concluded(&judge, &mut review, &metrics).await.unwrap();
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
        .find(|line| line.contains("uid=\"in-full\" ") && line.contains("finding=\"L7G001 "))
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
