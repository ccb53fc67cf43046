//! The record of every denial, warning, exemption and failure, as `serve` logs it: lines of a published form.

use std::fs;

use l7guard::visible_text::is_deceptive;
use serde_json::{Value, json};

use crate::client::{Authority, Client};
use crate::process::{Serve, WORLD, violator};
use crate::until;

const CONFIGURATION: &str = "
apiVersion: l7guard/v1
kind: Configuration
namespaces:
  - {match: [audited], mode: audit}
  - {match: [warned], mode: warn}
exemptions:
  - {name: migration, reason: It moves., owner: edge, ticket: EDGE-17, expires: 2099-03-31, match: {namespaces: [exempted]}}
";

/// The trace that the reviews are part of.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// How many Ingresses wait for the class `later`.
const MANY: usize = 500;

/// A server whose world has the same gateway in several namespaces, and whoever asks it.
struct Scene {
    serve: Serve,
    client: Client,
}

impl Scene {
    fn start(format: &str) -> Self {
        let authority = Authority::new("a");
        let folder = tempfile::tempdir().unwrap();
        authority.server().write(folder.path());
        fs::write(folder.path().join("l7guard.yaml"), CONFIGURATION).unwrap();
        let world = folder.path().join("world");
        fs::create_dir(&world).unwrap();
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart/world");
        assert!(example.ends_with(WORLD));
        let read = |name: &str| fs::read_to_string(format!("{example}/{name}")).unwrap();
        let gateway = read("gateway.yaml");
        for namespace in ["istio-system", "audited", "warned", "exempted", "many"] {
            let gateway = gateway.replace("istio-system", namespace);
            fs::write(world.join(format!("{namespace}.yaml")), gateway).unwrap();
        }
        fs::write(world.join("class.yaml"), read("ingress-class.yaml")).unwrap();
        let fronts: Vec<Value> = (0..MANY).map(waiting).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": fronts});
        fs::write(world.join("fronts.json"), list.to_string()).unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (world, options) = (
            path("world"),
            [
                ["--tls-cert", &path("tls.crt")],
                ["--tls-key", &path("tls.key")],
                ["--config", &path("l7guard.yaml")],
                ["--log-format", format],
            ]
            .concat()
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>(),
        );
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Self {
            serve: Serve::with_world(folder, &world, &options),
            client: Client::new(&authority, None),
        }
    }

    /// Sends a review that is part of the trace, and gives the lines of the log that have `mark` in them.
    async fn logged(&self, review: &Value, mark: &str) -> Vec<String> {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let mut connection = self.client.connect(self.serve.address).await.unwrap();
        let body = serde_json::to_vec(review).unwrap();
        connection.send_traced(&body, &parent).await.unwrap();
        let lines = || {
            let log = self.serve.log();
            let lines = log.lines().filter(|line| line.contains(mark));
            let lines: Vec<String> = lines.map(str::to_owned).collect();
            (!lines.is_empty()).then_some(lines)
        };
        until(mark, lines)
    }

    /// The only line about a review, as JSON that fits the published schema and what is said of every record.
    async fn record(&self, review: &Value) -> Value {
        let uid = review["request"]["uid"].as_str().unwrap();
        let lines = self.logged(review, &format!("\"{uid}\"")).await;
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert!(
            line.len() < 8 * 1024 && !line.contains(is_deceptive),
            "{line}"
        );
        let record: Value = serde_json::from_str(line).unwrap();
        let validator = validator();
        let errors = validator
            .iter_errors(&record)
            .map(|error| format!("{}: {error}", error.instance_path()));
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<String>::new(), "{line}");
        for (key, value) in [
            ("schema", "l7guard/decision/v1"),
            ("trace_id", TRACE),
            ("user", "alice"),
        ] {
            assert_eq!(record[key], value, "{line}");
        }
        assert_eq!(record["object"]["name"], record["name"], "{line}");
        record
    }
}

/// The published schema; here nothing beyond it is let pass, so that every field is documented.
fn validator() -> jsonschema::Validator {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../docs/decision.schema.json")).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    schema["unevaluatedProperties"] = json!(false);
    jsonschema::draft202012::new(&schema).unwrap()
}

