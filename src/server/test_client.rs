//! A TLS and HTTP/1.1 client for tests, keep-alive included, that shows what a real one sees on the wire.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{OldestTls, tls_config};
use crate::pki::{crypto, development};

/// The name that a client asks for.
const NAME: &str = "webhook.l7guard.svc";

/// Whom to trust and by which name to ask.
#[derive(Clone)]
pub(crate) struct TestClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// One open connection.
pub(crate) struct TestConnection {
    send: SendRequest<Body>,
}

/// A server's configuration with a development certificate for `webhook.l7guard.svc`, and a client that trusts it, asks
/// for that name and speaks one version of TLS.
pub(crate) fn tls(
    oldest: OldestTls,
    spoken: &'static SupportedProtocolVersion,
) -> (Arc<ServerConfig>, TestClient) {
    let made = development::generate(&[NAME.to_owned()]).unwrap();
    let client = TestClient::new(&made.authority_pem, spoken);
    let resolver = SingleCertAndKey::from(made.issued.certificate);
    (
        tls_config(crypto::install(), Arc::new(resolver), oldest, None).unwrap(),
        client,
    )
}

impl TestClient {
    /// Trusts `authority_pem` only; offers `http/1.1` and prefers HTTP/2, as Go's client would to a URL.
    fn new(authority_pem: &str, spoken: &'static SupportedProtocolVersion) -> Self {
        let authority = CertificateDer::from_pem_slice(authority_pem.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority).unwrap();
        let mut config = ClientConfig::builder_with_provider(crypto::install())
            .with_protocol_versions(&[spoken])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self {
            config: Arc::new(config),
            name: ServerName::try_from(NAME).unwrap(),
        }
    }

    /// The same client, asking for another name.
    pub(crate) fn named(&self, name: &str) -> Self {
        Self {
            config: Arc::clone(&self.config),
            name: ServerName::try_from(name.to_owned()).unwrap(),
        }
    }

    /// The TLS handshake over anything that carries bytes.
    pub(crate) async fn shake_hands<IO>(&self, io: IO) -> std::io::Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        TlsConnector::from(Arc::clone(&self.config))
            .connect(self.name.clone(), io)
            .await
    }

    /// Handshake and HTTP/1.1 over anything that carries bytes.
    pub(crate) async fn over<IO>(&self, io: IO) -> std::io::Result<TestConnection>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stream = self.shake_hands(io).await?;
        let (send, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(TestConnection { send })
    }

    /// A new TCP connection with all of that.
    pub(crate) async fn connect(&self, address: SocketAddr) -> std::io::Result<TestConnection> {
        self.over(TcpStream::connect(address).await?).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, address: SocketAddr, request: Request<Body>) -> Response<Bytes> {
        self.connect(address)
            .await
            .unwrap()
            .ask(request)
            .await
            .unwrap()
    }
}

impl TestConnection {
    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(
        &mut self,
        mut request: Request<Body>,
    ) -> hyper::Result<Response<Bytes>> {
        request
            .headers_mut()
            .entry("host")
            .or_insert(NAME.parse().unwrap());
        self.send.ready().await?;
        let (parts, body) = self.send.send_request(request).await?.into_parts();
        Ok(Response::from_parts(
            parts,
            body.collect().await?.to_bytes(),
        ))
    }

    /// Sends `POST path` with a body as JSON.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        body: impl Into<Bytes>,
    ) -> hyper::Result<Response<Bytes>> {
        self.ask(post(path, body)).await
    }
}

/// `POST path` with a body as JSON.
pub(crate) fn post(path: &str, body: impl Into<Bytes>) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Body::new(Full::new(body.into())))
        .unwrap()
}

/// Whether an answer says that its connection ends with it.
pub(crate) fn says_close<B>(response: &Response<B>) -> bool {
    response
        .headers()
        .get("connection")
        .is_some_and(|value| value == "close")
}
