//! The certificate of a server that was given none, and how to call it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::pki::development;
use crate::pki::served::CertificatePublisher;
use crate::webhook::VALIDATE_PATH;

/// A development certificate, made in memory, and what a client needs of it.
pub(crate) struct DevelopmentCertificate {
    /// The certificate of its authority.
    authority_pem: String,
    /// Where the authority is written for `curl`; it goes when the program ends.
    directory: Option<TempDir>,
}

impl DevelopmentCertificate {
    /// For this machine and the given names, and published.
    pub(crate) fn generate(names: &[String], publisher: &CertificatePublisher) -> Result<Self> {
        let development = development::generate(names)?;
        publisher.publish(development.issued);
        Ok(Self {
            authority_pem: development.authority_pem,
            directory: None,
        })
    }

    /// What a client has to trust.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// A `curl` line that sends an example review. The authority's certificate and the review are written to a
    /// directory of this process's own.
    pub(crate) fn curl(&mut self, address: SocketAddr, review: &[u8]) -> Result<String> {
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