/// An Ingress before the gateway of its namespace, whose class is not there yet.
fn waiting(number: usize) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": format!("front-{number}"), "namespace": "many"},
        "spec": {"ingressClassName": "later", "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}}}
    })
}

/// The creation of an Ingress before the gateway of a namespace.
fn creation(uid: &str, namespace: &str) -> Value {
    let mut review = violator();
    let request = &mut review["request"];
    request["uid"] = uid.into();
    request["namespace"] = namespace.into();
    request["object"]["metadata"]["namespace"] = namespace.into();
    request["object"]["metadata"]["uid"] = "0f3a6c1e-6f5b-4d3a-9a55-6f1f2f6b7c11".into();
    review
}

/// The creation of the class for which 500 Ingresses wait.
fn class(uid: &str) -> Value {
    let mut review = violator();
    let request = &mut review["request"];
    request["uid"] = uid.into();
    request["name"] = "later".into();
    request["namespace"] = Value::Null;
    request["kind"]["kind"] = "IngressClass".into();
    request["object"] = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "later"},
        "spec": {"controller": "ingress.k8s.aws/alb"}});
    review
}

#[tokio::test]
async fn every_denial_warning_exemption_and_failure_is_a_record() {
    let scene = Scene::start("json");
    let denied = scene.record(&creation("r-denied", "istio-system")).await;
    assert_eq!(denied["decision"], "deny");
    assert_eq!(denied["operation"], "CREATE");
    assert_eq!(denied["dry_run"], false);
    let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "namespace": "istio-system", "name": "edge",
        "uid": "0f3a6c1e-6f5b-4d3a-9a55-6f1f2f6b7c11"});
    assert_eq!(denied["object"], object);
    let finding = &denied["findings"][0];
    assert_eq!(finding["rule"], "L7G001");
    assert_eq!(finding["confidence"], "confirmed");
    assert_eq!(
        finding["gateway"],
        "Deployment istio-system/istio-ingressgateway"
    );
    let hops = finding["path"].as_array().unwrap().iter();
    let hops: Vec<_> = hops.map(|hop| (&hop["hop"], &hop["name"])).collect();
    assert_eq!(hops.len(), 3, "{denied}");
    let [_, (service, name), _] = hops[..] else {
        panic!("{denied}")
    };
    assert_eq!(
        (service, name),
        (&json!("service"), &json!("istio-ingressgateway"))
    );

    let mut tried = creation("r-tried", "audited");
    tried["request"]["dryRun"] = true.into();
    let tried = scene.record(&tried).await;
    assert_eq!(tried["dry_run"], true);
    assert_eq!(tried["decision"], "warn");

    let audited = scene.record(&creation("r-audited", "audited")).await;
    assert_eq!(audited["decision"], "allow");
    assert_eq!(audited["mode"], "audit");
    assert_eq!(audited["would_be"], "deny");
    assert_eq!(audited["findings"][0]["would_be"], "deny");

    let warned = scene.record(&creation("r-warned", "warned")).await;
    assert_eq!(warned["decision"], "warn");
    assert_eq!(warned["findings"][0]["mode"], "warn");

    let exempted = scene.record(&creation("r-exempted", "exempted")).await;
    assert_eq!(exempted["decision"], "allow");
    let exemption = &exempted["exemptions"][0];
    for (key, value) in [
        ("name", "migration"),
        ("until", "2099-03-31"),
        ("ticket", "EDGE-17"),
        ("rule", "L7G001"),
        ("mode", "deny"),
    ] {
        assert_eq!(exemption[key], value, "{exempted}");
    }

    let mut open = creation("r-open", "nowhere");
    open["request"]["object"]["spec"]["defaultBackend"]["service"]["name"] = "unknown".into();
    let open = scene.record(&open).await;
    assert_eq!(open["decision"], "allow");
    assert_eq!(open["unresolved"][0]["object"]["name"], "edge");

    let mut broken = creation("r-broken", "istio-system");
    broken["request"]["object"]["spec"]["rules"] = "s3cret".into();
    let failed = scene.record(&broken).await;
    assert_eq!(
        (&failed["decision"], &failed["level"]),
        (&json!("error"), &json!("ERROR"))
    );
    assert!(
        failed["error"].as_str().unwrap().contains("/spec/rules"),
        "{failed}"
    );
    assert_eq!(failed["error_id"].as_str().unwrap().len(), 16);

    let mut repaired = creation("r-repaired", "istio-system");
    repaired["request"]["operation"] = "UPDATE".into();
    repaired["request"]["oldObject"] = broken["request"]["object"].clone();
    let repaired = scene.record(&repaired).await;
    let remark = repaired["remark"].as_str().unwrap();
    assert!(
        remark.contains("the object as it was cannot be read"),
        "{remark}"
    );
    assert!(!scene.serve.log().contains("s3cret"));
}

