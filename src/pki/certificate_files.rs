//! A source of certificates: two PEM files that are read again when they change.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::files::{self, FileError};
use super::issued::{Issued, Validness};
use super::served::CertificatePublisher;
use crate::metrics::Registry;
use crate::reload::{
    Contents, MOUNTED_LIMIT, Refused, ReloadMetrics, Reloadable, WatchedFile, read_files,
};

/// A certificate chain and its key in two PEM files, published whenever they hold another pair.
#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    publisher: CertificatePublisher,
}

impl CertificateFiles {
    /// Reads the files for the first time and publishes what they hold. Blocks.
    ///
    /// # Errors
    /// As [`files::load`]. A certificate that is expired or not valid yet is taken, with a warning in the log.
    pub fn load(
        certificate: PathBuf,
        key: PathBuf,
        publisher: CertificatePublisher,
        metrics: &Registry,
    ) -> Result<(Self, Contents), FileError> {
        let contents = read_files(&[&certificate, &key], MOUNTED_LIMIT);
        let files = Self {
            certificate,
            key,
            publisher,
        };
        let issued = files.parse(&contents)?;
        files::warn_unless_valid(&files.certificate, issued.validity.at(SystemTime::now()));
        files.publisher.publish(issued);
        ReloadMetrics::register(metrics).loaded(WatchedFile::Certificate);
        Ok((files, contents))
    }

    fn parse(&self, contents: &Contents) -> Result<Issued, FileError> {
        files::parse(
            (&self.certificate, contents.bytes(0)),
            (&self.key, contents.bytes(1)),
        )
    }
}

impl Reloadable for CertificateFiles {
    fn file(&self) -> WatchedFile {
        WatchedFile::Certificate
    }

    fn contents(&self) -> Contents {
        read_files(&[&self.certificate, &self.key], MOUNTED_LIMIT)
    }

    /// A new certificate that no client would accept now is refused while the old one is good.
    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        let issued = self
            .parse(contents)
            .map_err(|error| Refused::new(error.to_string()))?;
        let now = SystemTime::now();
        let served = self.publisher.validity().map(|validity| validity.at(now));
        if matches!(served, Some(Validness::Valid(_))) {
            refuse_unless_valid(issued.validity.at(now), &self.certificate)?;
        }
        self.publisher.publish(issued);
        Ok(())
    }
}

fn refuse_unless_valid(validness: Validness, path: &Path) -> Result<(), Refused> {
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
#[path = "certificate_files_tests.rs"]
mod tests;
