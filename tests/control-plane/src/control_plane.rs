//! One running control plane: what a test asks of it, and its end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::kubectl::{Kubectl, Outcome};
use crate::process::{Component, Group, POLL};
use crate::start::Ports;
use crate::users::Users;
use crate::{Error, audit};

/// How long an audit event may take to be in the log after the request that it tells of was answered.
const AUDITED_WITHIN: Duration = Duration::from_secs(10);

/// What a control plane is to have.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether kube-controller-manager runs: needed for Deployments that make Pods, for namespaces that go away when
    /// deleted, and for service accounts that come with a namespace. Default: no.
    pub controller_manager: bool,
    /// Whether the API server writes an audit log, at level `Metadata`. Default: yes.
    pub audit_log: bool,
    /// Whether etcd waits for the disk before it answers a write, as in production. Default: no. Nothing here outlives the
    /// processes, and the disk is most of the time that a write takes; what measures writes says yes.
    pub durable: bool,
    /// More arguments for kube-apiserver. They come last, and the last value of a flag holds.
    pub api_server_arguments: Vec<String>,
    /// How long each component may take until it is ready. Default: two minutes, for busy machines.
    pub ready_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            controller_manager: false,
            audit_log: true,
            durable: false,
            api_server_arguments: Vec::new(),
            ready_within: Duration::from_mins(2),
        }
    }
}

/// A running control plane. Dropping it stops every process and removes every file; when the process that owns it is
/// killed, or keeps it in a `static` (which is never dropped), that happens within seconds of its end. The logs stay
/// when the thread that drops it panics, and after [`keep_logs`](Self::keep_logs).
pub struct ControlPlane {
    /// In the order of starting.
    pub(crate) components: Vec<Component>,
    // The fields below are dropped in this order, after the components have been stopped.
    pub(crate) group: Group,
    pub(crate) kubectl: Kubectl,
    pub(crate) users: Users,
    pub(crate) certificates: Certificates,
    pub(crate) ports: Ports,
    pub(crate) state: TempDir,
    pub(crate) logs: TempDir,
    pub(crate) logs_are_wanted: bool,
}

impl ControlPlane {
    /// The administrator's kubeconfig (group `system:masters`).
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.users.administrator
    }

    /// The kubeconfig of an ordinary user, `developer` in the group `developers`, who may do nothing until a role is
    /// bound.
    #[must_use]
    pub fn developer_kubeconfig(&self) -> &Path {
        &self.users.developer
    }

    /// The process of kube-apiserver, to measure what it uses; 0 if there is none.
    #[must_use]
    pub fn api_server_id(&self) -> u32 {
        let mut components = self.components.iter();
        let api_server = components.find(|component| component.name == "kube-apiserver");
        api_server.map_or(0, Component::id)
    }

    /// A `kubectl` as administrator that can still be changed: `.env("KUBECONFIG", …)` makes it another user's.
    #[must_use]
    pub fn kubectl(&self, arguments: &[&str]) -> Command {
        self.kubectl.command(arguments)
    }

    /// Runs `kubectl` as administrator and waits for its end.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be run. A `kubectl` that fails is no error here.
    pub fn run_kubectl(&self, arguments: &[&str]) -> Result<Outcome, Error> {
        self.kubectl.run(arguments)
    }

    /// `kubectl apply` of `manifests` (YAML or JSON, any number of documents) as administrator.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be run. A denial is no error here: it is in the outcome.
    pub fn apply(&self, manifests: &str) -> Result<Outcome, Error> {
        self.kubectl
            .run_with_input(&["apply", "--filename", "-"], manifests)
    }

    /// Runs `kubectl` as administrator with `input` as its standard input.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be run. A `kubectl` that fails is no error here.
    pub fn run_kubectl_with(&self, arguments: &[&str], input: &str) -> Result<Outcome, Error> {
        self.kubectl.run_with_input(arguments, input)
    }

    /// The object or list that `kubectl get` with these arguments answers, such as `["ingress", "web", "--namespace", "shop"]`.
    ///
    /// # Errors
    ///
    /// [`Error::Kubectl`] when there is no such object or kind.
    pub fn get_json(&self, arguments: &[&str]) -> Result<Value, Error> {
        let arguments = [&["get", "--output", "json"], arguments].concat();
        self.kubectl.run(&arguments)?.json(&arguments)
    }

    /// The audit events so far, oldest first. A webhook's audit annotations are in `annotations`, as `<webhook's name>/<key>`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when there is no log, because [`Options::audit_log`] is off.
    pub fn audit_events(&self) -> Result<Vec<Value>, Error> {
        audit::events(&self.audit_log())
    }

    /// The first audit event that is `wanted`. Waits for it: an answer may arrive before its event is in the log.
    ///
    /// # Errors
    ///
    /// [`Error::NoAuditEvent`] after ten seconds; [`Error::Io`] as [`audit_events`](Self::audit_events).
    pub fn audit_event_where(&self, wanted: impl Fn(&Value) -> bool) -> Result<Value, Error> {
        let began = Instant::now();
        loop {
            let events = self.audit_events()?;
            let seen = events.len();
            if let Some(event) = events.into_iter().find(&wanted) {
                return Ok(event);
            }
            if began.elapsed() >= AUDITED_WITHIN {
                return Err(Error::NoAuditEvent {
                    within: AUDITED_WITHIN,
                    seen,
                });
            }
            thread::sleep(POLL);
        }
    }

    /// Keeps the components' logs and the audit log, in the folder that is returned. Dropping the control plane says
    /// where they are, on standard error.
    pub fn keep_logs(&mut self) -> &Path {
        self.logs_are_wanted = true;
        self.logs.path()
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.logs.path().join("audit.log")
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // Last started, first stopped: none of them gets to miss another.
        while self.components.pop().is_some() {}
        if self.logs_are_wanted || thread::panicking() {
            self.logs.disable_cleanup(true);
            let logs = self.logs.path().display();
            let _ = writeln!(io::stderr(), "control plane: its logs are kept in {logs}");
        }
    }
}

#[cfg(test)]
#[path = "control_plane_tests.rs"]
mod tests;