#[tokio::test]
async fn a_record_of_500_findings_and_of_endless_names_is_a_whole_line() {
    let scene = Scene::start("json");
    let many = scene.record(&class("r-many")).await;
    let told = many["findings"].as_array().unwrap().len();
    assert!(told >= 3, "{many}");
    assert_eq!(many["more_findings"], MANY - told, "{many}");
    let mut long = creation("r-long", "istio-system");
    for text in ["\u{202e}", "\"", "x"] {
        let request = &mut long["request"];
        for field in ["name", "namespace"] {
            request["object"]["metadata"][field] = text.repeat(5000).into();
            request[field] = text.repeat(5000).into();
        }
        request["uid"] = format!("r-long{:x}", u32::from(text.chars().next().unwrap())).into();
        request["object"]["spec"]["defaultBackend"]["service"]["name"] = text.repeat(5000).into();
        let record = scene.record(&long).await;
        assert_eq!(record["decision"], "allow", "{record}");
    }
}

#[tokio::test]
async fn no_name_forges_a_line_in_either_format() {
    const HOSTILE: &str =
        "edge\n{\"schema\":\"l7guard/decision/v1\",\"uid\":\"forged\"}\u{2028}\u{202e}\r";
    for format in ["json", "text"] {
        let scene = Scene::start(format);
        let mut review = creation("r-hostile", "istio-system");
        review["request"]["name"] = HOSTILE.into();
        review["request"]["object"]["metadata"]["name"] = HOSTILE.into();
        review["request"]["userInfo"]["username"] = HOSTILE.into();
        let lines = scene.logged(&review, "r-hostile").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let log = scene.serve.log();
        assert!(!log.contains(|c| is_deceptive(c) && c != '\n'), "{log}");
        if format == "json" {
            let keys = |line: &str| serde_json::from_str::<Value>(line).unwrap()["uid"].clone();
            let uids: Vec<Value> = log.lines().map(keys).filter(|uid| !uid.is_null()).collect();
            assert_eq!(uids, ["r-hostile"]);
            let line: Value = serde_json::from_str(&lines[0]).unwrap();
            assert_eq!(
                (&line["user"], &line["name"]),
                (&json!(HOSTILE), &json!(HOSTILE))
            );
        } else {
            assert!(log.lines().all(|line| !line.starts_with('{')), "{log}");
        }
    }
}

#[tokio::test]
async fn text_has_the_same_facts_in_one_line() {
    let scene = Scene::start("text");
    let lines = scene
        .logged(&creation("r-text", "istio-system"), "r-text")
        .await;
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    for fact in [
        " denied user=\"alice\" dry_run=false mode=deny finding=\"L7G001 deny confirmed Ingress istio-system/edge /spec/defaultBackend/service/name: front ",
        " -> service Service istio-system/istio-ingressgateway (",
        " -> gateway Deployment istio-system/istio-ingressgateway (",
        " uid=\"r-text\" operation=\"CREATE\" kind=\"Ingress\" namespace=\"istio-system\" name=\"edge\"",
        &format!(" trace_id={TRACE}"),
    ] {
        assert!(line.contains(fact), "{fact}\n{line}");
    }
    assert!(!line.contains("facts"), "{line}");
}
