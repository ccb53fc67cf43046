//! A running `l7guard serve --no-webhook`.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// When this process is gone, even by SIGKILL, the end of the pipe makes the guard kill its own process group.
const GUARD: &str = "read -r _; kill -KILL 0";

/// How long a dropped process has to give back the Lease, for which the next one waits.
const RELEASE: Duration = Duration::from_secs(5);

/// The process. It is ended when dropped.
pub(crate) struct Guard {
    child: Child,
    group: Child,
    _stdout: BufReader<ChildStdout>,
    operations: String,
    log: PathBuf,
}

impl Guard {
    /// Starts a replica of the installation `l7guard/l7guard` and waits until it answers.
    pub(crate) fn start(
        kubeconfig: &Path,
        configuration: &Path,
        replica: &str,
        logs: &Path,
    ) -> Result<Self, Failed> {
        let group = Command::new("sh")
            .args(["-c", GUARD])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let log = logs.join(format!("{replica}.log"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_l7guard"))
            .args(["serve", "--no-webhook", "--service", "l7guard/l7guard"])
            .args(["--operations-listen", "127.0.0.1:0"])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .arg("--config")
            .arg(configuration)
            .env("POD_NAME", replica)
            .env("RUST_LOG", "info,l7guard=debug")
            .process_group(i32::try_from(group.id())?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            stdout.read_line(line)?;
        }
        let address = lines[1].split("http://").nth(1);
        let address = address.and_then(|rest| rest.split('/').next());
        let Some(address) = address else {
            let log = fs::read_to_string(&log)?;
            return Err(format!("it does not serve: {lines:?}\n{log}").into());
        };
        Ok(Self {
            operations: address.to_owned(),
            child,
            group,
            _stdout: stdout,
            log,
        })
    }

    /// The value of a metric, its labels as they are written; 0 where it was never set.
    pub(crate) fn metric(&self, name: &str) -> Result<u64, Failed> {
        let mut stream = TcpStream::connect(&self.operations)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: l7guard\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let prefix = format!("{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
        Ok(value.map_or(Ok(0), str::parse)?)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) -> Result<(), Failed> {
        control_plane::signal(&self.child, signal)
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> Result<Option<i32>, Failed> {
        let status = until("l7guard ends", || Ok(self.child.try_wait()?))?;
        Ok(status.code())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let began = Instant::now();
        if self.signal("TERM").is_ok() {
            while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < RELEASE {
                thread::sleep(Duration::from_millis(20));
            }
        }
        for process in [&mut self.child, &mut self.group] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// As [`until`], for what is documented to take at most five seconds. A machine that has other work to do has twice that.
pub(crate) fn soon<T>(
    what: &str,
    look: impl FnMut() -> Result<Option<T>, Failed>,
) -> Result<T, Failed> {
    let began = Instant::now();
    let found = until(what, look)?;
    let took = began.elapsed();
    if took > 2 * Duration::from_secs(5) {
        return Err(format!("{what}: only after {took:?}").into());
    }
    Ok(found)
}

/// As [`control_plane::until`], with a line about how long it took.
pub(crate) fn until<T>(
    what: &str,
    look: impl FnMut() -> Result<Option<T>, Failed>,
) -> Result<T, Failed> {
    let began = Instant::now();
    let found = control_plane::until(what, look)?;
    let took = began.elapsed().as_secs_f64();
    let _ = writeln!(io::stderr(), "audit loop: {what}: after {took:.1} s");
    Ok(found)
}
