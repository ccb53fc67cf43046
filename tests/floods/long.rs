//! The long form: four writers through a real API server under `failurePolicy: Fail`, once beside l7guard and once beside
//! *bare*, under each flood. It prints a table and asserts nothing.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use control_plane::{Binaries, ControlPlane, Options, WEBHOOK_PORT, WebhookCertificate};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::attack::{Attack, Flood, From};
use crate::server::Server;
use crate::writer::{Tally, Writer, client};

const WRITERS: usize = 4;

/// New connections a second.
const RATE: u32 = 500;

/// How long writes go on after a flood.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// Where the webhooks' Services are.
const HOME: &str = "webhooks";

/// A webhook, and where what it is asked about is written.
struct Webhook {
    name: &'static str,
    server: Server,
    authority: PathBuf,
    authority_pem: String,
    _folder: TempDir,
}

/// Measures the floods whose names hold `filter`.
pub(crate) fn run(filter: Option<&str>) {
    let binaries = Binaries::find_or_build(&mut io::stderr()).unwrap();
    let options = Options {
        audit_log: false,
        durable: true,
        ..Options::default()
    };
    let cluster = ControlPlane::start(&binaries, &options).unwrap();
    let webhooks = ["bare", "l7guard"].map(|name| Webhook::install(&cluster, name));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    say(
        "| flood | from | clients | timeout s | bare: writes | lost | p99 ms | l7guard: writes | lost | wrong | p99 ms | as before after s |",
    );
    say("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for timeout in numbers("L7GUARD_FLOOD_TIMEOUTS", &[3, 10]) {
        for webhook in &webhooks {
            webhook.register(&cluster, timeout);
        }
        sleep_for_configuration();
        let quiet = webhooks
            .each_ref()
            .map(|webhook| runtime.block_on(measure(&cluster, webhook, None)));
        row(&format!("none | | | {timeout}"), &quiet);
        for attack in Attack::ALL {
            for from in From::BOTH {
                let name = format!("{} {}", attack.name(), from.name());
                if filter.is_some_and(|filter| !name.contains(filter)) {
                    continue;
                }
                for clients in numbers("L7GUARD_FLOOD_CLIENTS", &[5, 600, 2000]) {
                    let tallies = webhooks.each_ref().map(|webhook| {
                        let flood = webhook.flood(attack, from, clients);
                        runtime.block_on(measure(&cluster, webhook, Some(&flood)))
                    });
                    let from = from.name().trim_start_matches("from ");
                    let flood = format!("{} | {from} | {clients} | {timeout}", attack.name());
                    row(&flood, &tallies);
                }
            }
        }
    }
}

/// A list of numbers from the environment.
fn numbers(variable: &str, otherwise: &[usize]) -> Vec<usize> {
    match std::env::var(variable) {
        Ok(list) => list
            .split(',')
            .map(|number| number.parse().unwrap())
            .collect(),
        Err(_) => otherwise.to_vec(),
    }
}

fn seconds() -> Duration {
    let seconds = numbers("L7GUARD_FLOOD_SECONDS", &[20])[0];
    Duration::from_secs(seconds as u64)
}

fn row(flood: &str, [bare, l7guard]: &[Tally; 2]) {
    say(&format!(
        "| {flood} | {} | {} | {:.0} | {} | {} | {} | {:.0} | {:.1} |",
        bare.writes(),
        bare.lost.len(),
        bare.percentile(99),
        l7guard.writes(),
        l7guard.lost.len(),
        l7guard.wrong,
        l7guard.percentile(99),
        l7guard.recovered.as_secs_f64(),
    ));
    if let Some((_, first)) = l7guard.lost.first() {
        let _ = writeln!(io::stderr(), "l7guard, the first that was lost: {first}");
    }
}

fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The API server takes a new configuration up within a second.
fn sleep_for_configuration() {
    std::thread::sleep(Duration::from_secs(3));
}

/// Writes during a flood and some time after it.
async fn measure(cluster: &ControlPlane, webhook: &Webhook, flood: Option<&Flood<'_>>) -> Tally {
    let stop = Arc::new(AtomicBool::new(false));
    let (began, mut writers) = (Instant::now(), JoinSet::new());
    for number in 0..WRITERS {
        let client = client(cluster).await;
        let writer = Writer::new(
            client,
            &webhook.namespace(),
            number,
            webhook.name == "l7guard",
        );
        writers.spawn(writer.write_until(Arc::clone(&stop), began));
    }
    match flood {
        None => sleep(seconds()).await,
        Some(flood) => {
            let mut flooding = flood.start();
            while !flooding.is_over() {
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    let over = began.elapsed();
    sleep(AFTERWARDS).await;
    stop.store(true, Ordering::Relaxed);
    let mut tally = Tally::default();
    while let Some(of_one) = writers.join_next().await {
        tally.add(of_one.unwrap());
    }
    let last = tally.lost.iter().map(|(when, _)| *when).max();
    tally.recovered = last.unwrap_or_default().saturating_sub(over);
    tally
}

impl Webhook {
    fn install(cluster: &ControlPlane, name: &'static str) -> Self {
        let address = cluster
            .create_webhook_service(HOME, name)
            .unwrap()
            .to_string();
        let folder = tempfile::tempdir().unwrap();
        let certified_for = format!("{name}.{HOME}.svc");
        let certificate = WebhookCertificate::write_into(folder.path(), &certified_for).unwrap();
        let server = match name {
            "bare" => Server::bare(&address, &certificate),
            _ => Server::l7guard(&address, &certificate, &[]),
        };
        let authority = folder.path().join("authority.pem");
        std::fs::write(&authority, &certificate.authority).unwrap();
        let webhook = Self {
            name,
            server,
            authority,
            authority_pem: certificate.authority.clone(),
            _folder: folder,
        };
        for namespace in [webhook.namespace(), "istio-system".to_owned()] {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            assert!(
                cluster
                    .apply(&namespace.to_string())
                    .unwrap()
                    .status
                    .success()
            );
        }
        webhook
    }

    /// The namespace that it is asked about.
    fn namespace(&self) -> String {
        format!("asks-{}", self.name)
    }

    fn flood(&self, attack: Attack, from: From, clients: usize) -> Flood<'_> {
        Flood {
            attack,
            from,
            clients,
            rate: RATE,
            duration: seconds(),
            target: self.server.address,
            name: Some(if self.name == "bare" {
                "bare.webhooks.svc"
            } else {
                "l7guard.webhooks.svc"
            }),
            authority: &self.authority,
        }
    }

    fn register(&self, cluster: &ControlPlane, timeout: usize) {
        let name = self.name;
        // The gateway of the example world is there: what is refused has to be written beside it.
        let mut namespaces = vec![self.namespace()];
        if name == "l7guard" {
            namespaces.push("istio-system".to_owned());
        }
        let configuration: Value = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [{
                "name": format!("{name}.{HOME}.svc"),
                "clientConfig": {
                    "service": {"namespace": HOME, "name": name, "path": "/validate", "port": WEBHOOK_PORT},
                    "caBundle": STANDARD.encode(&self.authority_pem),
                },
                "rules": [{
                    "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"], "resources": ["ingresses"],
                }],
                "namespaceSelector": {"matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces},
                ]},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "timeoutSeconds": timeout,
                "admissionReviewVersions": ["v1"],
            }],
        });
        let applied = cluster.apply(&configuration.to_string()).unwrap();
        assert!(applied.status.success(), "{}", applied.stderr);
    }
}
