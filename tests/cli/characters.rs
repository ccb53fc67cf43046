//! One table of characters through every output: none of them stands anywhere as it is, no text of an object begins a line,
//! and what programs read is the very text.

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use l7guard::admission::Review;
use l7guard::judge::{Judge, PolicyJudge};
use l7guard::live::Live;
use l7guard::visible_text::{deceptive_characters, is_deceptive};
use l7guard::webhook::{AdmissionLimiter, router};
use l7guard::world::ManifestWorld;
use l7guard_policy::configuration::{Configuration, Date, Exemption, Matcher};
use l7guard_policy::rules::RuleCode;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use tower::ServiceExt;

use super::{Ended, directory, path, run};

/// How a line begins that an object has forged.
const FORGED: &str = "FORGED";

/// The characters in texts of a few each. Of the 4,096 tags and their like every hundredth is one.
fn texts() -> Vec<String> {
    let is_tag = |c: char| ('\u{e0000}'..='\u{e0fff}').contains(&c);
    let some = deceptive_characters().filter(|c| !is_tag(*c) || u32::from(*c) % 100 == 1);
    // No argument, and no name of a file, holds this one.
    let all: Vec<char> = some.filter(|c| *c != '\0').collect();
    let texts = all.chunks(30).map(|chunk| {
        let mut text = String::from("x\n");
        for c in chunk {
            // Writing to a String cannot fail.
            let _ = write!(text, "{FORGED}{c}");
        }
        text
    });
    texts.collect()
}

/// Objects that say `text` wherever they may, with findings of many rules, one that cannot be told and one that cannot be
/// read.
fn world(text: &str) -> Vec<Value> {
    let object = |api_version: &str, kind: &str, name: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": text}, "spec": spec});
    let service = |name: &str| json!({"backend": {"service": {"name": name, "port": {"name": "use-annotation"}}}});
    let mut ingress = object(
        "networking.k8s.io/v1",
        "Ingress",
        text,
        json!({"ingressClassName": text, "defaultBackend": {"service": {"name": text}}, "rules": [
            {"host": text, "http": {"paths": [service(&format!("open{text}")), service(&format!("bad{text}")), {"backend": {"service": {"name": format!("missing{text}")}}}]}},
        ]}),
    );
    let arn = format!("arn:aws:elasticloadbalancing:eu:1:targetgroup/{text}/1");
    let bad = json!({"type": text}).to_string();
    ingress["metadata"]["annotations"] = json!({
        format!("alb.ingress.kubernetes.io/actions.open{text}"): json!({"type": "forward", "targetGroupARN": arn}).to_string(),
        format!("alb.ingress.kubernetes.io/actions.bad{text}"): bad,
    });
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": text},
        "spec": {"controller": "ingress.k8s.aws/alb"}});
    let mut gateway = object(
        "v1",
        "Service",
        text,
        json!({"type": "LoadBalancer", "selector": {text: text}, "ports": [{"name": text, "port": 80, "targetPort": text}]}),
    );
    let annotation = "service.beta.kubernetes.io/aws-load-balancer";
    gateway["metadata"]["annotations"] = json!({
        format!("{annotation}-healthcheck-protocol"): "http",
        format!("{annotation}-healthcheck-port"): text,
        format!("{annotation}-ssl-cert"): text,
    });
    let container = json!({"name": text, "args": ["proxy", "router", text]});
    let workload = object(
        "apps/v1",
        "Deployment",
        text,
        json!({"template": {"metadata": {"labels": {text: text}}, "spec": {"containers": [container]}}}),
    );
    let mut unreadable = ingress.clone();
    unreadable["metadata"]["name"] = json!(format!("unreadable{text}"));
    unreadable["metadata"]["annotations"]
        [format!("alb.ingress.kubernetes.io/actions.open{text}")] = json!(5);
    vec![ingress, class, gateway, workload, unreadable]
}

/// A file of that name holds the world, one object a document.
fn files(text: &str) -> tempfile::TempDir {
    let documents: Vec<String> = world(text).iter().map(Value::to_string).collect();
    // The end of a file that does not parse, which says the text once more.
    let broken = format!("{{\"kind\": \"{text}");
    let name: String = text.chars().take(20).collect();
    directory(&[
        (&format!("{name}.yaml"), &documents.join("\n---\n")),
        (&format!("broken{name}.json"), &broken),
    ])
}

fn assert_visible(shown: &str, what: &str) {
    let hidden: Vec<char> = shown
        .chars()
        .filter(|c| is_deceptive(*c) && *c != '\n')
        .collect();
    assert!(hidden.is_empty(), "{what} shows {hidden:?}: {shown:?}");
    let forged = shown
        .lines()
        .find(|line| line.trim_start().starts_with(FORGED));
    assert!(forged.is_none(), "{what} lets {forged:?} begin a line");
}

fn assert_ended_visibly(ended: &Ended, what: &str) {
    assert_visible(&ended.stdout, what);
    assert_visible(&ended.stderr, what);
}

#[test]
fn every_report_shows_what_it_holds() {
    for text in texts() {
        let files = files(&text);
        for output in ["text", "json", "sarif", "junit", "github", "html"] {
            let ended = run(&["check", "-o", output, path(files.path())]);
            assert!(ended.stdout.contains(FORGED), "{}", ended.stderr);
            assert_ended_visibly(&ended, output);
            if output == "json" {
                let report: Value = serde_json::from_str(&ended.stdout).unwrap();
                let findings = report["findings"].as_array().unwrap();
                for rule in ["L7G001", "L7G102", "L7G104", "L7G105", "L7G106"] {
                    let finding = findings.iter().find(|finding| finding["rule"] == rule);
                    assert_eq!(finding.unwrap()["object"]["name"], text);
                }
                assert_ne!(report["unresolved"], json!([]));
                assert_ne!(report["errors"], json!([]));
            }
        }
        let object = format!("ingress/{text}");
        let explained = run(&["explain", &object, "-f", path(files.path())]);
        assert!(
            explained.stdout.contains("Layer 7 happens twice"),
            "{}",
            explained.stderr
        );
        assert_ended_visibly(&explained, "explain");
    }
}

