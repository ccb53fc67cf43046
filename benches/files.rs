//! What `l7guard check` costs on a tree of 10,000 files, against reading and parsing them alone.
//!
//! `cargo bench --bench files` writes the tree into a temporary folder, then runs three processes in turn and prints
//! the table of `docs/benchmarks.md`: the YAML parser over each file's text with nothing kept, the loader (documents,
//! values, positions), and `l7guard check` as a user starts it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark whose own tree is broken has nothing to measure"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use granit_parser::Parser;
use l7guard_manifests::{Item, Reader, Source, files};
use wait4::Wait4;

const FILES: usize = 10_000;
const FILES_PER_FOLDER: usize = 50;
const ROUNDS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("parse") => println!("{}", parse(Path::new(&arguments[1]))),
        Some("load") => println!("{}", load(Path::new(&arguments[1]))),
        _ => measure(),
    }
}

/// One way of going over the tree.
struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    runs: Vec<Run>,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    processor: Duration,
    peak_bytes: u64,
}

fn measure() {
    let tree = tempfile::tempdir().unwrap();
    let bytes = write_tree(tree.path());
    let folder = tree.path().to_str().unwrap().to_owned();
    let this = std::env::current_exe().unwrap();
    let of_this = |name, argument: &str| Contender {
        name,
        program: this.clone(),
        arguments: vec![argument.to_owned(), folder.clone()],
        runs: Vec::new(),
    };
    let mut contenders = [
        of_this("YAML parser alone", "parse"),
        of_this("loader alone", "load"),
        Contender {
            name: "`l7guard check`",
            program: env!("CARGO_BIN_EXE_l7guard").into(),
            arguments: vec!["check".to_owned(), folder.clone()],
            runs: Vec::new(),
        },
    ];
    // In turn, so that a disturbance is everybody's; the first round fills the cache of files and is not counted.
    for round in 0..=ROUNDS {
        for contender in &mut contenders {
            let run = run(contender);
            if round > 0 {
                contender.runs.push(run);
            }
        }
    }
    println!("{FILES} files, {bytes} bytes");
    print_table(&contenders);
}

fn run(contender: &Contender) -> Run {
    let began = Instant::now();
    let child = Command::new(&contender.program)
        .args(&contender.arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let used = child.wait4().unwrap();
    let wall = began.elapsed();
    assert!(used.status.code().is_some_and(|code| code < 2));
    Run {
        wall,
        processor: used.rusage.utime + used.rusage.stime,
        peak_bytes: used.rusage.maxrss,
    }
}

fn print_table(contenders: &[Contender]) {
    println!("| | wall ms | CPU ms | CPU against the parser | CPU against the loader | peak MiB |");
    println!("|---|---|---|---|---|---|");
    let processor = |contender: &Contender| median(contender, |run| run.processor);
    let parser = processor(&contenders[0]).as_secs_f64();
    let loader = processor(&contenders[1]).as_secs_f64();
    for contender in contenders {
        let used = processor(contender);
        println!(
            "| {} | {} | {} | {:.2} | {:.2} | {} |",
            contender.name,
            median(contender, |run| run.wall).as_millis(),
            used.as_millis(),
            used.as_secs_f64() / parser,
            used.as_secs_f64() / loader,
            median(contender, |run| run.peak_bytes) / (1024 * 1024),
        );
    }
}

fn median<T: Ord + Copy>(contender: &Contender, of: impl Fn(&Run) -> T) -> T {
    let mut values: Vec<T> = contender.runs.iter().map(of).collect();
    values.sort();
    values[values.len() / 2]
}

/// Hands every file's text to the parser and throws its events away; returns how many there were.
fn parse(tree: &Path) -> usize {
    let texts = files::find(&[tree]).found.into_iter().map(|input| {
        let bytes = input.read().unwrap();
        String::from_utf8(bytes).unwrap()
    });
    texts.map(|text| Parser::new_from_str(&text).count()).sum()
}

/// Loads every file and throws its objects away; returns how many there were.
fn load(tree: &Path) -> usize {
    let inputs = files::find(&[tree]).found.into_iter();
    let objects = inputs.map(|input| {
        let source = Source::new(input.name(), input.read().unwrap());
        Reader::new(Arc::new(source))
            .filter(|item| matches!(item, Item::Object(_)))
            .count()
    });
    objects.sum()
}

/// Writes the tree: in each folder one application a file, with a Deployment, a Service and an Ingress. Returns how many
/// bytes.
fn write_tree(tree: &Path) -> usize {
    let mut bytes = 0;
    for number in 0..FILES {
        let folder = tree.join(format!("team-{}", number / FILES_PER_FOLDER));
        fs::create_dir_all(&folder).unwrap();
        let text = application(number);
        bytes += text.len();
        fs::write(folder.join(format!("app-{number}.yaml")), text).unwrap();
    }
    bytes
}

fn application(number: usize) -> String {
    let name = format!("app-{number}");
    let namespace = format!("team-{}", number / FILES_PER_FOLDER);
    format!(
        r#"# {name}: what most files of a repository look like
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: {namespace}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      containers:
        - name: server
          image: registry.example.com/{namespace}/{name}:1.4.{number}
          args: ["--listen", ":8080"]
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: {namespace}
  annotations:
    alb.ingress.kubernetes.io/scheme: internal
    alb.ingress.kubernetes.io/target-type: ip
spec:
  ingressClassName: alb
  rules:
    - host: {name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
"#
    )
}
