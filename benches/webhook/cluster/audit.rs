//! What the audit loop costs: a pass over everything, one change, what is written, and reviews meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use control_plane::{ControlPlane, WebhookCertificate};
use kube::Client;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{APPS, CORE, NETWORKING, client, collection, fill, ready};
use crate::load::{Load, Target};
use crate::objects::{Review, deployment, ingress, service};
use crate::process::{Process, running_time};
use crate::reviews::{NAME, Plan};
use crate::statistics::median;

const REPORTS: &str = include_str!("report_crds.yaml");

/// How many passes over everything are measured together.
const PASSES: u32 = 5;

/// How long it takes until what was to be written is.
const AT_MOST: Duration = Duration::from_mins(5);

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Audit")]
pub(crate) struct AuditArguments {
    /// How many Ingresses the audited cluster has
    #[arg(long, default_value_t = 10_000)]
    audited_ingresses: usize,
    /// How many of them have a finding
    #[arg(long, default_value_t = 500)]
    findings: usize,
    /// In how many namespaces all of them are
    #[arg(long, default_value_t = 200)]
    audited_namespaces: usize,
}

/// The requests of the API server by resource and verb: how many, and their bytes.
type Requests = BTreeMap<(String, String), (f64, f64)>;

/// A guard whose audit is measured.
struct Audited<'a> {
    cluster: &'a ControlPlane,
    process: Process,
    /// Where its webhook listens.
    webhook: SocketAddr,
    configuration: &'a Path,
    /// How often the configuration was changed.
    changes: u32,
}

/// Measures the audit loop, in a cluster of its own.
pub(super) fn measure(plan: &Plan, cluster: &ControlPlane, arguments: &AuditArguments) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(fill_with_findings(cluster, arguments));
    let client = runtime.block_on(client(cluster));
    let folder = tempfile::tempdir().unwrap();
    let certificate = WebhookCertificate::write_into(folder.path(), NAME).unwrap();
    let configuration = folder.path().join("l7guard.yaml");
    configure(&configuration, 0);
    println!(
        "| what | ms of the pass | CPU ms | resident MiB | peak MiB | writes |\n|---|---|---|---|---|---|"
    );
    let before = requests(cluster);
    let mut guard = Audited::start(cluster, &certificate, &configuration);
    let reports = arguments.audited_namespaces.min(arguments.findings) + 1;
    let is_written = |guard: &Audited<'_>| {
        guard.metric(
            "l7guard_audit_writes_total",
            "object=\"report\",result=\"done\"",
        ) >= count(reports)
    };
    guard.wait_for("the reports are written", is_written);
    let first = guard.process_time();
    guard.row(
        "start and first pass",
        "full",
        (0.0, 0.0),
        Duration::ZERO,
        &before,
    );
    println!(
        "\nUntil the first reports were written the process used {} ms of CPU, its lists included.\n",
        first.as_millis()
    );
    println!(
        "| what | ms of the pass | CPU ms | resident MiB | peak MiB | writes |\n|---|---|---|---|---|---|"
    );
    let (before, passed, used) = (
        requests(cluster),
        guard.passes("full"),
        guard.process_time(),
    );
    for _ in 0..PASSES {
        guard.judge_everything();
    }
    thread::sleep(Duration::from_secs(3));
    let written = guard.row(
        "another full pass, nothing changed (mean of 5)",
        "full",
        passed,
        used,
        &before,
    );
    assert!(written < 1.0, "a pass without change has written");
    let (before, passed, used) = (
        requests(cluster),
        guard.passes("change"),
        guard.process_time(),
    );
    runtime.block_on(remove_one(&client));
    guard.wait_for("the change is judged", |guard| {
        guard.passes("change").0 > passed.0
    });
    thread::sleep(Duration::from_secs(3));
    guard.row(
        "one change: a finding goes",
        "change",
        passed,
        used,
        &before,
    );
    reviews(plan, &mut guard, &certificate);
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Applications everywhere, and as many Ingresses to a gateway as there are to be findings.
async fn fill_with_findings(cluster: &ControlPlane, arguments: &AuditArguments) {
    assert!(cluster.apply(REPORTS).unwrap().status.success());
    let home = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "l7guard"}});
    assert!(cluster.apply(&home.to_string()).unwrap().status.success());
    let namespaces = arguments.audited_namespaces;
    let sound = arguments
        .audited_ingresses
        .saturating_sub(arguments.findings);
    let applications = super::Arguments {
        namespaces,
        applications: sound / namespaces,
        writes: 0,
        pods: 0,
    };
    fill::fill(cluster, &applications).await;
    let client = client(cluster).await;
    for number in 0..arguments.findings {
        let namespace = &format!("team-{}", number % namespaces);
        if number < namespaces {
            let services = collection(CORE, Some(namespace), "services");
            fill::create(&client, &services, &service(namespace, "gateway")).await;
            let deployments = collection(APPS, Some(namespace), "deployments");
            fill::create(
                &client,
                &deployments,
                &deployment(namespace, "gateway", true),
            )
            .await;
        }
        let mut object = ingress(namespace, "alb", "gateway", "/");
        object["metadata"]["name"] = json!(format!("finding-{number}"));
        let ingresses = collection(NETWORKING, Some(namespace), "ingresses");
        fill::create(&client, &ingresses, &object).await;
    }
    println!(
        "{} of the Ingresses lead to a gateway of their namespace\n",
        arguments.findings
    );
}

