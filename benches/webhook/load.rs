//! Load: so many connections, each of which sends a review as soon as the one before is answered.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use l7guard::webhook::VALIDATE_PATH;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// What makes the load.
pub(crate) enum Generator {
    /// The client of this program.
    Own,
    /// `oha`, a load tool (<https://crates.io/crates/oha>).
    Oha(PathBuf),
}

/// Where a server is, and how it is known.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) address: SocketAddr,
    /// The name in its certificate.
    pub(crate) name: &'a str,
    /// The certificate of the authority to trust, PEM.
    pub(crate) authority: &'a str,
}

/// Whom to ask what, and how.
pub(crate) struct Load<'a> {
    pub(crate) server: Target<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) reviews: f64,
    pub(crate) elapsed: Duration,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
}

impl Generator {
    /// `oha` where the machine has it, unless it is not wanted.
    pub(crate) fn choose(oha: Option<&Path>, is_unwanted: bool) -> Self {
        let program = oha.unwrap_or(Path::new("oha"));
        let version = Command::new(program).arg("--version").output();
        let is_there = version.is_ok_and(|output| output.status.success());
        assert!(
            is_there || oha.is_none(),
            "{} cannot be run",
            program.display()
        );
        if is_there && !is_unwanted {
            Self::Oha(program.to_owned())
        } else {
            Self::Own
        }
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Own => "the benchmark's own closed-loop client".to_owned(),
            Self::Oha(program) => {
                let version = Command::new(program)
                    .arg("--version")
                    .output()
                    .unwrap()
                    .stdout;
                String::from_utf8_lossy(&version).trim().to_owned()
            }
        }
    }

    /// Makes the load. Panics when an answer is not HTTP 200.
    pub(crate) fn run(&self, load: &Load<'_>) -> Outcome {
        match self {
            Self::Own => tokio::runtime::Runtime::new().unwrap().block_on(own(load)),
            Self::Oha(program) => oha(program, load),
        }
    }
}

/// The answer to one review.
pub(crate) fn ask(server: Target<'_>, body: &[u8]) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = connect(server).await;
        serde_json::from_slice(&send(&mut connection, Bytes::copy_from_slice(body)).await).unwrap()
    })
}

async fn own(load: &Load<'_>) -> Outcome {
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        connections.push(connect(load.server).await);
    }
    let body = Bytes::copy_from_slice(load.body);
    let (began, duration) = (Instant::now(), load.duration);
    let mut senders = JoinSet::new();
    for mut connection in connections {
        let body = body.clone();
        senders.spawn(async move {
            let mut took = Vec::new();
            while began.elapsed() < duration {
                let sent = Instant::now();
                send(&mut connection, body.clone()).await;
                took.push(sent.elapsed());
            }
            took
        });
    }
    let mut took = senders.join_all().await.concat();
    let elapsed = began.elapsed();
    took.sort_unstable();
    let at = |hundredths: usize| took[(took.len() - 1) * hundredths / 100].as_secs_f64() * 1000.0;
    Outcome {
        reviews: f64::from(u32::try_from(took.len()).unwrap()),
        elapsed,
        p50: at(50),
        p99: at(99),
    }
}

async fn connect(server: Target<'_>) -> SendRequest<Full<Bytes>> {
    l7guard::pki::crypto::install();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(server.authority.as_bytes()).unwrap())
        .unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from(server.name.to_owned()).unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn send(connection: &mut SendRequest<Full<Bytes>>, body: Bytes) -> Bytes {
    let request = Request::post(format!("{VALIDATE_PATH}?timeout=10s"))
        .header("host", "l7guard.l7guard.svc")
        .header("accept", "application/json, */*")
        .header("accept-encoding", "gzip")
        .header("content-type", "application/json")
        .header("user-agent", "kube-apiserver-admission");
    connection.ready().await.unwrap();
    let response = connection
        .send_request(request.body(Full::new(body)).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.unwrap().to_bytes()
}

fn oha(program: &Path, load: &Load<'_>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("review.json");
    std::fs::write(&body, load.body).unwrap();
    let output = Command::new(program)
        .args([
            "--no-tui",
            "--output-format",
            "json",
            "--insecure",
            "--http-version",
            "1.1",
            "--method",
            "POST",
        ])
        .args([
            "-H",
            "content-type: application/json",
            "--disable-compression",
        ])
        .args([
            "-z",
            &format!("{}ms", load.duration.as_millis()),
            "-c",
            &load.connections.to_string(),
            "-D",
        ])
        .arg(&body)
        .arg(format!(
            "https://{}{VALIDATE_PATH}?timeout=10s",
            load.server.address
        ))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let statuses = report["statusCodeDistribution"].as_object().unwrap();
    assert!(
        statuses.len() == 1 && statuses.contains_key("200"),
        "{statuses:?}"
    );
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap();
    Outcome {
        reviews: statuses["200"].as_f64().unwrap(),
        elapsed: Duration::from_secs_f64(number("/summary/total")),
        p50: number("/latencyPercentiles/p50") * 1000.0,
        p99: number("/latencyPercentiles/p99") * 1000.0,
    }
}
