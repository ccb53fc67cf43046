//! The client of `l7guard demo`: sends a review as the API server does, over TLS and HTTP/1.1.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::pki::crypto;

/// A client that trusts one certificate authority.
pub(super) struct Client {
    tls: TlsConnector,
    address: SocketAddr,
}

impl Client {
    pub(super) fn new(authority_pem: &str, address: SocketAddr) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority_pem.as_bytes())?)?;
        let config = rustls::ClientConfig::builder_with_provider(crypto::install())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            address,
        })
    }

    /// Sends a review and returns the answer.
    pub(super) async fn post(&self, review: &Value) -> Result<Value> {
        let tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::from(self.address.ip());
        let stream = self.tls.connect(name, tcp).await.context("TLS handshake")?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post("/validate?timeout=10s")
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::<Bytes>::from(serde_json::to_vec(review)?))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(
            status.is_success(),
            "the webhook answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        connection.await??;
        Ok(serde_json::from_slice(&body)?)
    }
}
