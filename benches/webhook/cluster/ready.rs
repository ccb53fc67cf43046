//! From the start of `l7guard serve` to its readiness, against a bare list of the same kinds; and its memory.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use control_plane::ControlPlane;
use tokio::runtime::Runtime;

use super::{client, lists};
use crate::process::Process;
use crate::reviews::Plan;
use crate::statistics::{median, with_ratio};
use control_plane::WebhookCertificate;

/// How often readiness is asked for.
const POLL: Duration = Duration::from_millis(2);

/// What one round measured: milliseconds, MiB.
struct Round {
    list: f64,
    ready: f64,
    resident: f64,
    peak: f64,
}

/// Measures the way to readiness.
pub(super) fn measure(plan: &Plan, cluster: &ControlPlane, runtime: &Runtime) {
    let client = runtime.block_on(client(cluster));
    let folder = tempfile::tempdir().unwrap();
    let certificate = WebhookCertificate::write_into(folder.path(), "localhost").unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut rounds = Vec::new();
    for round in 0..=plan.rounds {
        let listed = runtime.block_on(lists::list(&client));
        let began = Instant::now();
        let process = serve(cluster.kubeconfig(), address, &certificate);
        wait_until_ready(&process);
        let ready = began.elapsed();
        // Its lists are garbage by now; what the allocator gives back it has given back.
        thread::sleep(Duration::from_secs(1));
        if round == 0 {
            println!(
                "lists: {} objects, {} MB",
                listed.objects,
                listed.bytes / 1_000_000
            );
            continue;
        }
        rounds.push(Round {
            list: listed.duration.as_secs_f64() * 1000.0,
            ready: ready.as_secs_f64() * 1000.0,
            resident: process.resident(),
            peak: process.peak(),
        });
    }
    let values = |of: fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let lists = values(|round| round.list);
    println!("| | ms | resident MiB | peak MiB |\n|---|---|---|---|");
    println!(
        "| bare paged lists | {} | | |",
        with_ratio(&lists, &lists, 0)
    );
    println!(
        "| `l7guard serve` until it is ready | {} | {:.1} | {:.1} |\n",
        with_ratio(&values(|round| round.ready), &lists, 0),
        median(values(|round| round.resident)),
        median(values(|round| round.peak)),
    );
}

/// `l7guard serve` as a user starts it.
pub(super) fn serve(
    kubeconfig: &Path,
    address: SocketAddr,
    certificate: &WebhookCertificate,
) -> Process {
    start(&mut command(kubeconfig, address, certificate))
}

/// The command that [`serve`] starts.
pub(super) fn command(
    kubeconfig: &Path,
    address: SocketAddr,
    certificate: &WebhookCertificate,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_l7guard"));
    command.args(["serve", "--operations-listen", "127.0.0.1:0"]);
    command.args(["--listen", &address.to_string()]);
    command.arg("--kubeconfig").arg(kubeconfig);
    command.arg("--tls-cert").arg(&certificate.chain);
    command.arg("--tls-key").arg(&certificate.key);
    command
}

/// Starts such a command. The address of the process is that of its operations.
pub(super) fn start(command: &mut Command) -> Process {
    Process::start(command, |line| {
        let after = line.strip_prefix("Probes and metrics: http://")?;
        after.split('/').next()?.parse().ok()
    })
}

/// Asks the operations port, which is the address of such a process, until it says yes.
pub(super) fn wait_until_ready(process: &Process) {
    while !is_ready(process.address()) {
        thread::sleep(POLL);
    }
}

fn is_ready(operations: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(operations).unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200")
}
