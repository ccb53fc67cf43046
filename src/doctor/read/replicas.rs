//! Looks into each replica by port-forward: the certificate that it serves, the metrics that it exposes.
//!
//! A port-forward goes through the node's kubelet, which a control plane reaches also where it may not reach Pods.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::{Api, Client};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::{api, handshake};
use crate::doctor::examined::{Examined, Replica};
use crate::doctor::exposition::Exposition;
use crate::doctor::seen::Seen;
use crate::doctor::webhook;
use crate::installation::ServiceName;

/// How many replicas are looked into.
const AT_MOST: usize = 10;

/// The port of probes and metrics, unless the Pod says otherwise.
const OPERATIONS_PORT: u16 = 9090;

/// How long one port-forward may take with all that goes through it.
const LIMIT: Duration = Duration::from_secs(10);

/// How much of an exposition is read.
const EXPOSITION_LIMIT: usize = 16 << 20;

/// The Pods behind the Service, and how many more there are.
pub(super) async fn read(
    client: &Client,
    service: &ServiceName,
    examined: &Examined,
) -> (Seen<Vec<Replica>>, usize) {
    let slices = match &examined.endpoints {
        Seen::There(slices) => slices,
        Seen::Absent => return (Seen::Absent, 0),
        Seen::Unknown(reason) => return (Seen::Unknown(reason.clone()), 0),
    };
    let names = names(slices);
    let more = names.len().saturating_sub(AT_MOST);
    let pods = Api::<Pod>::namespaced(client.clone(), &service.namespace);
    let port = webhook_port(examined, slices);
    let mut replicas = Vec::new();
    for name in names.into_iter().take(AT_MOST) {
        let what = format!("pods in namespace {}", service.namespace);
        let pod = match api::get(&pods, &name, &what).await {
            Seen::There(pod) => pod,
            // It has gone since its endpoint was read.
            Seen::Absent => continue,
            Seen::Unknown(reason) => return (Seen::Unknown(reason), more),
        };
        let forward = Forward {
            pods: &pods,
            pod: &name,
            namespace: &service.namespace,
        };
        let metrics = forward.metrics(operations_port(&pod)).await;
        let chain = match port {
            Some(port) => forward.chain(port, &service.server_name()).await,
            None => Seen::Unknown("the port that the API server calls is not known".to_owned()),
        };
        replicas.push(Replica {
            pod,
            chain,
            metrics,
        });
    }
    (Seen::There(replicas), more)
}

