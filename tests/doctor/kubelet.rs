//! As much of a kubelet as forwards ports, by WebSocket with the subprotocol `v4.channel.k8s.io`, and shows logs.
//!
//! Source: kubernetes `pkg/kubelet/server` with `cri/streaming/portforward/websocket.go`: for the port at position n of the
//! query, channel 2n carries data and 2n + 1 errors; the first message of each is the port, two bytes, little endian.

use std::collections::HashMap;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use libtest_mimic::Failed;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// Where the ports of a Pod are.
type Ports = HashMap<(String, u16), SocketAddr>;

/// Where the log of each Pod is.
type Logs = HashMap<String, PathBuf>;

/// A request whose head has been read.
type Begun = tokio::io::Join<
    tokio::io::Chain<Cursor<Vec<u8>>, ReadHalf<TlsStream<TcpStream>>>,
    WriteHalf<TlsStream<TcpStream>>,
>;

/// It ends when dropped.
pub(crate) struct Kubelet {
    pub(crate) port: u16,
    ports: Arc<Mutex<Ports>>,
    logs: Arc<Mutex<Logs>>,
    _runtime: Runtime,
}

impl Kubelet {
    pub(crate) fn start() -> Result<Self, Failed> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let made = rcgen::generate_simple_self_signed(["node".to_owned()])?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(l7guard::pki::crypto::install())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let ports = Arc::new(Mutex::new(Ports::new()));
        let logs = Arc::new(Mutex::new(Logs::new()));
        let (known, written) = (Arc::clone(&ports), Arc::clone(&logs));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                let (known, written) = (Arc::clone(&known), Arc::clone(&written));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, &known, &written).await;
                    }
                });
            }
        });
        Ok(Self {
            port,
            ports,
            logs,
            _runtime: runtime,
        })
    }

    /// Where the log of a Pod is.
    pub(crate) fn keep_log(&self, pod: &str, file: &Path) {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.insert(pod.to_owned(), file.to_owned());
    }

    /// Where a port of a Pod is from now on.
    pub(crate) fn place(&self, pod: &str, port: u16, address: SocketAddr) {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.insert((pod.to_owned(), port), address);
    }
}

/// Serves one request: a log, or a port that is forwarded.
async fn answer(mut stream: TlsStream<TcpStream>, ports: &Mutex<Ports>, logs: &Mutex<Logs>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let path = text.split([' ', '?']).nth(1).unwrap_or_default();
    let Some(rest) = path.strip_prefix("/containerLogs/") else {
        let (read, write) = tokio::io::split(stream);
        let begun = tokio::io::join(Cursor::new(head).chain(read), write);
        return forward(begun, ports).await;
    };
    // `/containerLogs/NAMESPACE/POD/CONTAINER`
    let pod = rest.split('/').nth(1).unwrap_or_default();
    let file = {
        let logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.get(pod).cloned().unwrap_or_default()
    };
    let log = std::fs::read(file).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        log.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &log].concat()).await;
    let _ = stream.shutdown().await;
}

/// Serves one port-forward of one port.
async fn forward(stream: Begun, ports: &Mutex<Ports>) {
    let mut wanted = None;
    #[allow(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let accept = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        wanted = pod_and_port(
            request.uri().path(),
            request.uri().query().unwrap_or_default(),
        );
        let protocol = HeaderValue::from_static("v4.channel.k8s.io");
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, accept).await else {
        return;
    };
    let Some((pod, port)) = wanted else { return };
    for channel in [0, 1] {
        let [low, high] = port.to_le_bytes();
        let _ = socket
            .send(Message::Binary(vec![channel, low, high].into()))
            .await;
    }
    let address = {
        let ports = ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.get(&(pod.clone(), port)).copied()
    };
    let target = match address {
        Some(address) => TcpStream::connect(address).await.ok(),
        None => None,
    };
    let Some(target) = target else {
        let error = format!("\u{1}nothing listens on port {port} of Pod {pod}");
        let _ = socket
            .send(Message::Binary(error.into_bytes().into()))
            .await;
        let _ = socket.close(None).await;
        return;
    };
    let (mut from, mut to) = target.into_split();
    let (mut sink, mut source) = socket.split();
    let up = async {
        while let Some(Ok(message)) = source.next().await {
            match message {
                Message::Binary(data) => {
                    // The first byte says the channel: data for the port.
                    let sent = match data.split_first() {
                        Some((0, data)) => to.write_all(data).await,
                        _ => Ok(()),
                    };
                    if sent.is_err() {
                        break;
                    }
                }
                Message::Close(_) => break,
                _ => {}
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let message = [&[0], &buffer[..count]].concat();
            if sink.send(Message::Binary(message.into())).await.is_err() {
                break;
            }
        }
        let _ = sink.close().await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// `/portForward/NAMESPACE/POD?port=N`
fn pod_and_port(path: &str, query: &str) -> Option<(String, u16)> {
    let pod = path.rsplit('/').next()?.to_owned();
    let mut parameters = query.split('&');
    let port = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.starts_with("port").then(|| value.parse().ok())?
    })?;
    Some((pod, port))
}
