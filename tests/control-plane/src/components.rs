//! The command lines of the control plane's components.

use std::path::Path;
use std::process::Command;

use crate::certificates::Certificates;
use crate::users::Users;

/// The addresses of Services. They lie in the loopback network, so that a webhook in the test's own process can listen
/// on one, and the API server never dials beyond this machine.
pub(crate) const SERVICE_ADDRESSES: &str = "127.64.0.0/16";

pub(crate) fn etcd(
    program: &Path,
    data: &Path,
    durable: bool,
    (client_port, peer_port): (u16, u16),
) -> Command {
    let clients = format!("http://127.0.0.1:{client_port}");
    let peers = format!("http://127.0.0.1:{peer_port}");
    let mut command = Command::new(program);
    command
        .args(["--name", "test", "--data-dir"])
        .arg(data)
        .args(["--listen-client-urls", &clients])
        .args(["--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers])
        .args(["--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("test={peers}")]);
    if !durable {
        command.arg("--unsafe-no-fsync");
    }
    command
}

/// What a kube-apiserver has to know of its control plane.
pub(crate) struct ApiServer<'a> {
    pub(crate) port: u16,
    pub(crate) etcd_port: u16,
    pub(crate) certificates: &'a Certificates,
    pub(crate) users: &'a Users,
    /// The audit policy's file and the log's.
    pub(crate) audit: Option<(&'a Path, &'a Path)>,
    /// Come last: a flag given twice holds its last value.
    pub(crate) more_arguments: &'a [String],
}

impl ApiServer<'_> {
    pub(crate) fn command(&self, program: &Path) -> Command {
        let port = self.port;
        let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
        let certificates = self.certificates;
        let mut command = Command::new(program);
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.etcd_port
            ))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!("--secure-port={port}"))
            .arg(file("tls-cert-file", &certificates.server_certificate))
            .arg(file("tls-private-key-file", &certificates.server_key))
            .arg(file("client-ca-file", &certificates.authority))
            .arg(format!("--service-account-issuer=https://127.0.0.1:{port}"))
            .arg(file(
                "service-account-key-file",
                &certificates.service_account_public_key,
            ))
            .arg(file(
                "service-account-signing-key-file",
                &certificates.service_account_key,
            ))
            .arg(format!("--service-cluster-ip-range={SERVICE_ADDRESSES}"))
            .arg(file("token-auth-file", &self.users.tokens))
            .arg("--authorization-mode=RBAC")
            // It refuses Pods whose ServiceAccount kube-controller-manager, which may not run, has not made.
            .arg("--disable-admission-plugins=ServiceAccount")
            .arg("--endpoint-reconciler-type=none")
            .arg("--profiling=false");
        if let Some((policy, log)) = self.audit {
            command.args([
                file("audit-policy-file", policy),
                file("audit-log-path", log),
            ]);
        }
        command.args(self.more_arguments);
        command
    }
}

pub(crate) fn kube_controller_manager(
    program: &Path,
    kubeconfig: &Path,
    certificates: &Certificates,
) -> Command {
    let mut command = Command::new(program);
    command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg("--service-account-private-key-file")
        .arg(&certificates.service_account_key)
        .arg("--root-ca-file")
        .arg(&certificates.authority)
        .args([
            "--use-service-account-credentials=true",
            "--leader-elect=false",
        ])
        // Port 0: nothing listens, so there is no port to collide with.
        .arg("--secure-port=0");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etcd_waits_for_the_disk_only_where_that_is_measured() {
        let waits = |durable| {
            let command = etcd(Path::new("etcd"), Path::new("data"), durable, (1, 2));
            command.get_args().all(|one| one != "--unsafe-no-fsync")
        };
        assert!(waits(true));
        assert!(!waits(false));
    }
}
