//! `l7guard config` and `--config`, as a user runs them.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const HEAD: &str = "apiVersion: l7guard/v1\nkind: Configuration\n";
/// An Ingress whose ALB would route to a gateway by its well-known name: L7G001, likely.
const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: edge}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: istio-ingressgateway, port: {number: 80}}}
";

/// A directory with an Ingress and a configuration.
fn directory(configuration: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("l7guard.yaml"), configuration).unwrap();
    fs::create_dir(directory.path().join("manifests")).unwrap();
    fs::write(directory.path().join("manifests/ingress.yaml"), INGRESS).unwrap();
    directory
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

fn exemption(expires: &str) -> String {
    format!(
        "{HEAD}exemptions:\n  - {{name: a, reason: b, owner: c, expires: {expires}, match: {{rules: [L7G001]}}}}\n"
    )
}

#[test]
fn config_check_says_of_a_sound_file_that_it_is() {
    let directory = directory(HEAD);
    let ended = run(directory.path(), &["config", "check", "l7guard.yaml"]);
    assert_eq!(
        ended,
        (0, "l7guard.yaml: sound\n".to_owned(), String::new())
    );
}

#[test]
fn config_check_quotes_every_offending_line_and_ends_with_status_2() {
    let directory = directory(&format!("{HEAD}mode: block\nrules:\n  alb-ingres: warn\n"));
    let (status, output, _) = run(directory.path(), &["config", "check", "l7guard.yaml"]);
    assert_eq!(status, 2);
    assert_eq!(
        output,
        "\
error: /mode: there is no mode \"block\"; write deny, warn or audit
 --> l7guard.yaml:3:7
  |
3 | mode: block
  |       ^^^^^

error: /rules/alb-ingres: there is no rule \"alb-ingres\" (did you mean \"alb-ingress\"?); the rules are L7G001, L7G002, L7G003, L7G004, L7G101, L7G102, L7G103, L7G104, L7G105 and L7G106
 --> l7guard.yaml:5:3
  |
5 |   alb-ingres: warn
  |   ^^^^^^^^^^^

l7guard.yaml: 2 errors
"
    );
}

#[test]
fn config_check_goes_on_after_a_file_that_is_not_there() {
    let directory = directory(HEAD);
    let arguments = ["config", "check", "missing.yaml", "l7guard.yaml"];
    let (status, output, _) = run(directory.path(), &arguments);
    assert_eq!(status, 2);
    assert_eq!(
        output,
        "l7guard.yaml: sound\nerror: missing.yaml: no such file or directory\n"
    );
}

#[test]
fn config_schema_prints_the_published_schema() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.schema.json");
    let (status, output, _) = run(Path::new("."), &["config", "schema"]);
    assert_eq!(status, 0);
    assert_eq!(output, fs::read_to_string(published).unwrap());
}

#[test]
fn check_judges_by_the_configuration() {
    let check = ["check", "--config", "l7guard.yaml", "manifests"];
    for (configuration, expected) in [
        (HEAD.to_owned(), (1, "1 denied")),
        (format!("{HEAD}mode: warn\n"), (0, "0 denied, 1 warning")),
        (format!("{HEAD}likely: warn\n"), (0, "0 denied, 1 warning")),
        (
            format!("{HEAD}namespaces: [{{match: [edge], mode: off}}]\n"),
            (0, "0 denied, 0 warnings"),
        ),
        (exemption("2099-01-01"), (0, "1 exempt")),
    ] {
        let directory = directory(&configuration);
        let (status, output, errors) = run(directory.path(), &check);
        assert_eq!(
            (status, errors.as_str()),
            (expected.0, ""),
            "{configuration}"
        );
        assert!(output.contains(expected.1), "{configuration}{output}");
    }
}

#[test]
fn an_expired_exemption_is_an_error_for_config_check_and_a_warning_for_whoever_uses_it() {
    let directory = directory(&exemption("2020-01-01"));
    let (status, output, _) = run(directory.path(), &["config", "check", "l7guard.yaml"]);
    assert_eq!(status, 2);
    assert!(
        output.starts_with("error: /exemptions/0/expires: exemption \"a\" ended on 2020-01-01")
    );
    let check = ["check", "--config", "l7guard.yaml", "manifests"];
    let (status, output, errors) = run(directory.path(), &check);
    assert_eq!(status, 1, "it exempts nothing any more");
    assert!(output.contains("1 denied"), "{output}");
    assert!(
        errors.starts_with("warning: /exemptions/0/expires: exemption \"a\" ended on"),
        "{errors}"
    );
}

#[test]
fn nothing_is_judged_or_served_by_a_configuration_that_is_not_sound() {
    let directory = directory(&format!("{HEAD}mode: block\n"));
    for arguments in [
        ["check", "--config", "l7guard.yaml", "manifests"].as_slice(),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            "l7guard.yaml",
            "--manifests",
            "manifests",
        ],
    ] {
        let (status, output, errors) = run(directory.path(), arguments);
        assert_eq!((status, output.as_str()), (2, ""));
        assert!(
            errors.contains("/mode: there is no mode \"block\""),
            "{errors}"
        );
        assert!(errors.contains("error: the configuration"), "{errors}");
    }
}
