//! `l7guard snapshot`, and `check` over a snapshot or a cluster, as a user runs them.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Outcome;
use crate::command::{Case, WORLD, json_of, world};
use crate::pseudo_terminal::screen;
use crate::server::Server;

pub(crate) const CASES: &[Case] = &[
    ("files are judged against a snapshot", against_a_snapshot),
    (
        "a snapshot that is not whole says what is missing",
        snapshot_forbidden,
    ),
    (
        "a terminal sees how many objects were read, a pipe does not",
        progress,
    ),
];

fn l7guard(arguments: &[&str]) -> Result<Output, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(arguments)
        .env_remove("KUBERNETES_SERVICE_HOST")
        .output()?;
    Ok(output)
}

/// An Ingress to the gateway of the world.
fn newer(folder: &TempDir) -> Result<String, Failed> {
    let newer = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"namespace": "shop", "name": "newer"},
        "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": "edge", "port": {"number": 80}}}},
    });
    let path = folder.path().join("newer.json");
    fs::write(&path, newer.to_string())?;
    Ok(path.display().to_string())
}

/// What no snapshot may hold.
const SECRET: &str = "xCanary";

/// Objects that hold it wherever people put what nobody else may read.
fn with_secrets() -> [Value; 3] {
    let metadata = |name: &str| {
        let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": SECRET, "example.com/token": SECRET});
        json!({"namespace": "shop", "name": name, "annotations": annotations})
    };
    let container = json!({
        "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.27.0", "args": ["proxy", "sidecar", "--token", SECRET],
        "env": [{"name": "TOKEN", "value": SECRET}],
    });
    let template =
        json!({"metadata": {"labels": {"app": "keeps"}}, "spec": {"containers": [container]}});
    [
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("secret"), "stringData": {"token": SECRET}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("settings"), "data": {"token": SECRET}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("keeps"),
            "spec": {"selector": {"matchLabels": {"app": "keeps"}}, "template": template},
        }),
    ]
}

fn against_a_snapshot(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let (file, kubeconfig) = (folder.path().join("base"), server.kubeconfig());
    let (file, kubeconfig) = (file.display().to_string(), kubeconfig.display().to_string());
    let newer = newer(&folder)?;
    let mut found = world(WORLD)?;
    found.0.extend(with_secrets());
    server.with(&found, || {
        let taken = l7guard(&["snapshot", "--kubeconfig", &kubeconfig, "--file", &file])?;
        assert_eq!(taken.status.code(), Some(0), "{taken:?}");
        let mut lines = String::new();
        GzDecoder::new(fs::File::open(&file)?).read_to_string(&mut lines)?;
        assert!(lines.contains("\"name\":\"keeps\""), "{lines}");
        assert!(!lines.contains(SECRET), "{lines}");
        let of_file = ["check", &newer, "--output", "json", "--world", &file];
        let of_cluster = [
            "check",
            &newer,
            "--output",
            "json",
            "--with-cluster",
            "--kubeconfig",
            &kubeconfig,
        ];
        let mut reports = Vec::new();
        for arguments in [&of_file[..], &of_cluster] {
            let output = l7guard(arguments)?;
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let mut report = json_of(&output)?;
            assert_eq!(report["base"]["cluster"], "administrator");
            let findings = report["findings"].as_array().map_or(0, Vec::len);
            assert_eq!(findings, 1, "only what is added: {report:#}");
            assert_eq!(report["findings"][0]["object"]["name"], "newer");
            assert_eq!(report["findings"][0]["confidence"], "confirmed");
            // The gateway's Service is known only from the cluster.
            let changes = report["findings"][0]["changes"].to_string();
            assert!(changes.contains("\"edge\""), "{changes}");
            report["base"].take();
            reports.push(report);
        }
        assert_eq!(reports[0], reports[1]);
        let all = l7guard(&["check", &newer, "--all", "--world", &file])?;
        let printed = String::from_utf8(all.stdout)?;
        assert!(
            printed.contains("judged against administrator as of "),
            "{printed}"
        );
        assert!(printed.contains("1 object, 2 denied"), "{printed}");
        Ok(())
    })
}

fn progress(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("base").display().to_string();
    let kubeconfig = server.kubeconfig().display().to_string();
    let newer = newer(&folder)?;
    let of_cluster = ["--kubeconfig", &kubeconfig];
    for arguments in [
        &["audit"][..],
        &["snapshot", "--file", &file],
        &["check", &newer, "--with-cluster"],
    ] {
        let arguments = [arguments, &of_cluster].concat();
        let shown = |more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_l7guard"));
            command.args([&arguments[..], more].concat());
            screen(command, 100)
        };
        let said = "reading administrator: ";
        let seen = shown(&[])?;
        assert!(seen.contains(said), "{arguments:?}: {seen:?}");
        let quiet = shown(&["--quiet"])?;
        assert!(!quiet.contains(said), "{arguments:?}: {quiet:?}");
        let piped = String::from_utf8(l7guard(&arguments)?.stderr)?;
        assert!(!piped.contains("reading "), "{arguments:?}: {piped:?}");
    }
    Ok(())
}

fn snapshot_forbidden(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("base").display().to_string();
    let kubeconfig = server.developer_kubeconfig().display().to_string();
    let taken = l7guard(&["snapshot", "--kubeconfig", &kubeconfig, "--file", &file])?;
    let printed = String::from_utf8(taken.stderr)?;
    assert_eq!(taken.status.code(), Some(2), "{printed}");
    assert!(
        printed.contains("not permitted to list pods in all namespaces"),
        "{printed}"
    );
    let unreadable = l7guard(&["check", &newer(&folder)?, "--world", &kubeconfig])?;
    let printed = String::from_utf8(unreadable.stderr)?;
    assert_eq!(unreadable.status.code(), Some(2), "{printed}");
    assert!(printed.contains("it is no snapshot"), "{printed}");
    Ok(())
}
