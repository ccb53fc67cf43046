use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use super::{Ended, directory, l7guard, path, run};

#[test]
fn a_busy_port_is_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&[
        "serve",
        "--listen",
        &address,
        "--operations-listen",
        "127.0.0.1:0",
        "--manifests",
        "examples/quickstart/world",
    ]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("already in use"), "{}", ended.stderr);
}

#[test]
fn a_world_that_cannot_be_read_whole_is_not_served() {
    let files = directory(&[("a.yaml", "kind: [\n")]);
    let ended = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--operations-listen",
        "127.0.0.1:0",
        "--manifests",
        path(files.path()),
    ]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("a.yaml:"), "{}", ended.stderr);
}

/// `serve` with a world that cannot be opened.
fn refused(world: &[&str]) -> String {
    let addresses = [
        "--listen",
        "127.0.0.1:0",
        "--operations-listen",
        "127.0.0.1:0",
    ];
    let mut command = l7guard(&[&["serve"], &addresses[..], world].concat());
    command
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env_remove("KUBECONFIG");
    let ended = Ended::of(&command.output().unwrap());
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_world_that_nobody_names_is_an_error_that_says_how_to_name_one() {
    let told = refused(&[]);
    for option in ["--manifests", "--kubeconfig", "--context"] {
        assert!(told.contains(option), "{told}");
    }
}

#[test]
fn a_kubeconfig_that_cannot_be_used_is_told_once_with_the_reason() {
    let files = directory(&[
        ("broken.yaml", "clusters: [\n"),
        ("empty.yaml", "{apiVersion: v1, kind: Config}\n"),
    ]);
    let file = |name: &str| path(&files.path().join(name)).to_owned();
    for (name, reason) in [
        ("missing.yaml", "No such file"),
        ("broken.yaml", "parse"),
        ("empty.yaml", "failed to load current context"),
    ] {
        let told = refused(&["--kubeconfig", &file(name), "--context", "elsewhere"]);
        assert_eq!(told.matches(reason).count(), 1, "{told}");
        assert!(told.contains("kubectl config get-contexts"), "{told}");
    }
}

#[test]
fn a_directory_and_a_cluster_at_once_are_a_usage_error() {
    let told = refused(&["--manifests", "examples", "--context", "elsewhere"]);
    assert!(told.contains("cannot be used with"), "{told}");
}

#[test]
fn a_certificate_without_its_key_is_a_usage_error() {
    let ended = run(&["serve", "--manifests", "examples", "--tls-cert", "x.pem"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("--tls-key"), "{}", ended.stderr);
}

/// The printed `curl` line is run as it stands, where `curl` is at hand.
#[test]
fn the_printed_curl_line_gets_a_refusal_and_sigterm_ends_the_server() {
    let mut server = l7guard(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--operations-listen",
        "127.0.0.1:0",
        "--drain",
        "0",
        "--manifests",
        "examples/quickstart/world",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let curl = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.trim_start().starts_with("curl "))
        .unwrap();
    let answer = Command::new("sh")
        .args(["-c", &format!("{curl} --silent")])
        .output();
    let terminated = Command::new("kill")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let answer = answer.unwrap();
    if answer.status.code() == Some(127) {
        // There is no curl on this machine; the server has been seen to start and to end.
        return;
    }
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["response"]["allowed"], false);
    assert_eq!(answer["response"]["status"]["code"], 403);
}

#[test]
fn an_installation_needs_a_service_and_a_cluster() {
    for (arguments, told) in [
        (&["--managed-certificates"][..], "--service"),
        (&["--webhook-configuration", "guard"], "--service"),
        (&["--service", "guard"], "NAMESPACE/NAME"),
        (&["--service", "a/B"], "not a valid Service name"),
        (
            &["--service", "a/b", "--webhook-configuration", "B"],
            "not a valid name",
        ),
        (
            &["--service", "a/b", "--manifests", "examples"],
            "cannot be used with",
        ),
        (
            &[
                "--service",
                "a/b",
                "--managed-certificates",
                "--tls-cert",
                "a.pem",
                "--tls-key",
                "b.pem",
            ],
            "cannot be used with",
        ),
    ] {
        let error = refused(arguments);
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
    let error = refused(&["--service", "a/b", "--managed-certificates"]);
    assert!(error.contains("--kubeconfig"), "{error}");
}
