//! A running `l7guard serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use control_plane::{WebhookCertificate, signal};
use libtest_mimic::Failed;

use crate::scene::{WORLD, root};
use control_plane::until;

/// What the guard does. Its standard input is a pipe that only this process holds, so `read` returns when this process is
/// gone, even by SIGKILL. Then it kills its own process group.
const GUARD: &str = "read -r _; kill -KILL 0";

/// The process. It is killed when dropped.
pub(crate) struct Serve {
    child: Child,
    guard: Child,
    /// Kept open: the process may write to it at any time.
    stdout: BufReader<ChildStdout>,
    operations: Option<SocketAddr>,
    log: PathBuf,
}

impl Serve {
    /// Starts it with the example world, and waits until it listens.
    pub(crate) fn start(
        address: SocketAddrV4,
        certificate: &WebhookCertificate,
        drain: Duration,
        log: &Path,
    ) -> Result<Self, Failed> {
        let [chain, key] =
            [&certificate.chain, &certificate.key].map(|file| file.display().to_string());
        let options = [
            "--manifests",
            WORLD,
            "--tls-cert",
            &chain,
            "--tls-key",
            &key,
        ];
        Self::start_with(address, &options, drain, log)
    }

    /// Starts the program that Cargo has built, and waits until it listens.
    pub(crate) fn start_with(
        address: SocketAddrV4,
        options: &[&str],
        drain: Duration,
        log: &Path,
    ) -> Result<Self, Failed> {
        let guard = Command::new("sh")
            .args(["-c", GUARD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_l7guard"))
            .arg("serve")
            .args(options)
            .args(["--listen", &address.to_string()])
            .args(["--operations-listen", "127.0.0.1:0"])
            .args(["--drain", &drain.as_secs().to_string()])
            .env("RUST_LOG", "info")
            .current_dir(root())
            .process_group(i32::try_from(guard.id())?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut serve = Self {
            child,
            guard,
            stdout: BufReader::new(stdout),
            operations: None,
            log: log.to_owned(),
        };
        let mut lines = String::new();
        for _ in 0..2 {
            serve.stdout.read_line(&mut lines)?;
        }
        let after = lines.split("http://").nth(1);
        serve.operations = after.and_then(|rest| rest.split('/').next()?.parse().ok());
        if lines.starts_with("l7guard serves https://") {
            return Ok(serve);
        }
        Err(format!("l7guard does not serve: {lines}{}", serve.log()?).into())
    }

    /// What `/readyz` says.
    pub(crate) fn readiness(&self) -> Result<String, Failed> {
        self.get("/readyz")
    }

    /// The answer of the operations port, with its head.
    pub(crate) fn get(&self, path: &str) -> Result<String, Failed> {
        let mut stream = TcpStream::connect(self.operations.ok_or("no operations port")?)?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Sends SIGTERM, as kubelet does.
    pub(crate) fn terminate(&self) -> Result<(), Failed> {
        signal(&self.child, "TERM")
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> Result<ExitStatus, Failed> {
        until("l7guard ends", || Ok(self.child.try_wait()?))
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        for process in [&mut self.child, &mut self.guard] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
