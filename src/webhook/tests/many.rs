//! One write, thousands of findings: the answer and the log do not grow with them.

use l7guard_policy::configuration::{Configuration, Date, Exemption, Matcher};
use l7guard_policy::rules::RuleCode;

use super::failures::Log;
use super::judged::{concluded, ingress, inventory, object};
use super::*;
use crate::judge::PolicyJudge;
use crate::judge::metrics::ReviewMetrics;
use crate::live::Live;

const MANY: usize = 1000;

fn class() -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "public"},
        "spec": {"controller": "ingress.k8s.aws/alb"}})
}

/// What comes of a review of the class that `count` Ingresses to the gateway use, and what is counted.
async fn judged(
    uid: &str,
    request: Value,
    count: usize,
    configuration: Configuration,
) -> (Answer, String) {
    let mut inventory = inventory();
    for number in 0..count {
        let mut ingress = ingress("edge");
        ingress["metadata"]["name"] = json!(format!("front-{number}"));
        ingress["spec"]["ingressClassName"] = json!("public");
        inventory.apply(object(&ingress));
    }
    let metrics = ReviewMetrics::new();
    let judge = PolicyJudge::new(Live::new(inventory), Live::new(configuration));
    let mut review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    review["request"]["uid"] = json!(uid);
    let review = review.to_string();
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = concluded(&judge, &mut review, &metrics).await.unwrap();
    (answer, metrics.encode().unwrap())
}

fn of_class(operation: &str, old: &Value) -> Value {
    json!({"operation": operation, "name": "public", "object": class(), "oldObject": old,
        "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "IngressClass"}})
}

/// The lines of the log about a review.
fn logged(uid: &str) -> Vec<String> {
    let log = Log::of_process().text();
    let of_review = format!("uid=\"{uid}\" ");
    let lines = log.lines().filter(|line| line.contains(&of_review));
    lines.map(str::to_owned).collect()
}

/// Expects one line about a review that tells of some of these, and how many more there are.
fn assert_told(uid: &str, what: &str) {
    let lines = logged(uid);
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let told = line.matches(&format!(" {what}=")).count();
    assert!((3..=20).contains(&told), "{line}");
    let more = format!(" more_{}={}", what.trim_end_matches('s'), MANY - told);
    assert!(
        line.contains(&more) || line.contains(&more.replace("exemption", "exemptions")),
        "{line}"
    );
    assert!(line.len() <= 8 * 1024, "{line}");
}

#[tokio::test]
async fn a_refusal_tells_of_twenty_findings_and_how_many_more_there_are() {
    Log::of_process();
    let write = of_class("CREATE", &Value::Null);
    let (answer, metrics) = judged("many-denied", write, MANY, Configuration::default()).await;
    let status = answer.status.unwrap();
    assert_eq!(status.details.causes.len(), 20);
    assert_eq!(status.message.matches("would put an AWS").count(), 20);
    let more = "\n\nAnd 980 more findings. `l7guard check` shows all of them, given this object and those that it goes with as files.\n\n";
    assert!(status.message.contains(more), "{}", status.message);
    let lines = logged("many-denied");
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let told = line.matches(" finding=").count();
    assert!((3..=20).contains(&told), "{line}");
    assert!(
        line.contains(&format!(" more_findings={} ", MANY - told)),
        "{line}"
    );
    assert!(line.len() <= 8 * 1024, "{line}");
    let counted = "l7guard_admission_findings_total{rule=\"L7G001\",mode=\"deny\",would_be=\"none\",confidence=\"confirmed\"} 1000\n";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_refusal_of_twenty_findings_is_whole() {
    let write = of_class("CREATE", &Value::Null);
    let (answer, _) = judged("twenty", write, 20, Configuration::default()).await;
    let status = answer.status.unwrap();
    assert_eq!(status.details.causes.len(), 20);
    assert_eq!(status.message.matches("would put an AWS").count(), 20);
    assert!(!status.message.contains(" more "), "{}", status.message);
}

#[tokio::test]
async fn all_warnings_together_are_what_the_api_server_passes_on() {
    let write = of_class("UPDATE", &class());
    let (answer, _) = judged("many-warned", write, MANY, Configuration::default()).await;
    assert!(answer.allowed);
    assert_eq!(answer.warnings.len(), 21);
    assert_eq!(
        answer.warnings[20],
        "and 980 more warnings; `l7guard check` shows all of them, given the objects as files"
    );
    let sent = answer.to_json("u").unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    let warnings = sent["response"]["warnings"].as_array().unwrap();
    let characters = warnings
        .iter()
        .map(|line| line.as_str().unwrap().chars().count());
    // kubernetes/apiserver, `pkg/endpoints/filters/warning.go`: what is beyond is dropped.
    assert!(characters.sum::<usize>() <= 4096);
}

#[tokio::test]
async fn exempted_findings_and_what_cannot_be_told_are_logged_in_a_line_too() {
    Log::of_process();
    let exemption = Exemption {
        name: "migration".into(),
        reason: "migration".into(),
        owner: "platform".into(),
        ticket: None,
        expires: Date::MAX,
        covers: Matcher {
            rules: vec![RuleCode::L7G001],
            ..Matcher::default()
        },
    };
    let configuration = Configuration {
        exemptions: vec![exemption],
        ..Configuration::default()
    };
    let write = of_class("CREATE", &Value::Null);
    let (answer, metrics) = judged("many-exempt", write, MANY, configuration).await;
    assert!(answer.allowed);
    assert_told("many-exempt", "exemption");
    let counted = "l7guard_admission_exempted_findings_total{rule=\"L7G001\"} 1000\n";
    assert!(metrics.contains(counted), "{metrics}");

    let mut ingress = ingress("web");
    let to = |number: usize| json!({"path": "/", "backend": {"service": {"name": format!("none-{number}"), "port": {"number": 80}}}});
    let paths: Vec<Value> = (0..MANY).map(to).collect();
    ingress["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
    let write = json!({"operation": "CREATE", "name": "front", "namespace": "shop", "object": ingress,
        "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"}});
    judged("many-unresolved", write, 0, Configuration::default()).await;
    assert_told("many-unresolved", "unresolved");
}

#[tokio::test]
async fn of_many_gateways_behind_one_service_twenty_hops_are_told() {
    let mut inventory = inventory();
    for number in 0..MANY {
        inventory.apply(object(
            &json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": format!("edge-{number}")}, "spec": {"template": {
                    "metadata": {"labels": {"app": "edge"}},
                    "spec": {"containers": [{"name": "main", "args": ["proxy", "router"]}]},
            }}}),
        ));
    }
    let judge = PolicyJudge::new(Live::new(inventory), Live::new(Configuration::default()));
    let review = super::judged::request("CREATE", &json!({"object": ingress("edge")}));
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = judge
        .judge(&mut review, Instant::now())
        .await
        .into_answer()
        .unwrap();
    let message = answer.status.unwrap().message;
    assert_eq!(message.matches("\n  gateway ").count(), 18, "{message}");
    assert!(message.contains("\n  and 983 more\n"), "{message}");
}
