//! The process of a server, and what the system says that it used.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::served::Role;
use control_plane::WebhookCertificate;

/// What `/proc` counts processor time in: 100 ticks a second, `USER_HZ` of every architecture that Linux has today.
const TICK: Duration = Duration::from_millis(10);

/// A server. It ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    /// Kept open: the process may write to it at any time.
    _stdout: BufReader<ChildStdout>,
}

impl Process {
    /// This program again, as a server; returns when it listens.
    pub(crate) fn of_this(
        role: Role,
        objects: usize,
        address: SocketAddr,
        certificate: &WebhookCertificate,
    ) -> Self {
        let this = std::env::current_exe().unwrap();
        Self::of(&this, role, objects, address, certificate)
    }

    /// This benchmark as it was built from another version, as a server.
    pub(crate) fn of(
        benchmark: &Path,
        role: Role,
        objects: usize,
        address: SocketAddr,
        certificate: &WebhookCertificate,
    ) -> Self {
        let mut command = Command::new(benchmark);
        command
            .arg("serve")
            .arg(format!("{role:?}").to_lowercase())
            .args([objects.to_string(), address.to_string()])
            .args([&certificate.chain, &certificate.key]);
        Self::start(&mut command, |line| line.parse().ok())
    }

    /// Starts a server and reads what it prints until `address` makes an address of a line.
    pub(crate) fn start(
        command: &mut Command,
        address: impl Fn(&str) -> Option<SocketAddr>,
    ) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(
                stdout.read_line(&mut line).unwrap(),
                0,
                "the server ended: {command:?}"
            );
            if let Some(address) = address(line.trim_end()) {
                break address;
            }
        };
        Self {
            child,
            address,
            _stdout: stdout,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time so far, user and system (`proc_pid_stat(5)`: the 14th and 15th field, and the second, which is in
    /// parentheses, may contain anything).
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        let fields = after_name.split(' ').skip(11).take(2);
        let ticks: u32 = fields.map(|field| field.parse::<u32>().unwrap()).sum();
        TICK * ticks
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What is resident now, MiB.
    pub(crate) fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most that was resident at any time, MiB.
    pub(crate) fn peak(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .unwrap();
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time for which the threads of a process have run so far (`proc(5)`, `schedstat`: nanoseconds, where ticks would be too
/// coarse for a single write).
pub(crate) fn running_time(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of_thread = |thread: std::io::Result<fs::DirEntry>| {
        let statistics = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(threads.filter_map(of_thread).sum())
}
