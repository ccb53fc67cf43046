//! Certificate chain and private key from PEM files (`--tls-cert`, `--tls-key`).
//!
//! Every error names the file and what is wrong with it, because they are read by somebody who has just mounted the
//! wrong Secret.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use super::crypto;
use super::issued::{Issued, Validity, Validness};

/// What is wrong with a certificate or key file.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file is missing or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has a PEM section that is broken.
    #[error("{} is no sound PEM file: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: pem::Error,
    },
    /// The certificate file holds no certificate.
    #[error("there is no certificate in {}: expected a PEM section BEGIN CERTIFICATE, the server's own first", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A section that says it is a certificate is none.
    #[error("certificate {position} in {} cannot be read: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        position: usize,
        /// Why.
        reason: String,
    },
    /// The key file holds no private key.
    #[error("there is no private key in {}: expected an unencrypted PEM section BEGIN PRIVATE KEY (or RSA, or EC PRIVATE KEY)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is of a kind or size that TLS cannot sign with.
    #[error("the private key in {} cannot be used: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The key belongs to another certificate than the first one of the chain.
    #[error(
        "the private key in {} does not belong to the first certificate in {}; a chain begins with the server's own certificate",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
}

/// Reads a chain (leaf first) and its private key (PKCS#8, PKCS#1 or SEC 1, not encrypted).
///
/// Reading blocks. A leaf that is expired or not valid yet is loaded all the same; [`Issued::validity`] tells.
///
/// # Errors
/// When one of the files cannot be read, holds no certificate or no key or a broken one, or when the two do not belong
/// together.
pub fn load(certificate: &Path, key: &Path) -> Result<Issued, FileError> {
    let read = |path| std::fs::read(path);
    let (chain, private_key) = (read(certificate), read(key));
    let told = |error: &io::Error| io::Error::new(error.kind(), regular_file::reason(error));
    parse(
        (certificate, chain.as_deref().map_err(told)),
        (key, private_key.as_deref().map_err(told)),
    )
}

/// Like [`load`], of what has been read of each file.
///
/// # Errors
/// As [`load`].
pub fn parse(
    (certificate, chain_pem): (&Path, io::Result<&[u8]>),
    (key, key_pem): (&Path, io::Result<&[u8]>),
) -> Result<Issued, FileError> {
    let (chain, validity) = chain(certificate, readable(certificate, chain_pem)?)?;
    let private_key = private_key(key, readable(key, key_pem)?)?;
    let provider = crypto::install();
    let signing_key = provider
        .key_provider
        .load_private_key(private_key)
        .map_err(|source| FileError::Key {
            path: key.to_owned(),
            source,
        })?;
    let loaded = CertifiedKey::new(chain, signing_key);
    loaded.keys_match().map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => FileError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        },
        other => FileError::Certificate {
            path: certificate.to_owned(),
            position: 1,
            reason: other.to_string(),
        },
    })?;
    Ok(Issued {
        certificate: loaded,
        validity,
    })
}

/// Says in the log that clients will refuse a certificate: clocks go wrong, and it is they who decide.
pub(super) fn warn_unless_valid(path: &Path, validness: Validness) {
    let path = path.display();
    match validness {
        Validness::Valid(_) => {}
        Validness::Expired(past) => tracing::warn!(
            %path,
            expired_seconds = past.as_secs(),
            "the certificate has expired; the API server will refuse it"
        ),
        Validness::NotYet(early) => tracing::warn!(
            %path,
            valid_in_seconds = early.as_secs(),
            "the certificate is not valid yet; the API server will refuse it"
        ),
    }
}

fn chain(path: &Path, pem: &[u8]) -> Result<(Vec<CertificateDer<'static>>, Validity), FileError> {
    let chain = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| broken(path, source))?;
    let mut validity = None;
    for (index, der) in chain.iter().enumerate() {
        let read = Validity::of(der).map_err(|reason| FileError::Certificate {
            path: path.to_owned(),
            position: index + 1,
            reason,
        })?;
        validity.get_or_insert(read);
    }
    let validity = validity.ok_or_else(|| FileError::NoCertificate {
        path: path.to_owned(),
    })?;
    Ok((chain, validity))
}

fn private_key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, FileError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound => FileError::NoKey {
            path: path.to_owned(),
        },
        source => broken(path, source),
    })
}

fn readable<'a>(path: &Path, bytes: io::Result<&'a [u8]>) -> Result<&'a [u8], FileError> {
    bytes.map_err(|source| FileError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn broken(path: &Path, source: pem::Error) -> FileError {
    FileError::Pem {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
