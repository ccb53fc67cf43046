//! Every output of the same world as a snapshot, and every format checked against what its readers require.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::{Ended, directory, path, run, run_with_input};

/// Findings of every severity, an exempt one, an object that cannot be told, errors with and without a line, a note.
const EVERYTHING: [&str; 5] = [
    "check",
    "--config",
    "tests/fixtures/cli/everything/l7guard.yaml",
    "tests/fixtures/cli/everything/manifests",
    "tests/fixtures/cli/everything/missing.yaml",
];

/// Reports of that world, of an innocent one, of nothing, of unreadable input and of one that tries to break out of
/// every format.
fn reports(output: &str) -> Vec<Ended> {
    let hostile = format!(
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: \"]]>\\\"'<&\\0\\e\\uFFFE\\n::error::%0A,:{}\"}}
spec:
  ingressClassName: alb
  defaultBackend: {{service: {{name: istio-ingressgateway, port: {{number: 80}}}}}}
---
kind: \"]]>: [
",
        "x".repeat(300)
    );
    let strange = directory(&[("a, b: c]]>%\n'\".yaml", &hostile)]);
    vec![
        run(&[&EVERYTHING[..], &["-o", output]].concat()),
        run(&["check", "-o", output, "examples/quickstart/world"]),
        run_with_input(&["check", "-o", output, "-"], ""),
        run(&["check", "-o", output, "missing.yaml", "missing.yaml"]),
        run(&["check", "-o", output, path(strange.path())]),
    ]
}

#[test]
fn the_same_world_in_every_output() {
    for output in ["text", "json", "sarif", "junit", "github"] {
        let ended = run(&[&EVERYTHING[..], &["-o", output]].concat());
        assert_eq!(ended.status, 2, "{output}");
        let shown = match output {
            "sarif" => without_pages(&ended.stdout),
            _ => ended.stdout,
        };
        insta::assert_snapshot!(format!("everything-{output}"), shown);
    }
}

/// A SARIF log without the pages of the rules and our version.
pub(super) fn without_pages(log: &str) -> String {
    let mut log: Value = serde_json::from_str(log).unwrap();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    driver["version"] = json!("…");
    for rule in driver["rules"].as_array_mut().unwrap() {
        assert!(rule["help"]["markdown"].is_string());
        rule["help"] = json!("…");
    }
    format!("{log:#}")
}

/// The published schema; here nothing beyond it is let pass, so that every field is documented.
#[test]
fn json_reports_fit_the_published_schema() {
    let published = include_str!("../../docs/report.schema.json");
    let mut schema: Value = serde_json::from_str(published).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    close(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for ended in reports("json") {
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_valid(&validator, &report);
    }
    let [everything, ..] = &reports("json")[..] else {
        panic!("there is a report of everything")
    };
    let report: Value = serde_json::from_str(&everything.stdout).unwrap();
    for list in ["findings", "unresolved", "exempt", "errors"] {
        assert!(!report[list].as_array().unwrap().is_empty(), "{list}");
        let mut broken = report.clone();
        broken[list][0]["surprise"] = json!(1);
        assert!(!validator.is_valid(&broken), "{list}");
    }
}

/// Lets no object of a schema hold more than it names.
fn close(schema: &mut Value) {
    if let Value::Array(parts) = schema {
        parts.iter_mut().for_each(close);
    } else if let Value::Object(parts) = schema {
        if parts.contains_key("properties") {
            parts.insert("additionalProperties".to_owned(), json!(false));
        }
        parts.values_mut().for_each(close);
    }
}

fn assert_valid(validator: &jsonschema::Validator, instance: &Value) {
    let errors = validator.iter_errors(instance);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

/// Checks against the JSON Schema that OASIS publishes for SARIF 2.1.0 (draft 7), out of the package `serde-sarif`, which
/// holds a copy of it. Formats such as `uri` are not checked.
#[test]
fn sarif_logs_fit_the_official_schema() {
    let validator = jsonschema::draft7::new(&sarif_schema()).unwrap();
    for ended in reports("sarif") {
        let log: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_valid(&validator, &log);
        // Reads as the types that others make of the schema.
        serde_json::from_value::<serde_sarif::sarif::Sarif>(log).unwrap();
    }
    let [everything, ..] = &reports("sarif")[..] else {
        panic!("there is a log of everything")
    };
    let mut broken: Value = serde_json::from_str(&everything.stdout).unwrap();
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!validator.is_valid(&broken));
}

fn sarif_schema() -> Value {
    // For this platform alone: packages for others need not be at hand.
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let platform = version.lines().find_map(|line| line.strip_prefix("host: "));
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", platform.unwrap()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let schema = std::fs::read_to_string(manifest.with_file_name("src/schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // Not a regular expression in every engine: it has a bracket too many. We write no language.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    assert!(
        schema["$id"]
            .as_str()
            .unwrap()
            .ends_with("sarif-schema-2.1.0.json")
    );
    schema
}

