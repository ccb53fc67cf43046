//! The webhook as `serve` and `demo` run it: certificate, judge, router and server put together.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use l7guard_policy::configuration::Configuration;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tempfile::TempDir;

use crate::known_world::KnownWorld;
use crate::live::Live;
use crate::pki::{crypto, development, files};
use crate::server::{OldestTls, Server, Settings, Stop, Stopped, tls_config};
use crate::webhook::{PolicyJudge, VALIDATE_PATH, router};

/// The certificate that is served.
pub(super) struct Certificate {
    key: Arc<CertifiedKey>,
    /// The development authority's certificate; `None` for one that the user brought.
    authority_pem: Option<String>,
    /// Where the authority is written for `curl`; it goes when the program ends.
    directory: Option<TempDir>,
}

impl Certificate {
    /// A development certificate, made in memory, for this machine and the given names.
    pub(super) fn development(names: &[String]) -> Result<Self> {
        let development = development::generate(names)?;
        Ok(Self {
            key: Arc::new(development.certificate),
            authority_pem: Some(development.authority_pem),
            directory: None,
        })
    }

    /// A certificate and its key from PEM files.
    pub(super) fn from_files(certificate: &Path, key: &Path) -> Result<Self> {
        let loaded = files::load(certificate, key)?;
        Ok(Self {
            key: Arc::new(loaded.certificate),
            authority_pem: None,
            directory: None,
        })
    }

    /// The authority of a development certificate; empty for one that the user brought.
    pub(super) fn authority_pem(&self) -> &str {
        self.authority_pem.as_deref().unwrap_or_default()
    }

    /// A `curl` line that sends an example review. The authority's certificate and the review are written to a
    /// directory of this process's own.
    pub(super) fn curl(&mut self, address: SocketAddr, review: &[u8]) -> Result<String> {
        let directory = tempfile::Builder::new().prefix("l7guard-").tempdir()?;
        let authority = directory.path().join("ca.crt");
        let example = directory.path().join("review.json");
        fs::write(&authority, self.authority_pem())
            .with_context(|| format!("cannot write {}", authority.display()))?;
        fs::write(&example, review)
            .with_context(|| format!("cannot write {}", example.display()))?;
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

/// A webhook that has taken its address.
pub(super) struct Serving(Server);

impl Serving {
    /// Takes the address; the world does not change while it serves.
    pub(super) async fn bind(
        address: SocketAddr,
        world: impl KnownWorld,
        configuration: Configuration,
        certificate: &Certificate,
        settings: Settings,
    ) -> Result<Self> {
        let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&certificate.key)));
        let tls = tls_config(crypto::install(), resolver, OldestTls::default())?;
        let judge = PolicyJudge::new(world, Live::new(configuration));
        let server = Server::bind(address, tls, router(Arc::new(judge)), settings).await?;
        Ok(Self(server))
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// Serves until it is asked to stop.
    pub(super) async fn run(self, stop: Stop) -> Stopped {
        self.0.run(stop).await
    }
}
