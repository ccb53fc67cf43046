//! Clusters that answer badly or not at all, snapshots and reports that somebody else wrote.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Ended, VIOLATOR, directory, l7guard, path, run};

/// A kubeconfig whose context `prod` is at this address.
fn kubeconfig(address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\n\
         clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n\
         contexts: [{{name: prod, context: {{cluster: c, user: u}}}}]\n"
    )
}

/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:1";

#[test]
fn an_interrupted_snapshot_leaves_no_file_behind() {
    for signal in ["INT", "KILL"] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let files = directory(&[("config", &kubeconfig(&address)), ("out/prod.world", "old")]);
        let out = files.path().join("out");
        let config = files.path().join("config");
        let world = out.join("prod.world");
        let mut child = l7guard(&[
            "snapshot",
            "--kubeconfig",
            path(&config),
            "--file",
            path(&world),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        // It has begun when it asks.
        let (mut connection, _) = silent.accept().unwrap();
        let _ = connection.read(&mut [0; 16]).unwrap();
        control_plane::signal(&child, signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "{signal}");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "{signal}");
        assert_eq!(fs::read_to_string(&world).unwrap(), "old");
    }
}

#[test]
fn a_device_or_a_pipe_is_never_replaced_by_a_snapshot() {
    let files = directory(&[("config", &kubeconfig(NOWHERE))]);
    let (pipe, link) = (files.path().join("pipe"), files.path().join("link"));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    symlink(&pipe, &link).unwrap();
    let config = files.path().join("config");
    for (file, what) in [
        (&pipe, "a pipe"),
        (&link, "a pipe"),
        (&files.path().into(), "a directory"),
    ] {
        let ended = run(&[
            "snapshot",
            "--kubeconfig",
            path(&config),
            "--file",
            path(file),
        ]);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
        assert!(ended.stderr.contains("name a file"), "{}", ended.stderr);
    }
}

#[test]
fn a_base_world_that_is_no_file_is_never_waited_for() {
    let files = directory(&[("a.yaml", VIOLATOR)]);
    let pipe = files.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let manifest = files.path().join("a.yaml");
    for (world, what) in [
        (&*pipe, "this is a pipe, not a file"),
        (Path::new("/dev/zero"), "this is a device, not a file"),
        (files.path(), "this is a directory, not a file"),
    ] {
        let ended = run(&["check", path(&manifest), "--world", path(world)]);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
    }
}

#[test]
fn a_cluster_that_cannot_be_read_makes_nothing_gone() {
    let earlier = r#"{"schema": "l7guard/report/v1", "findings": [{"cluster": "prod", "rule": "L7G001", "field": "/spec",
        "message": "an ALB", "path": [], "object": {"kind": "Ingress", "namespace": "shop", "name": "web"}}]}"#;
    let files = directory(&[("config", &kubeconfig(NOWHERE)), ("report.json", earlier)]);
    let (config, report) = (
        files.path().join("config"),
        files.path().join("report.json"),
    );
    let audit = |more: &[&str]| -> Ended {
        let common = [
            "audit",
            "--kubeconfig",
            path(&config),
            "--against",
            path(&report),
        ];
        run(&[&common, more].concat())
    };
    let ended = audit(&[]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(!ended.stdout.contains("gone: ["), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("1 finding of the earlier report"),
        "{}",
        ended.stdout
    );
    let ended = audit(&["--output", "json"]);
    assert!(
        ended.stdout.contains(r#""reason": "notCompared""#),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_context_that_is_named_twice_is_not_counted_twice() {
    let files = directory(&[("config", &kubeconfig(NOWHERE))]);
    let config = files.path().join("config");
    let contexts = ["--context", "prod", "--context", "prod"];
    let ended = run(&[&["audit", "--kubeconfig", path(&config)], &contexts[..]].concat());
    assert_eq!(ended.status, 2);
    assert!(
        ended.stderr.contains(r#"context "prod" is named twice"#),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_proxy_is_an_error_that_says_what_to_do() {
    let files = directory(&[("config", &kubeconfig("127.0.0.1:1"))]);
    let config = files.path().join("config");
    let mut command = l7guard(&["audit", "--kubeconfig", path(&config)]);
    let output = command.env("HTTPS_PROXY", "http://127.0.0.1:1").output();
    let ended = Ended::of(&output.unwrap());
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("HTTPS_PROXY out of the environment"),
        "{}",
        ended.stdout
    );
}
