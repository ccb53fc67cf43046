//! Starting a control plane and waiting until it is ready.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::components::{self, ApiServer};
use crate::kubectl::Kubectl;
use crate::process::{Component, Group};
use crate::users::Users;
use crate::{Binaries, ControlPlane, Error, Options, audit};

/// A port that was free may be taken when its component binds it; the whole is then started anew.
const ATTEMPTS: usize = 3;

/// Between two questions whether the API server is ready: each is a process of its own, on cores that it needs.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// The ports of 127.0.0.1 that the components listen on.
pub(crate) struct Ports {
    api_server: u16,
    etcd_clients: u16,
    etcd_peers: u16,
}

impl ControlPlane {
    /// Starts etcd, kube-apiserver and, where wanted, kube-controller-manager on free ports of 127.0.0.1, and returns
    /// when the API server is ready and the namespace `default` is there (with kube-controller-manager: that
    /// namespace's service account too).
    ///
    /// # Errors
    ///
    /// [`Error::ComponentEnded`] and [`Error::NotReady`] quote the end of that component's log and name the folder in
    /// which all logs are kept; [`Error::Io`] and [`Error::Certificate`] come before anything is started.
    pub fn start(binaries: &Binaries, options: &Options) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            let mut plane = Self::prepare(binaries)?;
            match plane.start_components(binaries, options) {
                Ok(()) => return Ok(plane),
                Err(error) if attempt < ATTEMPTS && port_was_taken(&error) => attempt += 1,
                Err(error) => {
                    plane.logs.disable_cleanup(true);
                    return Err(error);
                }
            }
        }
    }

    /// Everything but the components themselves.
    fn prepare(binaries: &Binaries) -> Result<Self, Error> {
        let state = temporary_folder("control-plane-")?;
        let logs = temporary_folder("control-plane-logs-")?;
        let ports = Ports::free()?;
        let certificates = Certificates::write_into(state.path())?;
        let api_server = format!("https://127.0.0.1:{}", ports.api_server);
        let users = Users::write_into(state.path(), &api_server, &certificates.authority)?;
        Ok(Self {
            components: Vec::new(),
            group: Group::new(&[state.path(), logs.path()])?,
            kubectl: Kubectl {
                program: binaries.kubectl.clone(),
                kubeconfig: users.administrator.clone(),
                cache: state.path().join("kubectl-cache"),
            },
            users,
            certificates,
            ports,
            state,
            logs,
            logs_are_wanted: false,
        })
    }

    fn start_components(&mut self, binaries: &Binaries, options: &Options) -> Result<(), Error> {
        self.start_etcd(binaries, options)?;
        self.start_api_server(binaries, options)?;
        self.wait_for(&["get", "--raw", "/readyz"], options)?;
        // The API server makes it by itself, but not always before it calls itself ready.
        self.wait_for(&["get", "namespace", "default"], options)?;
        if options.controller_manager {
            self.start_controller_manager(binaries)?;
            self.wait_for(
                &["get", "serviceaccount", "default", "--namespace", "default"],
                options,
            )?;
        }
        Ok(())
    }

    fn start_etcd(&mut self, binaries: &Binaries, options: &Options) -> Result<(), Error> {
        let command = components::etcd(
            &binaries.etcd,
            &self.state.path().join("etcd"),
            options.durable,
            (self.ports.etcd_clients, self.ports.etcd_peers),
        );
        let etcd = self.group.start("etcd", command, self.logs.path())?;
        self.components.push(etcd);
        Ok(())
    }

    fn start_api_server(&mut self, binaries: &Binaries, options: &Options) -> Result<(), Error> {
        let policy = self.state.path().join("audit-policy.json");
        fs::write(&policy, audit::POLICY)
            .map_err(Error::io(format!("write {}", policy.display())))?;
        let log = self.audit_log();
        let command = ApiServer {
            port: self.ports.api_server,
            etcd_port: self.ports.etcd_clients,
            certificates: &self.certificates,
            users: &self.users,
            audit: options
                .audit_log
                .then_some((policy.as_path(), log.as_path())),
            more_arguments: &options.api_server_arguments,
        }
        .command(&binaries.kube_apiserver);
        let api_server = self
            .group
            .start("kube-apiserver", command, self.logs.path())?;
        self.components.push(api_server);
        Ok(())
    }

    fn start_controller_manager(&mut self, binaries: &Binaries) -> Result<(), Error> {
        let command = components::kube_controller_manager(
            &binaries.kube_controller_manager,
            &self.users.administrator,
            &self.certificates,
        );
        let manager = self
            .group
            .start("kube-controller-manager", command, self.logs.path())?;
        self.components.push(manager);
        Ok(())
    }

    /// Waits until this `kubectl` succeeds, which the component that was started last makes possible.
    fn wait_for(&mut self, arguments: &[&str], options: &Options) -> Result<(), Error> {
        // An API server that is not ready may also not answer.
        let arguments = [&["--request-timeout", "5s"], arguments].concat();
        let began = Instant::now();
        loop {
            for component in &mut self.components {
                if let Some(status) = component.ended()? {
                    return Err(ended(component, status, &self.logs));
                }
            }
            let outcome = self.kubectl.run(&arguments)?;
            if outcome.status.success() {
                return Ok(());
            }
            if began.elapsed() >= options.ready_within {
                return Err(self.not_ready(options.ready_within, &outcome.stderr));
            }
            thread::sleep(ASK_EVERY);
        }
    }

    fn not_ready(&self, within: Duration, last_answer: &str) -> Error {
        let newest = self.components.last();
        Error::NotReady {
            component: newest.map_or("nothing", |component| component.name),
            within,
            last_answer: last_answer.trim_end().to_owned(),
            log_end: newest.map(Component::log_end).unwrap_or_default(),
            logs: self.logs.path().to_path_buf(),
        }
    }
}

impl Ports {
    /// Ports that nobody listens on now, drawn together so that they differ.
    fn free() -> Result<Self, Error> {
        let draw = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let ports = || {
            let (one, two, three) = (draw()?, draw()?, draw()?);
            Ok(Self {
                api_server: one.local_addr()?.port(),
                etcd_clients: two.local_addr()?.port(),
                etcd_peers: three.local_addr()?.port(),
            })
        };
        ports().map_err(Error::io("find free ports"))
    }
}

fn temporary_folder(prefix: &str) -> Result<TempDir, Error> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir()
        .map_err(Error::io("create a temporary folder"))
}

fn ended(component: &Component, status: ExitStatus, logs: &TempDir) -> Error {
    Error::ComponentEnded {
        component: component.name,
        status,
        log_end: component.log_end(),
        logs: logs.path().to_path_buf(),
    }
}

fn port_was_taken(error: &Error) -> bool {
    matches!(error, Error::ComponentEnded { log_end, .. } if log_end.contains("address already in use"))
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
