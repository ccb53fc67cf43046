//! The keys and certificates of one control plane, made anew for each.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::Error;

/// Where the PEM files are.
pub(crate) struct Certificates {
    /// The certificate authority that signed the API server's certificate.
    pub(crate) authority: PathBuf,
    pub(crate) server_certificate: PathBuf,
    pub(crate) server_key: PathBuf,
    /// Signs the tokens of service accounts.
    pub(crate) service_account_key: PathBuf,
    /// Verifies them.
    pub(crate) service_account_public_key: PathBuf,
}

impl Certificates {
    /// Writes a certificate authority, a certificate for an API server on 127.0.0.1 and a key pair for service accounts'
    /// tokens into `folder`.
    pub(crate) fn write_into(folder: &Path) -> Result<Self, Error> {
        let authority = authority()?;
        let server_key = KeyPair::generate()?;
        let server = server_parameters()?.signed_by(&server_key, &authority)?;
        let service_accounts = KeyPair::generate()?;
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            fs::write(&path, pem).map_err(Error::io(format!("write {}", path.display())))?;
            Ok::<_, Error>(path)
        };
        Ok(Self {
            authority: write("ca.crt", authority.pem())?,
            server_certificate: write("server.crt", server.pem())?,
            server_key: write("server.key", server_key.serialize_pem())?,
            service_account_key: write("service-account.key", service_accounts.serialize_pem())?,
            service_account_public_key: write(
                "service-account.pub",
                service_accounts.public_key_pem(),
            )?,
        })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, Error> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    parameters
        .distinguished_name
        .push(DnType::CommonName, "control plane of a test");
    Ok(CertifiedIssuer::self_signed(
        parameters,
        KeyPair::generate()?,
    )?)
}

fn server_parameters() -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::new(
        ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(str::to_owned),
    )?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "kube-apiserver");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}
