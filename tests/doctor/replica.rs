//! A running `l7guard serve`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use control_plane::signal;
use libtest_mimic::Failed;

/// Ends the process group when this process is gone, even by SIGKILL.
const GUARD: &str = "read -r _; kill -KILL 0";

/// The process. It is killed when dropped.
pub(crate) struct Replica {
    child: Child,
    guard: Child,
}

impl Replica {
    /// Starts it on ports 8443 and 9090 of `address`. `folder` has its certificate and its configuration, and gets its log.
    pub(crate) fn start(
        address: Ipv4Addr,
        folder: &Path,
        kubeconfig: &Path,
    ) -> Result<Self, Failed> {
        let guard = Command::new("sh")
            .args(["-c", GUARD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_l7guard"))
            .args([
                "serve",
                "--service",
                "l7guard/l7guard",
                "--drain",
                "0",
                "--listen",
                &format!("{address}:8443"),
            ])
            .args(["--operations-listen", &format!("{address}:9090")])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args([
                "--tls-cert",
                "tls.crt",
                "--tls-key",
                "tls.key",
                "--config",
                "l7guard.yaml",
            ])
            .current_dir(folder)
            .process_group(i32::try_from(guard.id())?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("log"))?)
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let replica = Self { child, guard };
        if line.starts_with("l7guard serves https://") {
            return Ok(replica);
        }
        let log = std::fs::read_to_string(folder.join("log"))?;
        Err(format!("l7guard does not serve: {line}{log}").into())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Failed> {
        signal(&self.child, name)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        for process in [&mut self.child, &mut self.guard] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
