//! What a refusal says first and last, for each kind of object that completes a path.

use l7guard_policy::configuration::{Configuration, Messages};
use l7guard_policy::inventory::Inventory;

use super::judged::{ingress, inventory, object};
use super::*;
use crate::judge::PolicyJudge;
use crate::live::Live;

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1";

/// What the writer of an object is told whose write the default rules refuse.
async fn refused(inventory: Inventory, configuration: Configuration, written: &Value) -> String {
    let judge = PolicyJudge::new(Live::new(inventory), Live::new(configuration));
    told(&judge, written).await
}

/// The same of this judge.
async fn told(judge: &impl Judge, written: &Value) -> String {
    let api_version = written["apiVersion"].as_str().unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "object": written,
        "namespace": written["metadata"]["namespace"], "name": written["metadata"]["name"],
        "kind": {"group": group, "version": version, "kind": written["kind"]},
    }});
    let review = review.to_string();
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = judge
        .judge(&mut review, Instant::now())
        .await
        .into_answer()
        .unwrap();
    answer.status.unwrap().message
}

async fn by_default(manifests: &[Value], written: &Value) -> String {
    let mut inventory = inventory();
    for manifest in manifests {
        inventory.apply(object(manifest));
    }
    refused(inventory, Configuration::default(), written).await
}

fn class(name: &str) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
        "spec": {"controller": "ingress.k8s.aws/alb"}})
}

fn ingress_of(class: &str, name: &str) -> Value {
    let mut ingress = ingress("edge");
    ingress["metadata"]["name"] = json!(name);
    ingress["spec"]["ingressClassName"] = json!(class);
    ingress
}

/// Whether nothing tells the writer of something else to remove an Ingress.
fn assert_about(message: &str, first: &str) {
    assert!(message.starts_with(first), "{message}");
    assert!(!message.contains("Remove the Ingress"), "{message}");
    assert_eq!(message.matches("Is this verdict wrong?").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_refusals_is_refused_in_fewer_words() {
    let judge = PolicyJudge::new(Live::new(inventory()), Live::new(Configuration::default()));
    let written = ingress_of("alb", "front");
    let mut in_short = 0;
    for _ in 0..150 {
        let message = told(&judge, &written).await;
        assert!(message.contains("L7G001"), "{message}");
        in_short += message.matches("In short").count();
    }
    assert_eq!(in_short, 100);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert!(told(&judge, &written).await.contains("In short"));
}

#[tokio::test]
async fn of_an_ingress() {
    let message = by_default(&[], &ingress("edge")).await;
    assert_about(&message, "Ingress shop/front would put an AWS ");
    insta::assert_snapshot!("ingress", message);
}

#[tokio::test]
async fn of_a_class_that_completes_a_path() {
    let message = by_default(&[ingress_of("alb2", "front")], &class("alb2")).await;
    assert_about(
        &message,
        "This IngressClass alb2 completes a path: Ingress shop/front → Service shop/edge → ",
    );
    insta::assert_snapshot!("class", message);
}

#[tokio::test]
async fn of_a_class_that_completes_five_paths() {
    let fronts: Vec<Value> = (1..=5)
        .map(|number| ingress_of("alb2", &format!("front-{number}")))
        .collect();
    let message = by_default(&fronts, &class("alb2")).await;
    assert_about(&message, "This IngressClass alb2 completes 5 paths ");
    assert_eq!(message.matches("Why: ").count(), 1);
    insta::assert_snapshot!("class-of-five", message);
}

#[tokio::test]
async fn of_a_service_that_completes_a_path() {
    let mut front = ingress("late");
    front["metadata"]["name"] = json!("waiting");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "late", "namespace": "shop"},
        "spec": {"selector": {"app": "edge"}}});
    let message = by_default(&[front], &service).await;
    assert_about(
        &message,
        "This Service shop/late completes a path: Ingress shop/waiting → Service shop/late → ",
    );
    insta::assert_snapshot!("service", message);
}

#[tokio::test]
async fn of_a_route() {
    let class = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": {"name": "aws-alb"}, "spec": {"controllerName": "gateway.k8s.aws/alb"}});
    let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "public", "namespace": "shop"}, "spec": {"gatewayClassName": "aws-alb",
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}});
    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"parentRefs": [{"name": "public"}],
            "rules": [{"backendRefs": [{"name": "edge", "port": 80}]}]}});
    let message = by_default(&[class, gateway], &route).await;
    assert_about(&message, "HTTPRoute shop/web would make an AWS ");
    assert!(message.contains("Attach the route to an Istio Gateway: in spec.parentRefs"));
    insta::assert_snapshot!("route", message);
}

#[tokio::test]
async fn of_a_binding_that_completes_a_path() {
    let mut front = ingress("group");
    front["metadata"]["annotations"] = json!({"alb.ingress.kubernetes.io/actions.group":
        json!({"type": "forward", "targetGroupARN": ARN}).to_string()});
    front["spec"]["defaultBackend"]["service"]["port"] = json!({"name": "use-annotation"});
    let binding = json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
        "metadata": {"name": "edge", "namespace": "shop"}, "spec": {"targetGroupARN": ARN,
            "serviceRef": {"name": "edge", "port": 80}}});
    let message = by_default(&[front], &binding).await;
    insta::assert_snapshot!("binding", message);
    assert!(
        message.starts_with("This TargetGroupBinding shop/edge "),
        "{message}"
    );
}

#[tokio::test]
async fn page_and_contact_end_the_message_where_they_are_configured() {
    let configuration = Configuration {
        messages: Messages {
            documentation: Some("https://wiki.example.com/l7guard/{code}#why".into()),
            contact: Some("#platform \u{202e}".into()),
        },
        ..Configuration::default()
    };
    let message = refused(inventory(), configuration, &ingress("edge")).await;
    let end = "\n[L7G001] alb-ingress: https://wiki.example.com/l7guard/L7G001#why\nContact: #platform \\u{202e}";
    assert!(message.ends_with(end), "{message}");
}
