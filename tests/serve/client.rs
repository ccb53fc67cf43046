//! A TLS client, and the certificates of both sides.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use l7guard::pki::crypto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name that servers are asked by.
const NAME: &str = "l7guard.l7guard.svc";

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A signed certificate and its key.
pub(crate) struct Signed {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn sign(&self, mut params: CertificateParams) -> Signed {
        let key = KeyPair::generate().unwrap();
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Signed { certificate, key }
    }

    /// A certificate for the server.
    pub(crate) fn server(&self) -> Signed {
        self.sign(CertificateParams::new([NAME.to_owned()]).unwrap())
    }

    /// A certificate for a client of this common name.
    pub(crate) fn client(&self, name: &str) -> Signed {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        self.sign(params)
    }
}

impl Signed {
    pub(crate) fn write(&self, folder: &Path) {
        fs::write(folder.join("tls.crt"), self.certificate.pem()).unwrap();
        fs::write(folder.join("tls.key"), self.key.serialize_pem()).unwrap();
    }
}

/// Whom to trust, and what to show.
pub(crate) struct Client(TlsConnector);

/// One open connection.
pub(crate) struct Connection {
    send: SendRequest<Full<Bytes>>,
    /// The certificate that the server showed.
    pub(crate) shown: Vec<u8>,
}

impl Client {
    pub(crate) fn new(trusted: &Authority, shown: Option<&Signed>) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(trusted.0.der().to_vec()))
            .unwrap();
        let config = ClientConfig::builder_with_provider(crypto::install())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            None => config.with_no_client_auth(),
            Some(signed) => {
                let key = PrivatePkcs8KeyDer::from(signed.key.serialize_der());
                let chain = vec![signed.certificate.der().clone()];
                config.with_client_auth_cert(chain, key.into()).unwrap()
            }
        };
        Self(TlsConnector::from(Arc::new(config)))
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> anyhow::Result<Connection> {
        Self::speak(self.shake_hands(TcpStream::connect(address).await?).await?).await
    }

    /// A connection from an address of this machine.
    pub(crate) async fn connect_from(
        &self,
        to: SocketAddr,
        from: IpAddr,
    ) -> anyhow::Result<Connection> {
        Self::speak(self.stream_from(to, from).await?).await
    }

    /// A connection from an address of this machine, on which nothing has been sent.
    pub(crate) async fn stream_from(
        &self,
        to: SocketAddr,
        from: IpAddr,
    ) -> anyhow::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        self.shake_hands(socket.connect(to).await?).await
    }

    async fn shake_hands(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(NAME).unwrap();
        Ok(self.0.connect(name, stream).await?)
    }

    async fn speak(stream: TlsStream<TcpStream>) -> anyhow::Result<Connection> {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let shown = chain.first().map(|der| der.to_vec()).unwrap_or_default();
        let (send, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Connection { send, shown })
    }

    /// The answer to a review on a connection of its own.
    pub(crate) async fn review(
        &self,
        address: SocketAddr,
        review: &Value,
    ) -> anyhow::Result<Value> {
        self.connect(address).await?.review(review).await
    }
}

impl Connection {
    pub(crate) async fn review(&mut self, review: &Value) -> anyhow::Result<Value> {
        let (_, body) = self.send(&serde_json::to_vec(review)?).await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Status and body of the answer to a review that is sent as it is.
    pub(crate) async fn send(&mut self, review: &[u8]) -> anyhow::Result<(u16, Bytes)> {
        self.send_with(review, &[]).await
    }

    /// The same, as a part of a trace.
    pub(crate) async fn send_traced(
        &mut self,
        review: &[u8],
        trace_parent: &str,
    ) -> anyhow::Result<(u16, Bytes)> {
        let header = ("traceparent", trace_parent);
        self.send_with(review, &[header]).await
    }

    async fn send_with(
        &mut self,
        review: &[u8],
        headers: &[(&str, &str)],
    ) -> anyhow::Result<(u16, Bytes)> {
        let mut request = Request::post("/validate?timeout=10s")
            .header("host", NAME)
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(review.to_vec()))?;
        self.send.ready().await?;
        let answer = self.send.send_request(request).await?;
        let status = answer.status().as_u16();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