#[test]
fn a_finding_keeps_its_fingerprint_when_lines_move_and_shares_it_with_none() {
    let ingress = |name: &str, service: &str| {
        format!(
            "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: istio-system}}
spec:
  ingressClassName: alb
  rules:
    - http:
        paths:
          - {{path: /, pathType: Prefix, backend: {{service: {{name: istio-ingressgateway, port: {{number: 80}}}}}}}}
          - {{path: /b, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}
---
"
        )
    };
    let prints = |text: &str| {
        let ended = run_with_input(&["check", "-o", "sarif", "-"], text);
        let log: Value = serde_json::from_str(&ended.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |result: &Value| result["partialFingerprints"]["l7guard/v1"].to_string();
        results.iter().map(print).collect::<Vec<_>>()
    };
    let one = ingress("one", "istio-ingress");
    let two = ingress("two", "istio-ingress");
    let before = prints(&format!("{one}{two}"));
    assert_eq!(before.len(), 4, "{before:?}");
    let distinct: HashSet<&String> = before.iter().collect();
    assert_eq!(distinct.len(), 4, "{before:?}");
    let moved = format!("# moved\n\n{two}# between\n{one}");
    assert_eq!(prints(&moved), before);
    let elsewhere = ingress("one", "istio-ingressgateway");
    assert_eq!(prints(&elsewhere), before[..1]);
}

/// What Jenkins (the schema of its JUnit and xUnit plugins) and GitLab ("Unit test reports" of its documentation) ask
/// for: suites of cases with name and class name, counts that are right, at most one result a case, no two cases of one
/// name.
#[test]
fn junit_has_what_jenkins_and_gitlab_read() {
    for ended in reports("junit") {
        let document = Document::parse(&ended.stdout).unwrap();
        let suites = document.root_element();
        assert_eq!(suites.tag_name().name(), "testsuites");
        let children: Vec<Node<'_, '_>> = elements(suites).collect();
        assert!(children.iter().all(|child| child.has_tag_name("testsuite")));
        for suite in children {
            check_suite(suite);
        }
        let cases = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"));
        let count = |tag: &str| {
            document
                .descendants()
                .filter(|node| node.has_tag_name(tag))
                .count()
        };
        assert_eq!(number(suites, "tests"), cases.count());
        assert_eq!(number(suites, "failures"), count("failure"));
        assert_eq!(number(suites, "errors"), count("error"));
    }
}

fn check_suite(suite: Node<'_, '_>) {
    assert!(suite.attribute("name").is_some());
    assert_eq!(number(suite, "tests"), elements(suite).count());
    let mut names = HashSet::new();
    for case in elements(suite) {
        assert_eq!(case.tag_name().name(), "testcase");
        let name = (
            case.attribute("classname").unwrap(),
            case.attribute("name").unwrap(),
        );
        assert!(names.insert(name), "{name:?} is there twice");
        let parts: Vec<&str> = elements(case).map(|part| part.tag_name().name()).collect();
        let known = ["failure", "error", "skipped", "system-out"];
        assert!(parts.iter().all(|part| known.contains(part)), "{parts:?}");
        assert!(parts.len() <= 1, "{parts:?}");
        for result in elements(case).filter(|part| !part.has_tag_name("system-out")) {
            assert!(!result.attribute("message").unwrap().is_empty());
        }
    }
}

fn elements<'a>(node: Node<'a, 'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(Node::is_element)
}

fn number(node: Node<'_, '_>, attribute: &str) -> usize {
    node.attribute(attribute).unwrap().parse().unwrap()
}

#[test]
fn junit_fails_what_fails_the_run() {
    let failures = |fail_on: &str| {
        let arguments = [&EVERYTHING[..], &["-o", "junit", "--fail-on", fail_on]].concat();
        let xml = run(&arguments).stdout;
        number(Document::parse(&xml).unwrap().root_element(), "failures")
    };
    assert_eq!(
        [failures("deny"), failures("warn"), failures("never")],
        [1, 2, 0]
    );
}

/// Each line is one command of a known name, and what its properties and its text hold reads back as GitHub's runner
/// reads it (`actions/runner` `ActionCommand.cs`).
#[test]
fn github_gets_one_command_a_line_whatever_objects_are_called() {
    for ended in reports("github") {
        for line in ended.stdout.lines() {
            let (head, text) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (name, properties) = head.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&name), "{line}");
            for property in properties.split(',') {
                let (key, value) = property.split_once('=').unwrap();
                assert!(["file", "line", "col", "title"].contains(&key), "{line}");
                assert!(!value.contains([':', ',', '\r', '\n']), "{line}");
            }
            assert!(!text.is_empty());
        }
    }
    let hostile = reports("github").pop().unwrap();
    assert!(
        hostile.stdout.contains("file=") && hostile.stdout.contains("a%2C b%3A c]]>%25"),
        "{}",
        hostile.stdout
    );
}