#[test]
fn every_error_shows_what_it_is_about() {
    for text in texts() {
        let configuration = format!(
            "apiVersion: l7guard/v1\nkind: Configuration\n{0}: 1\nmode: {0}\nexemptions: [{{name: {0}}}]\n",
            json!(text)
        );
        let name: String = text.chars().take(20).collect();
        let files = directory(&[(&format!("{name}.yaml"), &configuration)]);
        let file = files.path().join(format!("{name}.yaml"));
        let missing = files.path().join(format!("missing{name}"));
        for arguments in [
            &["config", "check", path(&file)][..],
            &["config", "check", path(&missing)],
            &[
                "check",
                "--config",
                path(&file),
                "examples/quickstart/world",
            ],
            &[
                "check",
                "--config",
                path(&missing),
                "examples/quickstart/world",
            ],
            &["check", path(&missing)],
            &["explain", &text],
            &[
                "explain",
                &format!("{text}/{text}"),
                "-f",
                "examples/quickstart/world",
            ],
            &[
                "explain",
                &format!("ingress/{text}"),
                "-f",
                "examples/quickstart/world",
            ],
            &["explain", &format!("ingress/{text}")],
            &["man", &text],
            &[
                "serve",
                "--manifests",
                path(&missing),
                "--tls-cert",
                path(&missing),
                "--tls-key",
                path(&missing),
            ],
            &[
                "serve",
                "--self-signed",
                "--config",
                path(&file),
                "--manifests",
                "examples/quickstart/world",
            ],
        ] {
            let ended = run(arguments);
            assert_eq!(ended.status, 2, "{arguments:?}");
            assert_ended_visibly(&ended, &format!("{arguments:?}"));
        }
    }
}

/// A judge of the world that says `text`, where an exemption of that name covers a rule.
fn judge(text: &str) -> PolicyJudge<Live<l7guard_policy::inventory::Inventory>> {
    let files = files(text);
    let world = ManifestWorld::read(&[files.path().to_owned()], "default");
    let exemption = Exemption {
        name: text.into(),
        reason: text.into(),
        owner: text.into(),
        ticket: None,
        expires: Date::MAX,
        covers: Matcher {
            rules: vec![RuleCode::L7G105],
            ..Matcher::default()
        },
    };
    let configuration = Configuration {
        exemptions: vec![exemption],
        ..Configuration::default()
    };
    PolicyJudge::new(Live::new(world.inventory), Live::new(configuration))
}

fn review(text: &str, object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "namespace": text, "name": object["metadata"]["name"],
        "kind": {"group": group, "version": version, "kind": object["kind"]}, "object": object,
    }})
    .to_string()
}

/// Every text of a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn every_answer_shows_what_it_holds() {
    for text in texts() {
        let judge = judge(&text);
        let mut said = Vec::new();
        for object in &world(&text)[..3] {
            let review = review(&text, object);
            let mut review = Review::decode(review.as_bytes()).unwrap();
            let deadline = Instant::now() + Duration::from_mins(1);
            let answer = judge
                .judge(&mut review, deadline)
                .await
                .into_answer()
                .unwrap();
            let answer = answer.to_json("u").unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let response = &answer["response"];
            for part in strings(response) {
                assert_visible(part, "an answer");
            }
            for part in [
                &response["warnings"],
                &response["auditAnnotations"],
                &response["status"]["details"],
            ] {
                assert!(
                    strings(part).iter().all(|part| !part.contains('\n')),
                    "{part}"
                );
            }
            said.extend(response.as_object().unwrap().keys().cloned());
            said.extend(
                response["auditAnnotations"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned(),
            );
        }
        for part in ["status", "warnings", "evidence", "exemption", "unresolved"] {
            assert!(
                said.iter().any(|said| said == part),
                "nothing says {part}: {said:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_refusal_of_a_request_shows_what_it_holds() {
    for text in texts() {
        let webhook = router(
            std::sync::Arc::new(judge(&text)),
            AdmissionLimiter::default(),
        );
        let unreadable = &world(&text)[4];
        let strange = json!({"apiVersion": text, "kind": text}).to_string();
        let operation = review(&text, unreadable).replace("CREATE", "x\\u202eFORGED");
        for (body, status) in [
            (review(&text, unreadable), 500),
            (strange, 400),
            (operation, 400),
            (format!("{{\"{text}"), 400),
        ] {
            let request = Request::post("/validate").header("content-type", "application/json");
            let request = request.body(Body::from(body)).unwrap();
            let answer = webhook.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status);
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert_visible(&body, "a refusal");
            assert_eq!(body.lines().count(), 1, "{body}");
        }
    }
}

/// The runners of builds take commands out of the midst of a line.
#[test]
fn no_text_of_an_object_is_a_command_of_a_build() {
    for command in ["##[error]", "##vso[task.setvariable variable=PATH]"] {
        let files = files(command);
        for output in ["text", "json", "sarif", "junit", "github", "html"] {
            let ended = run(&["check", path(files.path()), "--output", output, "--verbose"]);
            assert!(
                ended.stdout.contains("L7G001"),
                "{output}: {}",
                ended.stderr
            );
            for printed in [ended.stdout, ended.stderr] {
                assert!(!printed.contains(&command[..3]), "{output}: {printed}");
            }
        }
    }
}