async fn remove_one(client: &Client) {
    let ingresses = collection(NETWORKING, Some("team-0"), "ingresses");
    let request = hyper::Request::delete(format!("{ingresses}/finding-0"));
    let request = request.body(Vec::new()).unwrap();
    client.request::<serde_json::Value>(request).await.unwrap();
}

/// A configuration that differs from the one before and means the same.
fn configure(file: &Path, changes: u32) {
    let interval = if changes.is_multiple_of(2) {
        "12h"
    } else {
        "13h"
    };
    let text =
        format!("apiVersion: l7guard/v1\nkind: Configuration\naudit: {{interval: {interval}}}\n");
    fs::write(file, text).unwrap();
}

impl<'a> Audited<'a> {
    fn start(
        cluster: &'a ControlPlane,
        certificate: &WebhookCertificate,
        configuration: &'a Path,
    ) -> Self {
        // A port that is free now: the process prints the other one, that of its operations.
        let webhook = std::net::TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let mut command: Command = ready::command(cluster.kubeconfig(), webhook, certificate);
        command
            .args(["--service", "l7guard/l7guard"])
            .arg("--config")
            .arg(configuration);
        let process = ready::start(&mut command);
        ready::wait_until_ready(&process);
        Self {
            cluster,
            process,
            webhook,
            configuration,
            changes: 0,
        }
    }

