//! One certificate authority: made, read from PEM, and signing server certificates.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::crypto;
use super::issued::{Issued, Validity};
use super::trusted::TrustedCertificate;

/// How far before now validity begins, so that a client whose clock is behind accepts it: one hour.
pub const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// A certificate authority with its private key.
#[derive(Debug)]
pub struct Authority {
    certificate: TrustedCertificate,
    key: KeyPair,
}

/// A server certificate with its key, as it was signed.
#[derive(Debug)]
pub struct Leaf {
    certificate: rcgen::Certificate,
    key: KeyPair,
    validity: Validity,
}

/// Why no certificate could be made.
#[derive(Debug, Error)]
pub enum IssueError {
    /// A name that no certificate can be made for.
    #[error(
        "{name:?} is neither a DNS name nor an IP address, so no certificate can be made for it"
    )]
    Name {
        /// The name as it was given.
        name: String,
    },
    /// Generating a key or signing failed.
    #[error("cannot make a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// TLS refuses what was generated.
    #[error("cannot use the certificate that was made: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Why a certificate and a key in PEM are no authority.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// The certificate may not sign others.
    #[error("the certificate is not that of an authority")]
    NoAuthority,
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Key,
    /// They do not belong together.
    #[error("the key does not belong to the certificate")]
    Mismatch,
}

impl Authority {
    /// Makes an authority that is valid from an hour before `now` to `lifetime` after it. It may sign server certificates
    /// and no further authorities.
    ///
    /// # Errors
    /// When the system has no randomness for a key.
    pub fn generate(name: &str, now: SystemTime, lifetime: Duration) -> Result<Self, IssueError> {
        let mut params = valid(now - CLOCK_SKEW, now + lifetime);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let der = params.self_signed(&key)?.der().clone();
        let certificate =
            TrustedCertificate::read(der).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self { certificate, key })
    }

    /// Reads an authority from PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(certificate: &[u8], key: &[u8]) -> Result<Self, AuthorityError> {
        let unreadable = |error: String| AuthorityError::Certificate(error);
        let der = CertificateDer::from_pem_slice(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
        ensure_authority(&der)?;
        // The error of a key is not quoted: it might quote the key.
        let key = std::str::from_utf8(key).map_err(|_| AuthorityError::Key)?;
        let key = KeyPair::from_pem(key).map_err(|_| AuthorityError::Key)?;
        ensure_match(&der, &key)?;
        Issuer::from_ca_cert_der(&der, &key).map_err(|error| unreadable(error.to_string()))?;
        let certificate = TrustedCertificate::read(der).map_err(unreadable)?;
        Ok(Self { certificate, key })
    }

    /// What clients have to trust.
    #[must_use]
    pub fn certificate(&self) -> &TrustedCertificate {
        &self.certificate
    }

    /// The private key, PEM (PKCS#8).
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Signs a server certificate for `names` (DNS names or IP addresses) with a new key. It is valid from an hour before
    /// `now` to `lifetime` after it, and no longer than the authority.
    ///
    /// # Errors
    /// When a name is neither a DNS name nor an IP address, or when the system has no randomness for a key.
    pub fn issue(
        &self,
        names: &[String],
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<Leaf, IssueError> {
        let limits = self.certificate.validity();
        let validity = Validity {
            not_before: (now - CLOCK_SKEW).max(limits.not_before),
            not_after: (now + lifetime).min(limits.not_after),
        };
        let mut params = valid(validity.not_before, validity.not_after);
        params
            .distinguished_name
            .push(DnType::CommonName, "l7guard");
        for name in names {
            params.subject_alt_names.extend(alternative_name(name)?);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let issuer = Issuer::from_ca_cert_der(self.certificate.der(), &self.key)?;
        Ok(Leaf {
            certificate: params.signed_by(&key, &issuer)?,
            key,
            validity,
        })
    }
}

impl Leaf {
    /// The certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The private key, PEM (PKCS#8).
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// As TLS serves it.
    ///
    /// # Errors
    /// When TLS cannot use it.
    pub fn issued(&self) -> Result<Issued, IssueError> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let certificate = CertifiedKey::from_der(
            vec![self.certificate.der().clone()],
            PrivateKeyDer::from(key),
            &crypto::install(),
        )?;
        Ok(Issued {
            certificate,
            validity: self.validity,
        })
    }
}

fn valid(not_before: SystemTime, not_after: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = not_before.into();
    params.not_after = not_after.into();
    params
}

fn alternative_name(name: &str) -> Result<Vec<SanType>, IssueError> {
    let refused = || IssueError::Name {
        name: name.to_owned(),
    };
    // rcgen takes any ASCII for a DNS name; a client would find out only when no name matches.
    ServerName::try_from(name).map_err(|_| refused())?;
    let params = CertificateParams::new([name.to_owned()]).map_err(|_| refused())?;
    Ok(params.subject_alt_names)
}

/// The certificate may sign others. Its subject is such that rcgen can read it, which panics at an empty part.
fn ensure_authority(der: &CertificateDer<'_>) -> Result<(), AuthorityError> {
    let certificate = parsed(der)?;
    let is_authority = certificate.is_ca()
        && certificate
            .key_usage()
            .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()));
    let mut parts = certificate.subject().iter();
    if is_authority && parts.all(|part| part.iter().count() == 1) {
        Ok(())
    } else {
        Err(AuthorityError::NoAuthority)
    }
}

fn ensure_match(der: &CertificateDer<'_>, key: &KeyPair) -> Result<(), AuthorityError> {
    if parsed(der)?.public_key().raw == key.subject_public_key_info() {
        Ok(())
    } else {
        Err(AuthorityError::Mismatch)
    }
}

fn parsed<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, AuthorityError> {
    let read = X509Certificate::from_der(der);
    let (_, certificate) = read.map_err(|error| AuthorityError::Certificate(error.to_string()))?;
    Ok(certificate)
}

#[cfg(test)]
#[path = "authority_tests.rs"]
mod tests;
