//! The webhook as `serve` and `demo` run it: certificate, judge, router and server put together.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tempfile::TempDir;

use crate::judge::Judge;
use crate::metrics::Metrics;
use crate::pki::{crypto, development};
use crate::server::{OldestTls, Server, Settings, Stop, Stopped, tls_config};
use crate::webhook::{Gate, VALIDATE_PATH, router};

/// A development certificate, made in memory, and what a client needs of it.
pub(super) struct DevelopmentCertificate {
    key: Arc<CertifiedKey>,
    /// The certificate of its authority.
    authority_pem: String,
    /// Where the authority is written for `curl`; it goes when the program ends.
    directory: Option<TempDir>,
}

impl DevelopmentCertificate {
    /// For this machine and the given names.
    pub(super) fn generate(names: &[String]) -> Result<Self> {
        let development = development::generate(names)?;
        Ok(Self {
            key: Arc::new(development.certificate),
            authority_pem: development.authority_pem,
            directory: None,
        })
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.key)))
    }

    /// What a client has to trust.
    pub(super) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// A `curl` line that sends an example review. The authority's certificate and the review are written to a
    /// directory of this process's own.
    pub(super) fn curl(&mut self, address: SocketAddr, review: &[u8]) -> Result<String> {
        let directory = tempfile::Builder::new().prefix("l7guard-").tempdir()?;
        let authority = directory.path().join("ca.crt");
        let example = directory.path().join("review.json");
        write(&authority, self.authority_pem().as_bytes())?;
        write(&example, review)?;
        self.directory = Some(directory);
        let host = if address.ip().is_unspecified() {
            format!("localhost:{}", address.port())
        } else {
            address.to_string()
        };
        Ok(format!(
            "curl --cacert {} -H 'Content-Type: application/json' --data @{} https://{host}{VALIDATE_PATH}",
            authority.display(),
            example.display()
        ))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Who is served, and how.
pub(super) struct Tls {
    pub(super) resolver: Arc<dyn ResolvesServerCert>,
    pub(super) oldest: OldestTls,
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
}

/// A webhook that has taken its address.
pub(super) struct Serving(Server);

impl Serving {
    /// Takes the address.
    pub(super) async fn bind<J: Judge>(
        address: SocketAddr,
        judge: J,
        gate: Gate,
        tls: Tls,
        settings: Settings,
        metrics: Metrics,
    ) -> Result<Self> {
        let tls = tls_config(crypto::install(), tls.resolver, tls.oldest, tls.clients)?;
        let router = router(Arc::new(judge), gate);
        let server = Server::bind(address, tls, router, settings).await?;
        Ok(Self(server.counted(metrics)))
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// Serves until it is asked to stop.
    pub(super) async fn run(self, stop: Stop) -> Stopped {
        self.0.run(stop).await
    }
}
