//! The webhook's certificate and the authority that the API server is told to trust for it.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::Error;

/// PEM files of one certificate.
pub struct WebhookCertificate {
    /// The certificate.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificate of the authority that signed it, as PEM.
    pub authority: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    name: String,
}

impl WebhookCertificate {
    /// Makes an authority and has it sign a certificate for the DNS name `name`, as files in `folder`.
    ///
    /// # Errors
    ///
    /// As [`WebhookCertificate::renew`].
    pub fn write_into(folder: &Path, name: &str) -> Result<Self, Error> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let certificate = Self {
            chain: folder.join("tls.crt"),
            key: folder.join("tls.key"),
            authority: issuer.pem(),
            issuer,
            name: name.to_owned(),
        };
        certificate.renew()?;
        Ok(certificate)
    }

    /// Has the authority sign a new certificate with a new key, and writes both in place of the old ones.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the files cannot be written; or when `name` is no DNS name.
    pub fn renew(&self) -> Result<(), Error> {
        let key = KeyPair::generate()?;
        let parameters = CertificateParams::new([self.name.clone()])?;
        let signed = parameters.signed_by(&key, &self.issuer)?;
        write(&self.chain, &signed.pem())?;
        write(&self.key, &key.serialize_pem())?;
        Ok(())
    }
}

fn write(file: &Path, pem: &str) -> Result<(), Error> {
    fs::write(file, pem).map_err(Error::io(format!("write {}", file.display())))
}
