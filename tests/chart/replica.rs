//! l7guard as the installed chart's Deployment describes it: a process with the same arguments, environment and rights.
//!
//! No kubelet runs here. So what a kubelet does is done by hand: mounted files come from the objects, ports are those of the
//! Service (which is what the API server dials), and the token is the service account's.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use control_plane::{WebhookCertificate, signal};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE};
use crate::render::RELEASE;
use control_plane::until;

/// What the guard does. Its standard input is a pipe that only this process holds, so `read` returns when this process is
/// gone, even by SIGKILL. Then it kills its own process group.
const GUARD: &str = "read -r _; kill -KILL 0";

/// The process. It is killed when dropped.
pub(crate) struct Replica {
    child: Child,
    guard: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens for the API server, and for probes and metrics, as it says.
    addresses: Option<[SocketAddrV4; 2]>,
    configuration: PathBuf,
    log: PathBuf,
}

impl Replica {
    /// Starts one of the installed chart, and returns when the API server asks it.
    pub(crate) fn start(cluster: &Cluster, name: &str) -> Result<Self, Failed> {
        let replica = Self::start_alone(cluster, name)?;
        replica.wait_until_asked(cluster)?;
        Ok(replica)
    }

    /// The same, and returns when it is ready.
    pub(crate) fn start_alone(cluster: &Cluster, name: &str) -> Result<Self, Failed> {
        let mut replica = Self::start_at(cluster, name, RELEASE, None)?;
        replica.wait_until_ready()?;
        Ok(replica)
    }

    /// The same, and waits for nothing.
    pub(crate) fn start_unready(cluster: &Cluster, name: &str) -> Result<Self, Failed> {
        Self::start_at(cluster, name, RELEASE, None)
    }

    /// The same on a port of its own, beside one that has the Service's.
    pub(crate) fn start_beside(cluster: &Cluster, name: &str) -> Result<Self, Failed> {
        Self::start_beside_as(cluster, name, RELEASE)
    }

    /// The same with the rights of another service account.
    pub(crate) fn start_beside_as(
        cluster: &Cluster,
        name: &str,
        account: &str,
    ) -> Result<Self, Failed> {
        let mut replica = Self::start_at(cluster, name, account, Some("127.0.0.1:0"))?;
        replica.wait_until_ready()?;
        Ok(replica)
    }

