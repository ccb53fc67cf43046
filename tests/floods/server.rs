//! A running server: `l7guard serve`, or *bare*.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use control_plane::WebhookCertificate;
use tempfile::TempDir;

/// The world that is served: an Istio gateway, and a class of the AWS Load Balancer Controller.
const WORLD: &str = "examples/quickstart/world";

/// How long kubelet waits for the answer to a probe unless told otherwise (`timeoutSeconds` is 1), and some more for a busy machine.
const PROBE: Duration = Duration::from_secs(10);

/// The process. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Of l7guard.
    pub(crate) operations: SocketAddr,
    folder: TempDir,
}

impl Server {
    pub(crate) fn l7guard(
        address: &str,
        certificate: &WebhookCertificate,
        options: &[&str],
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_l7guard"));
        command
            .args(["serve", "--listen", address])
            .args(["--operations-listen", "127.0.0.1:0", "--manifests", WORLD])
            .arg("--tls-cert")
            .arg(&certificate.chain)
            .arg("--tls-key")
            .arg(&certificate.key)
            .args(options)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("RUST_LOG");
        Self::start(command)
    }

    pub(crate) fn bare(address: &str, certificate: &WebhookCertificate) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["bare", address])
            .args([&certificate.chain, &certificate.key]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().map(Result::unwrap).unwrap_or_default();
        let mut found = addresses(&line);
        if !line.is_empty() && line.starts_with("l7guard") {
            found.extend(addresses(&lines.next().unwrap().unwrap()));
        }
        assert!(
            !found.is_empty(),
            "{line}{}",
            fs::read_to_string(folder.path().join("log")).unwrap()
        );
        Self {
            child,
            address: found[0],
            operations: *found.last().unwrap(),
            folder,
        }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The answer to `GET path` on the operations port.
    pub(crate) fn get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.operations, PROBE)?;
        stream.set_read_timeout(Some(PROBE))?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The value of a metric with its labels; 0 while there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_default()
    }

    /// What is resident, in bytes.
    pub(crate) fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: usize = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kibibytes * 1024
    }
}

/// The addresses in a line that servers print.
fn addresses(line: &str) -> Vec<SocketAddr> {
    let words = line.split([' ', '/', ',']);
    words.filter_map(|word| word.parse().ok()).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
