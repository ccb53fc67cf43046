//! Whatever becomes of standard error, reviews and probes go on and SIGTERM ends the process in time.

use std::fs::{self, File, OpenOptions};
use std::io::{PipeReader, PipeWriter, pipe};
use std::process::Stdio;

use rustix::pipe::fcntl_setpipe_size;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Authority, Client};
use crate::process::{Serve, WORLD, violator};
use crate::until;

/// A server with a certificate, whose log goes to `stderr`.
fn serve(authority: &Authority, stderr: impl Into<Stdio>, options: &[&str]) -> Serve {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certified(authority, &folder);
    let certificate: Vec<&str> = certificate.iter().map(String::as_str).collect();
    let options = [&certificate, options].concat();
    Serve::logging_to(stderr, folder, WORLD, &options)
}

fn certified(authority: &Authority, folder: &TempDir) -> Vec<String> {
    authority.server().write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    [
        "--tls-cert",
        &path("tls.crt"),
        "--tls-key",
        &path("tls.key"),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A pipe that holds so many bytes.
fn pipe_of(bytes: usize) -> (PipeReader, PipeWriter) {
    let (reader, writer) = pipe().unwrap();
    fcntl_setpipe_size(&writer, bytes).unwrap();
    (reader, writer)
}

/// So many refused reviews log a line of more than 4 KiB each: more than waits anywhere.
const REVIEWS: usize = 200;

/// Reviews are judged, probes are answered, lost lines are counted for `reason`, and SIGTERM ends it with status 0.
async fn goes_on(mut serve: Serve, authority: &Authority, reason: &str) {
    let client = Client::new(authority, None);
    let mut review = violator();
    // As much as a record takes in: what is unresolved fills it.
    let paths = (0..40).map(|number| {
        let name = format!("{number}-{}", "x".repeat(60));
        json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}})
    });
    let paths: Vec<Value> = paths.collect();
    review["request"]["object"]["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
    for _ in 0..REVIEWS {
        let answer = client.review(serve.address, &review).await.unwrap();
        assert_eq!(answer["response"]["allowed"], false);
    }
    assert_eq!(serve.get("/livez").0, 200);
    let lost = format!("l7guard_log_lines_dropped_total{{reason=\"{reason}\"}}");
    until("lines are lost", || {
        serve.metric(&lost).filter(|lost| *lost > 0.0)
    });
    serve.signal("TERM");
    assert_eq!(serve.ended(), Some(0));
}

#[tokio::test]
async fn a_pipe_that_nobody_reads_stops_nothing() {
    let authority = Authority::new("a");
    for bytes in [4 * 1024, 64 * 1024] {
        let (_reader, writer) = pipe_of(bytes);
        let serve = serve(&authority, writer, &["--drain", "0"]);
        goes_on(serve, &authority, "full").await;
    }
}

#[tokio::test]
async fn a_reader_that_has_gone_away_stops_nothing() {
    let authority = Authority::new("a");
    let (reader, writer) = pipe().unwrap();
    let serve = serve(&authority, writer, &["--drain", "0"]);
    drop(reader);
    goes_on(serve, &authority, "write_error").await;
}

#[tokio::test]
async fn a_full_disk_stops_nothing() {
    let authority = Authority::new("a");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let serve = serve(&authority, full, &["--drain", "0", "--log-format", "json"]);
    goes_on(serve, &authority, "write_error").await;
}

#[tokio::test]
async fn standard_output_that_nobody_reads_any_more_does_not_end_it() {
    let authority = Authority::new("a");
    let folder = tempfile::tempdir().unwrap();
    let certificate = certified(&authority, &folder);
    let log = folder.path().join("log");
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(["serve", "--listen", "127.0.0.1:0", "--drain", "0"])
        .args(["--operations-listen", "127.0.0.1:0", "--manifests", WORLD])
        .args(&certificate)
        .env("RUST_LOG", "debug")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    until("it serves", || {
        let log = fs::read_to_string(&log).unwrap();
        log.contains("cannot write to standard output")
            .then_some(())
    });
    assert!(child.try_wait().unwrap().is_none(), "it ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn with_json_every_line_is_json_also_why_it_cannot_start() {
    for options in [
        ["--config", "/dev/null"],
        ["--config", "/nowhere"],
        ["--kubeconfig", "/nowhere"],
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_l7guard"));
        command
            .args(["serve", "--log-format", "json"])
            .args(options);
        if options[0] == "--config" {
            command.args(["--manifests", WORLD]);
        }
        let ended = command.env("RUST_LOG", "l7guard=loud").output().unwrap();
        assert_eq!(ended.status.code(), Some(2));
        let log = String::from_utf8(ended.stderr).unwrap();
        let lines: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{log}")))
            .collect();
        assert_eq!(lines.first().unwrap()["level"], "WARN", "{log}");
        assert_eq!(lines.last().unwrap()["level"], "ERROR", "{log}");
    }
}

#[tokio::test]
async fn readiness_is_logged_once_when_it_changes_as_a_whole() {
    let authority = Authority::new("a");
    let folder = tempfile::tempdir().unwrap();
    let certificate = certified(&authority, &folder);
    let certificate: Vec<&str> = certificate.iter().map(String::as_str).collect();
    let options = [
        &certificate,
        ["--drain", "600", "--log-format", "json"].as_slice(),
    ]
    .concat();
    let mut serve = Serve::start(folder, &options);
    until("it is ready", || {
        (serve.get("/readyz").0 == 200).then_some(())
    });
    serve.signal("TERM");
    until("it is not ready", || {
        (serve.get("/readyz").0 == 503).then_some(())
    });
    serve.signal("TERM");
    assert_eq!(serve.ended(), Some(0));
    let log = serve.log();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<(String, String)> = lines
        .map(|line| (line["level"].to_string(), line["message"].to_string()))
        .filter(|(_, message)| message.contains("ready"))
        .collect();
    let line = |level: &str, message: &str| (format!("{level:?}"), format!("{message:?}"));
    assert_eq!(
        told,
        [line("INFO", "ready"), line("INFO", "not ready")],
        "{log}"
    );
}