    fn start_at(
        cluster: &Cluster,
        name: &str,
        account: &str,
        address: Option<&str>,
    ) -> Result<Self, Failed> {
        let folder = cluster.file(name);
        fs::create_dir_all(&folder)?;
        let deployment = cluster.get("deployment", RELEASE)?;
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let configuration = folder.join("l7guard.yaml");
        let log = folder.join("log");
        let mut arguments = arguments(cluster, container, &folder, address)?;
        let kubeconfig = kubeconfig_of(cluster, account, &folder)?;
        arguments.push(format!("--kubeconfig={}", kubeconfig.display()));
        let mut guard = guard()?;
        let child = Command::new(env!("CARGO_BIN_EXE_l7guard"))
            .args(arguments)
            .envs(environment(container, name))
            .process_group(i32::try_from(guard.id())?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                let _ = guard.kill();
                return Err(error.into());
            }
        };
        let stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let replica = Self {
            child,
            guard,
            stdout,
            addresses: None,
            configuration,
            log,
        };
        replica.copy_configuration(cluster)?;
        Ok(replica)
    }

    /// Brings the mounted configuration up to date, as kubelet does within a minute or two, and waits until it is in force.
    pub(crate) fn take_configuration(&self, cluster: &Cluster) -> Result<(), Failed> {
        let before = fs::read_to_string(&self.configuration)?;
        let in_force =
            || Ok::<_, Failed>(self.log()?.matches("changed files are in force").count());
        let count = in_force()?;
        self.copy_configuration(cluster)?;
        if fs::read_to_string(&self.configuration)? == before {
            return Ok(());
        }
        until("the new configuration is in force", || {
            Ok((in_force()? > count).then_some(()))
        })
    }

    fn copy_configuration(&self, cluster: &Cluster) -> Result<(), Failed> {
        copy_configuration(cluster, &self.configuration)
    }

    fn wait_until_ready(&mut self) -> Result<(), Failed> {
        until("l7guard is ready", || {
            let log = fs::read_to_string(&self.log)?;
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("l7guard ended with {status}: {log}").into());
            }
            Ok(log.contains("\"ready\"").then_some(()))
        })
    }

    /// Dry runs are always asked about, and what was asked of l7guard has the audit annotations of its answer.
    pub(crate) fn wait_until_asked(&self, cluster: &Cluster) -> Result<(), Failed> {
        let probe = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"namespace": NAMESPACE, "name": "probe-asks"},
            "spec": {
                "ingressClassName": "alb",
                "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
            },
        });
        until("the API server asks l7guard", || {
            let create = ["create", "--dry-run=server", "--filename", "-"];
            let outcome = cluster
                .plane
                .run_kubectl_with(&create, &probe.to_string())?;
            let is_asked = outcome.stderr.contains("L7G001") || self.log()?.contains("probe-asks");
            Ok(is_asked.then_some(()))
        })
    }

    /// Its addresses: it says them in its first two lines.
    fn addresses(&mut self) -> Result<[SocketAddrV4; 2], Failed> {
        if let Some(addresses) = self.addresses {
            return Ok(addresses);
        }
        let mut read = |scheme: &str| -> Result<SocketAddrV4, Failed> {
            let mut line = String::new();
            self.stdout.read_line(&mut line)?;
            let after = line.split(scheme).nth(1);
            let address = after.and_then(|rest| rest.split('/').next()?.parse().ok());
            address.ok_or_else(|| format!("no address: {line}").into())
        };
        let addresses = [read("https://")?, read("http://")?];
        self.addresses = Some(addresses);
        Ok(addresses)
    }

    /// Where it listens for the API server.
    pub(crate) fn listens_at(&mut self) -> Result<SocketAddrV4, Failed> {
        Ok(self.addresses()?[0])
    }

    /// What `/readyz` says, with its head.
    pub(crate) fn readiness(&mut self) -> Result<String, Failed> {
        self.operations("/readyz")
    }

    /// How many reviews it has answered.
    pub(crate) fn reviews(&mut self) -> Result<u64, Failed> {
        let metrics = self.operations("/metrics")?;
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with("l7guard_admission_requests_total{"))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        Ok(counts.sum())
    }

    fn operations(&mut self, path: &str) -> Result<String, Failed> {
        let mut stream = TcpStream::connect(self.addresses()?[1])?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Sends SIGTERM, as kubelet does.
    pub(crate) fn terminate(&self) -> Result<(), Failed> {
        signal(&self.child, "TERM")
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> Result<ExitStatus, Failed> {
        until("l7guard ends", || Ok(self.child.try_wait()?))
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(&self.log)?)
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

fn guard() -> Result<Child, Failed> {
    let mut command = Command::new("sh");
    command.args(["-c", GUARD]).process_group(0);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command.spawn()?)
}

/// The container's arguments, with the mounted files and ports as they are here.
fn arguments(
    cluster: &Cluster,
    container: &Value,
    folder: &Path,
    own: Option<&str>,
) -> Result<Vec<String>, Failed> {
    let service = cluster.get("service", RELEASE)?;
    let address = service["spec"]["clusterIP"].as_str().ok_or("no address")?;
    let port = &service["spec"]["ports"][0]["port"];
    let address = own.map_or_else(|| format!("{address}:{port}"), str::to_owned);
    let mut arguments = mounted(cluster, container, folder)?;
    for argument in &mut arguments {
        match argument.split_once('=') {
            Some(("--listen", _)) => *argument = format!("--listen={address}"),
            Some(("--operations-listen", _)) => {
                "--operations-listen=127.0.0.1:0".clone_into(argument);
            }
            _ => {}
        }
    }
    if arguments
        .iter()
        .any(|argument| argument.starts_with("--tls-cert="))
    {
        let certificate =
            WebhookCertificate::write_into(folder, &format!("{RELEASE}.{RELEASE}.svc"))?;
        cluster.write_ca_bundle(&certificate.authority)?;
    }
    Ok(arguments)
}

/// A container's arguments, with what is mounted from the ConfigMap in this folder.
pub(crate) fn mounted(
    cluster: &Cluster,
    container: &Value,
    folder: &Path,
) -> Result<Vec<String>, Failed> {
    copy_configuration(cluster, &folder.join("l7guard.yaml"))?;
    let given = container["args"].as_array().ok_or("no arguments")?;
    let given = given.iter().filter_map(Value::as_str);
    let here = |argument: &str| match argument.split_once('=') {
        Some((flag, path)) if path.starts_with("/etc/") => {
            let file = Path::new(path).file_name().map(|file| folder.join(file));
            format!("{flag}={}", file.unwrap_or_default().display())
        }
        _ => argument.to_owned(),
    };
    Ok(given.map(here).collect())
}

fn copy_configuration(cluster: &Cluster, file: &Path) -> Result<(), Failed> {
    let map = cluster.get("configmap", RELEASE)?;
    Ok(fs::write(
        file,
        map["data"]["l7guard.yaml"]
            .as_str()
            .ok_or("no configuration")?,
    )?)
}

fn environment(container: &Value, pod: &str) -> Vec<(String, String)> {
    let variables = container["env"].as_array().into_iter().flatten();
    variables
        .map(|variable| {
            let name = variable["name"].as_str().unwrap_or_default().to_owned();
            let value = variable["value"].as_str().unwrap_or(pod).to_owned();
            (name, value)
        })
        .collect()
}

/// A kubeconfig with a token of a service account of the release's namespace.
pub(crate) fn kubeconfig_of(
    cluster: &Cluster,
    account: &str,
    folder: &Path,
) -> Result<PathBuf, Failed> {
    let token = cluster.kubectl(&["create", "token", account, "--namespace", RELEASE])?;
    let text = fs::read_to_string(cluster.plane.kubeconfig())?;
    let mut kubeconfig: Value = serde_json::from_str(&text)?;
    kubeconfig["users"][0]["user"] = json!({"token": token.trim()});
    let file = folder.join("kubeconfig");
    fs::write(&file, kubeconfig.to_string())?;
    Ok(file)
}
