//! The webhook's certificate and the authority that the API server is told to trust for it.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// PEM files of one certificate.
pub(crate) struct Certificate {
    /// The certificate.
    pub(crate) chain: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// The certificate of the authority that signed it, as PEM.
    pub(crate) authority: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    name: String,
}

impl Certificate {
    /// Makes an authority and has it sign a certificate for the DNS name `name`.
    pub(crate) fn write_into(folder: &Path, name: &str) -> Result<Self, Failed> {
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
    pub(crate) fn renew(&self) -> Result<(), Failed> {
        let key = KeyPair::generate()?;
        let parameters = CertificateParams::new([self.name.clone()])?;
        let signed = parameters.signed_by(&key, &self.issuer)?;
        fs::write(&self.chain, signed.pem())?;
        fs::write(&self.key, key.serialize_pem())?;
        Ok(())
    }
}