/// Pods that endpoints refer to.
fn names(slices: &[EndpointSlice]) -> Vec<String> {
    let endpoints = slices.iter().flat_map(|slice| &slice.endpoints);
    let targets = endpoints.filter_map(|endpoint| endpoint.target_ref.as_ref());
    let pods = targets.filter(|target| target.kind.as_deref() == Some("Pod"));
    let mut names: Vec<String> = pods.filter_map(|target| target.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// The Pods' port behind the Service's port that the API server calls: a slice names it as the Service does.
fn webhook_port(examined: &Examined, slices: &[EndpointSlice]) -> Option<u16> {
    let entries = examined.entries();
    let called = webhook::port(entries.there()?.first()?);
    let spec = examined.service.there()?.spec.as_ref()?;
    let port = spec
        .ports
        .iter()
        .flatten()
        .find(|port| port.port == called)?;
    let name = port.name.as_deref().unwrap_or_default();
    let ports = slices.iter().flat_map(|slice| slice.ports.iter().flatten());
    let mut numbers = ports
        .filter(|port| port.name.as_deref().unwrap_or_default() == name)
        .filter_map(|port| u16::try_from(port.port?).ok());
    numbers.next()
}

/// What the Pod's arguments say, else a container port that is named so, else the default.
fn operations_port(pod: &Pod) -> u16 {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    for container in containers {
        let words = container
            .args
            .iter()
            .flatten()
            .chain(container.command.iter().flatten());
        let words: Vec<&str> = words.map(String::as_str).collect();
        let listen = words.iter().enumerate().find_map(|(at, word)| {
            let rest = word.strip_prefix("--operations-listen")?;
            rest.strip_prefix('=')
                .or_else(|| words.get(at + 1).copied())
        });
        let port = listen.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
        let named = container.ports.iter().flatten().find(|port| {
            matches!(
                port.name.as_deref(),
                Some("operations" | "metrics" | "http-metrics")
            )
        });
        let named = named.and_then(|port| u16::try_from(port.container_port).ok());
        if let Some(port) = port.or(named) {
            return port;
        }
    }
    OPERATIONS_PORT
}

/// Port-forwards to one Pod.
struct Forward<'a> {
    pods: &'a Api<Pod>,
    pod: &'a str,
    namespace: &'a str,
}

impl Forward<'_> {
    async fn chain(
        &self,
        port: u16,
        server_name: &str,
    ) -> Seen<Vec<rustls::pki_types::CertificateDer<'static>>> {
        self.through(port, |stream| handshake::chain(stream, server_name))
            .await
    }

    async fn metrics(&self, port: u16) -> Seen<Exposition> {
        self.through(port, exposition).await
    }

    /// Opens a port and does `work` with it. The error that a kubelet sends tells more than a connection that ends.
    async fn through<T, F>(&self, port: u16, work: impl FnOnce(Stream) -> F) -> Seen<T>
    where
        F: Future<Output = Result<T, String>>,
    {
        let mut forwarder = match api::in_time(self.pods.portforward(self.pod, &[port])).await {
            Ok(forwarder) => forwarder,
            Err(error) => {
                let what = format!("pods/portforward in namespace {}", self.namespace);
                return match Seen::<T>::of_error(&error, "get and create", &what) {
                    Seen::Unknown(reason) => Seen::Unknown(reason),
                    _ => Seen::Unknown("it is gone".to_owned()),
                };
            }
        };
        let failure = forwarder.take_error(port);
        let Some(stream) = forwarder.take_stream(port) else {
            return Seen::Unknown(format!("port {port} cannot be forwarded"));
        };
        let worked = timeout(LIMIT, work(Box::new(stream))).await;
        let seen = match worked {
            Ok(Ok(value)) => Seen::There(value),
            Ok(Err(error)) => Seen::Unknown(format!("port {port}: {error}{}", said(failure).await)),
            Err(_) => Seen::Unknown(format!(
                "port {port}: no answer within {} s",
                LIMIT.as_secs()
            )),
        };
        forwarder.abort();
        seen
    }
}

/// A port of a Pod.
type Stream = Box<dyn ReadWrite>;

trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// What the kubelet says of a port, if it does so at once.
async fn said(failure: Option<impl Future<Output = Option<String>>>) -> String {
    let Some(failure) = failure else {
        return String::new();
    };
    match timeout(Duration::from_millis(500), failure).await {
        Ok(Some(words)) => format!(" ({})", words.trim()),
        Ok(None) | Err(_) => String::new(),
    }
}

/// Asks for `/metrics`.
async fn exposition(stream: Stream) -> Result<Exposition, String> {
    let in_words = |error: hyper::Error| error.to_string();
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(in_words)?;
    let request = Request::get("/metrics")
        .header(hyper::header::HOST, "l7guard")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(in_words)?;
        if !response.status().is_success() {
            return Err(format!("/metrics answers {}", response.status()));
        }
        let body = Limited::new(response.into_body(), EXPOSITION_LIMIT)
            .collect()
            .await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(Exposition::parse(&String::from_utf8_lossy(&body)))
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(in_words(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_operations_port_is_the_one_that_the_pod_says() {
        for (container, port) in [
            (
                json!({"args": ["serve", "--operations-listen", "0.0.0.0:9191"]}),
                9191,
            ),
            (json!({"args": ["--operations-listen=[::]:9192"]}), 9192),
            (
                json!({"ports": [{"name": "metrics", "containerPort": 9193}]}),
                9193,
            ),
            (json!({}), 9090),
        ] {
            let mut container = container;
            container["name"] = "l7guard".into();
            let pod = serde_json::from_value(
                json!({"metadata": {}, "spec": {"containers": [container]}}),
            );
            assert_eq!(operations_port(&pod.unwrap()), port);
        }
    }
}
