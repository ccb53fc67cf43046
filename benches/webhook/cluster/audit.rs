//! What the audit loop costs: a pass over everything, one change, what is written, and reviews meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use control_plane::{ControlPlane, WebhookCertificate};
use kube::Client;
use serde_json::json;
use tokio::runtime::Runtime;

use super::audited::{Audited, configure, requests};
use super::{APPS, CORE, NETWORKING, client, collection, fill};
use crate::load::{Load, Target};
use crate::objects::{Review, deployment, ingress, service};
use crate::reviews::{NAME, Plan};
use crate::statistics::median;

const REPORTS: &str = include_str!("report_crds.yaml");

/// How many passes over everything are measured together.
const PASSES: u32 = 5;

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
