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
}

impl Certificate {
    /// Makes an authority and has it sign a certificate for the DNS name `name`.
    pub(crate) fn write_into(folder: &Path, name: &str) -> Result<Self, Failed> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let signed = CertificateParams::new([name.to_owned()])?.signed_by(&key, &authority)?;
        let certificate = Self {
            chain: folder.join("tls.crt"),
            key: folder.join("tls.key"),
            authority: authority.pem(),
        };
        fs::write(&certificate.chain, signed.pem())?;
        fs::write(&certificate.key, key.serialize_pem())?;
        Ok(certificate)
    }
}
