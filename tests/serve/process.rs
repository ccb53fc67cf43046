//! A running `l7guard serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::client::Client;
use crate::until;

/// The world that is served: an Istio gateway, and a class of the AWS Load Balancer Controller.
pub(crate) const WORLD: &str = "examples/quickstart/world";

/// The process, and a folder of its own. It is killed when dropped.
pub(crate) struct Serve {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) operations: SocketAddr,
    pub(crate) folder: TempDir,
    log: PathBuf,
}

impl Serve {
    /// Starts it with the example world.
    pub(crate) fn start(folder: TempDir, options: &[&str]) -> Self {
        Self::with_world(folder, WORLD, options)
    }

    pub(crate) fn with_world(folder: TempDir, world: &str, options: &[&str]) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        Self::logging_to(log, folder, world, options)
    }

    /// Starts it with standard error led elsewhere. [`Self::log`] has nothing then.
    pub(crate) fn logging_to(
        stderr: impl Into<Stdio>,
        folder: TempDir,
        world: &str,
        options: &[&str],
    ) -> Self {
        let log = folder.path().join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_l7guard"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--operations-listen", "127.0.0.1:0", "--manifests", world])
            .args(options)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |before: &str, after: &str| {
            let line = lines.next().map(Result::unwrap).unwrap_or_default();
            let rest = line.split(before).nth(1);
            rest.and_then(|rest| rest.split(after).next()?.parse().ok())
                .unwrap_or_else(|| panic!("{line:?}\n{:?}", fs::read_to_string(&log)))
        };
        let (address, operations) = (address("https://", "/"), address("http://", "/"));
        Self {
            child,
            address,
            operations,
            folder,
            log,
        }
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Status and body of `GET path` on the operations port.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.operations).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// The value of a metric with its labels, as it is written.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics");
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// Waits until a metric has this value.
    pub(crate) fn until_metric(&self, name: &str, value: f64) {
        until(name, || (self.metric(name) == Some(value)).then_some(()));
    }

    /// Whether an Ingress of an ALB's class before the gateway is allowed.
    pub(crate) async fn allows_violator(&self, client: &Client) -> bool {
        let answer = client.review(self.address, &violator()).await.unwrap();
        answer["response"]["allowed"].as_bool().unwrap()
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        control_plane::signal(&self.child, name).unwrap();
    }

    /// How it ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        until("it ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An `AdmissionReview` of an Ingress that puts an ALB before the gateway.
pub(crate) fn violator() -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u-1",
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
            "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"},
            "operation": "CREATE",
            "namespace": "istio-system",
            "name": "edge",
            "userInfo": {"username": "alice"},
            "object": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"namespace": "istio-system", "name": "edge"},
                "spec": {
                    "ingressClassName": "public",
                    "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
                },
            },
        },
    })
}