    /// The sum of a metric's series that have these labels.
    fn metric(&self, name: &str, labels: &str) -> f64 {
        let mut stream = TcpStream::connect(self.process.address()).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let is_wanted = |line: &&str| line.starts_with(name) && line.contains(labels);
        let values = text.lines().filter(is_wanted);
        values
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// How many passes there were, and how many seconds they took.
    fn passes(&self, pass: &str) -> (f64, f64) {
        let labels = format!("pass=\"{pass}\"");
        let of = |what: &str| {
            self.metric(
                &format!("l7guard_audit_pass_duration_seconds_{what}"),
                &labels,
            )
        };
        (of("count"), of("sum"))
    }

    fn process_time(&self) -> Duration {
        running_time(self.process.id())
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < AT_MOST, "never: {what}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes it judge everything, and waits for it.
    fn judge_everything(&mut self) {
        let (passes, _) = self.passes("full");
        self.changes += 1;
        configure(self.configuration, self.changes);
        self.wait_for("another pass", |guard| guard.passes("full").0 > passes);
    }

    /// A row of the table, of the passes since then. Returns how many writes of reports and Events there were.
    fn row(
        &self,
        what: &str,
        pass: &str,
        before: (f64, f64),
        used: Duration,
        requests_before: &Requests,
    ) -> f64 {
        let (passes, seconds) = self.passes(pass);
        let passes = passes - before.0;
        let used = self.process_time().saturating_sub(used).as_secs_f64();
        let mut writes = Vec::new();
        let mut written = 0.0;
        for ((resource, verb), (number, bytes)) in requests(self.cluster) {
            let key = (resource, verb);
            let (known, known_bytes) = requests_before.get(&key).copied().unwrap_or_default();
            let (number, bytes) = (number - known, bytes - known_bytes);
            if number > 0.0 {
                writes.push(format!("{} {}: {number}, {bytes} B", key.1, key.0));
                written += number;
            }
        }
        let writes = if writes.is_empty() {
            "none".to_owned()
        } else {
            writes.join("; ")
        };
        println!(
            "| {what} | {:.1} | {:.1} | {:.1} | {:.1} | {writes} |",
            (seconds - before.1) * 1_000.0 / passes,
            used * 1_000.0 / passes,
            self.process.resident(),
            self.process.peak(),
        );
        written
    }
}

/// The writes of reports and Events that the API server has done so far.
fn requests(cluster: &ControlPlane) -> Requests {
    let metrics = cluster
        .run_kubectl(&["get", "--raw", "/metrics"])
        .unwrap()
        .stdout;
    let mut requests = Requests::new();
    for line in metrics.lines() {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let label = |name: &str| {
            let (_, rest) = series.split_once(&format!("{name}=\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let (Some(resource), Some(verb)) = (label("resource"), label("verb")) else {
            continue;
        };
        let verb = match verb.to_uppercase().as_str() {
            "POST" | "CREATE" => "create",
            "PATCH" | "APPLY" => "patch",
            "DELETE" => "delete",
            _ => continue,
        };
        if !["events", "reports", "clusterreports"].contains(&&*resource) {
            continue;
        }
        let value: f64 = value.parse().unwrap_or_default();
        let entry = requests.entry((resource, verb.to_owned())).or_default();
        if series.starts_with("apiserver_request_total{") {
            entry.0 += value;
        } else if series.starts_with("apiserver_request_body_size_bytes_sum{") {
            entry.1 += value;
        }
    }
    requests
}

/// Reviews with and without passes over everything beside them, in turn.
fn reviews(plan: &Plan, guard: &mut Audited<'_>, certificate: &WebhookCertificate) {
    let review = Review::of_nginx();
    let server = Target {
        address: guard.webhook,
        name: NAME,
        authority: &certificate.authority,
    };
    let load = || {
        plan.generator.run(&Load {
            server,
            body: &review.body,
            connections: plan.connections,
            duration: plan.duration,
        })
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut passes, mut seconds) = (0.0, 0.0);
    load();
    for _ in 0..plan.rounds {
        without.push(load());
        let before = guard.passes("full");
        let is_over = AtomicBool::new(false);
        with.push(thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    guard.judge_everything();
                }
            });
            let outcome = load();
            is_over.store(true, Ordering::Relaxed);
            outcome
        }));
        let after = guard.passes("full");
        passes += after.0 - before.0;
        seconds += after.1 - before.1;
    }
    println!(
        "\n| reviews ({}, {} connections) | reviews/s | p50 ms | p99 ms |\n|---|---|---|---|",
        review.name, plan.connections
    );
    for (name, outcomes) in [("no pass", &without), ("full passes beside them", &with)] {
        let of = |value: fn(&crate::load::Outcome) -> f64| median(outcomes.iter().map(value));
        println!(
            "| {name} | {:.0} | {:.3} | {:.3} |",
            of(|outcome| outcome.reviews / outcome.elapsed.as_secs_f64()),
            of(|outcome| outcome.p50),
            of(|outcome| outcome.p99),
        );
    }
    println!("\n{passes} full passes ran beside the reviews, {seconds:.1} s of them in all.\n");
}
