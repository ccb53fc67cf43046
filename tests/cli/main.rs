//! The command line as a user meets it: what it prints and how it ends. Every output of the same world is a snapshot.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod certs;
mod characters;
mod check;
mod clusters;
mod copies;
mod demo;
mod explain;
mod explain_names;
mod help;
mod hostile;
mod inputs;
mod messages;
mod outputs;
mod pseudo_terminal;
mod repository;
mod serve;
mod shells;
mod terminal;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// An ALB in front of a gateway.
const VIOLATOR: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: istio-system}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: istio-ingressgateway, port: {number: 80}}}
";
/// An application that has nothing to do with either.
const APPLICATION: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: shop, port: {number: 80}}}
";

/// The program, in the repository's root, as no terminal.
fn l7guard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_l7guard"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUST_LOG")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

fn run(arguments: &[&str]) -> Ended {
    Ended::of(&l7guard(arguments).output().unwrap())
}

fn run_with_input(arguments: &[&str], input: &str) -> Ended {
    let mut child = l7guard(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    Ended::of(&child.wait_with_output().unwrap())
}

/// How a run ended.
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            status: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
