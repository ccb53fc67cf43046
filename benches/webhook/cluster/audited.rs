//! A guard whose audit is measured: its passes, its process, and what the API server has written for it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use control_plane::{ControlPlane, WebhookCertificate};

use super::ready;
use crate::process::{Process, running_time};

/// How long it takes until what was to be written is.
const AT_MOST: Duration = Duration::from_mins(5);

/// The requests of the API server by resource and verb: how many, and their bytes.
pub(super) type Requests = BTreeMap<(String, String), (f64, f64)>;

/// A guard whose audit is measured.
pub(super) struct Audited<'a> {
    cluster: &'a ControlPlane,
    process: Process,
    /// Where its webhook listens.
    pub(super) webhook: SocketAddr,
    configuration: &'a Path,
    /// How often the configuration was changed.
    changes: u32,
}

/// A configuration that differs from the one before and means the same.
pub(super) fn configure(file: &Path, changes: u32) {
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
    pub(super) fn start(
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
    pub(super) fn metric(&self, name: &str, labels: &str) -> f64 {
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
    pub(super) fn passes(&self, pass: &str) -> (f64, f64) {
        let labels = format!("pass=\"{pass}\"");
        let of = |what: &str| {
            self.metric(
                &format!("l7guard_audit_pass_duration_seconds_{what}"),
                &labels,
            )
        };
        (of("count"), of("sum"))
    }

    pub(super) fn process_time(&self) -> Duration {
        running_time(self.process.id())
    }

    pub(super) fn wait_for(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < AT_MOST, "never: {what}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes it judge everything, and waits for it.
    pub(super) fn judge_everything(&mut self) {
        let (passes, _) = self.passes("full");
        self.changes += 1;
        configure(self.configuration, self.changes);
        self.wait_for("another pass", |guard| guard.passes("full").0 > passes);
    }

    /// A row of the table, of the passes since then. Returns how many writes of reports and Events there were.
    pub(super) fn row(
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
pub(super) fn requests(cluster: &ControlPlane) -> Requests {
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
