//! The certificate that is served now: from files, and replaced when these change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::files::{self, FileError, Loaded, Validity, Validness};
use crate::live::Live;
use crate::metrics::{Metrics, WatchedFile};
use crate::reload::{Contents, MOUNTED_LIMIT, Refused, Reloadable, read_files};

/// A certificate chain and its key from two PEM files. New handshakes are given what is current; connections keep what
/// they began with.
#[derive(Debug)]
pub struct RotatingCertificate {
    certificate: PathBuf,
    key: PathBuf,
    current: Live<Current>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Current {
    certified: Arc<CertifiedKey>,
    validity: Validity,
}

impl From<Loaded> for Current {
    fn from(loaded: Loaded) -> Self {
        Self {
            certified: Arc::new(loaded.certificate),
            validity: loaded.validity,
        }
    }
}

impl RotatingCertificate {
    /// Reads the files for the first time. Blocks.
    ///
    /// # Errors
    /// As [`files::load`]. A certificate that is expired or not valid yet is taken, with a warning in the log.
    pub fn load(
        certificate: PathBuf,
        key: PathBuf,
        metrics: Metrics,
    ) -> Result<(Self, Contents), FileError> {
        let contents = read_files(&[&certificate, &key], MOUNTED_LIMIT);
        let loaded = files::parse((&certificate, contents.bytes(0)), (&key, contents.bytes(1)))?;
        files::warn_unless_valid(&certificate, loaded.validity.at(SystemTime::now()));
        metrics.certificate_expiry(loaded.validity.not_after);
        metrics.loaded(WatchedFile::Certificate);
        let rotating = Self {
            certificate,
            key,
            current: Live::new(loaded.into()),
            metrics,
        };
        Ok((rotating, contents))
    }

    /// When the certificate that is served is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.current.current().validity
    }
}

impl ResolvesServerCert for RotatingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.current().certified))
    }
}

impl Reloadable for RotatingCertificate {
    fn file(&self) -> WatchedFile {
        WatchedFile::Certificate
    }

    fn contents(&self) -> Contents {
        read_files(&[&self.certificate, &self.key], MOUNTED_LIMIT)
    }

    /// A new certificate that no client would accept now is refused while the old one is good.
    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        let loaded = files::parse(
            (&self.certificate, contents.bytes(0)),
            (&self.key, contents.bytes(1)),
        )
        .map_err(|error| Refused::new(error.to_string()))?;
        let now = SystemTime::now();
        if matches!(self.validity().at(now), Validness::Valid(_)) {
            refuse_unless_valid(loaded.validity.at(now), &self.certificate)?;
        }
        self.metrics.certificate_expiry(loaded.validity.not_after);
        self.current.replace(loaded.into());
        Ok(())
    }
}

fn refuse_unless_valid(validness: Validness, path: &std::path::Path) -> Result<(), Refused> {
    let path = path.display();
    match validness {
        Validness::Valid(_) => Ok(()),
        Validness::Expired(_) => Err(Refused::new(format!(
            "the certificate in {path} has expired; issue a new one"
        ))),
        Validness::NotYet(_) => Err(Refused {
            message: format!("the certificate in {path} is not valid yet; it is taken once it is"),
            may_be_good_later: true,
        }),
    }
}

#[cfg(test)]
#[path = "rotating_tests.rs"]
mod tests;
