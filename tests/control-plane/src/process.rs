//! Processes that end with their owner, however the owner ends.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// How long a process may take to end after SIGTERM before it gets SIGKILL.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks at something that is waited for.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// How many lines of a log an error quotes.
const QUOTED_LINES: usize = 20;

/// What the guard does. Its standard input is a pipe that only the owner holds, so `read` returns when the owner is
/// gone, even by SIGKILL. Signals go to the guard's own process group (`kill 0`), of which it is the leader: no number
/// is remembered that could belong to another process by then.
const GUARD: &str =
    "read -r _; trap '' TERM; kill -TERM 0; sleep 2; rm -rf -- \"$@\"; kill -KILL 0";

/// A process group whose members and folders do not outlive this process.
pub(crate) struct Group {
    guard: Child,
}

impl Group {
    /// A group without members. `folders` are removed if this process ends without dropping the group.
    pub(crate) fn new(folders: &[&Path]) -> Result<Self, Error> {
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .args(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::io("start `sh`"))?;
        Ok(Self { guard })
    }

    /// Starts `command` as a member, with an empty environment and everything that it prints in `logs`.
    pub(crate) fn start(
        &self,
        name: &'static str,
        mut command: Command,
        logs: &Path,
    ) -> Result<Component, Error> {
        let log = logs.join(format!("{name}.log"));
        let attempt = format!("start {name}");
        let output = File::create(&log).map_err(Error::io(&attempt))?;
        let errors = output.try_clone().map_err(Error::io(&attempt))?;
        let leader = i32::try_from(self.guard.id()).map_err(|problem| Error::Unexpected {
            what: "the guard's process id".to_owned(),
            problem: problem.to_string(),
        })?;
        let child = command
            // etcd takes every flag from the environment too, and a proxy there would get the calls to webhooks.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(leader)
            .spawn()
            .map_err(Error::io(&attempt))?;
        Ok(Component { name, child, log })
    }
}

impl Drop for Group {
    /// The members have been stopped by their own `drop`; nothing is left for the guard to do.
    fn drop(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

/// A running process of the control plane, stopped and reaped when dropped.
pub(crate) struct Component {
    pub(crate) name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Component {
    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child
            .try_wait()
            .map_err(Error::io(format!("wait for {}", self.name)))
    }

    /// The last lines that the process has printed.
    pub(crate) fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
    }

    /// Asks the process to end, makes it end when it has not done so `within` that time, and reaps it.
    fn stop(&mut self, within: Duration) {
        if !self.ends_within(Duration::ZERO) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            if !self.ends_within(within) {
                let _ = self.child.kill();
            }
        }
        let _ = self.child.wait();
    }

    fn ends_within(&mut self, within: Duration) -> bool {
        let began = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if began.elapsed() < within => thread::sleep(POLL),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.stop(STOPS_WITHIN);
    }
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
