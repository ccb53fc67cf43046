use std::process::Command;

use crate::client::{Authority, Client};
use crate::process::{Serve, violator};
use crate::until;

fn serve(authority: &Authority, options: &[&str]) -> Serve {
    let folder = tempfile::tempdir().unwrap();
    authority.server().write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    let files = ["--tls-cert", &certificate, "--tls-key", &key];
    let options: Vec<&str> = files.iter().chain(options).copied().collect();
    Serve::start(folder, &options)
}

#[tokio::test]
async fn while_it_drains_it_is_not_ready_and_answers_all_the_same() {
    let authority = Authority::new("a");
    let mut serve = serve(&authority, &["--drain", "600"]);
    until("it is ready", || {
        (serve.get("/readyz").0 == 200).then_some(())
    });
    serve.signal("TERM");
    let report = until("it is not ready", || {
        let (status, report) = serve.get("/readyz");
        (status == 503).then_some(report)
    });
    assert!(report.contains("[-] serving: asked to stop\n"), "{report}");
    assert_eq!(serve.get("/livez").0, 200);
    assert!(!serve.allows_violator(&Client::new(&authority, None)).await);
    serve.signal("TERM");
    assert_eq!(serve.ended(), Some(0));
}

#[tokio::test]
async fn reviews_and_findings_are_counted_and_logged_as_fields_without_the_object() {
    let authority = Authority::new("a");
    let serve = serve(&authority, &["--log-format", "json"]);
    let client = Client::new(&authority, None);
    let mut review = violator();
    review["request"]["object"]["metadata"]["annotations"] = serde_json::json!({"a": "top secret"});
    let answer = client.review(serve.address, &review).await.unwrap();
    let annotations = &answer["response"]["auditAnnotations"];
    for (key, value) in [("decision", "deny"), ("mode", "deny"), ("rules", "L7G001")] {
        assert_eq!(annotations[key], value, "{answer}");
    }
    assert!(
        annotations["evidence"]
            .as_str()
            .unwrap()
            .contains("istio-ingressgateway"),
        "{answer}"
    );
    for (metric, value) in [
        (
            "l7guard_admission_requests_total{operation=\"CREATE\",kind=\"Ingress\",decision=\"deny\",mode=\"deny\",dry_run=\"false\"}",
            1.0,
        ),
        (
            "l7guard_admission_findings_total{rule=\"L7G001\",mode=\"deny\",would_be=\"none\",confidence=\"confirmed\"}",
            1.0,
        ),
        (
            "l7guard_admission_duration_seconds_count{kind=\"Ingress\",decision=\"deny\"}",
            1.0,
        ),
        ("l7guard_inventory_objects{kind=\"IngressClass\"}", 1.0),
        ("l7guard_connections_limit", 512.0),
    ] {
        assert_eq!(serve.metric(metric), Some(value), "{metric}");
    }
    let log = serve.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let denied = lines
        .iter()
        .find(|line| line["message"] == "denied")
        .unwrap();
    for (key, value) in [("decision", "deny"), ("user", "alice"), ("uid", "u-1")] {
        assert_eq!(denied[key], value, "{denied}");
    }
    assert_eq!(denied["findings"][0]["rule"], "L7G001", "{denied}");
    assert!(!log.contains("top secret"), "{log}");
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let serve = serve(&Authority::new("a"), &[]);
    let (status, text) = serve.get("/metrics");
    assert_eq!(status, 200);
    assert!(text.contains("l7guard_build_info{version=\""), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(serve.get("/").0, 404);
}

#[test]
fn a_busy_operations_port_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--operations-listen",
            &address,
        ])
        .args(["--manifests", "examples/quickstart/world"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        stderr.contains("--operations-listen") && stderr.contains("already in use"),
        "{stderr}"
    );
}

/// What `serve` says at start where the system sets these limits of open files.
fn started_with_files(limits: &str, connections: &str) -> std::process::Output {
    // Its end comes with the busy port, after the files have been compared.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let script = format!("{limits} && exec \"$@\"");
    Command::new("sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_l7guard"), "serve"])
        .args(["--listen", &address, "--max-connections", connections])
        .args(["--manifests", "examples/quickstart/world"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn the_limit_of_open_files_is_raised_where_connections_need_more_and_too_many_connections_are_an_error()
 {
    let ended = started_with_files("ulimit -Sn 256", "512");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert!(log.contains("raised the limit of open files"), "{log}");
    assert!(log.contains("already in use"), "{log}");
    let ended = started_with_files("ulimit -Sn 256 && ulimit -Hn 300", "512");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{log}");
    let wanted = "needs 900 open files and the system allows this process 300: set it lower by 600";
    assert!(log.contains(wanted), "{log}");
}
