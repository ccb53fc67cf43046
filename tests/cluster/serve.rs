//! A running `l7guard serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddrV4;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use control_plane::WebhookCertificate;
use libtest_mimic::Failed;

use crate::scene::{WORLD, root};
use crate::waiting::until;

/// What the guard does. Its standard input is a pipe that only this process holds, so `read` returns when this process is
/// gone, even by SIGKILL. Then it kills its own process group.
const GUARD: &str = "read -r _; kill -KILL 0";

/// The process. It is killed when dropped.
pub(crate) struct Serve {
    child: Child,
    guard: Child,
    /// Kept open: the process may write to it at any time.
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Serve {
    /// Starts the program that Cargo has built, with the example world, and waits until it listens.
    pub(crate) fn start(
        address: SocketAddrV4,
        certificate: &WebhookCertificate,
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
            .args(["serve", "--manifests", WORLD])
            .args(["--listen", &address.to_string()])
            .args(["--operations-listen", "127.0.0.1:0"])
            .arg("--tls-cert")
            .arg(&certificate.chain)
            .arg("--tls-key")
            .arg(&certificate.key)
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
            log: log.to_owned(),
        };
        let mut line = String::new();
        serve.stdout.read_line(&mut line)?;
        if line.starts_with("l7guard serves https://") {
            return Ok(serve);
        }
        Err(format!("l7guard does not serve: {line}{}", serve.log()?).into())
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Sends SIGTERM, as kubelet does.
    pub(crate) fn terminate(&self) -> Result<(), Failed> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status()?;
        if sent.success() {
            return Ok(());
        }
        Err(format!("`kill` ended with {sent}").into())
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
