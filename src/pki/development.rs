//! A certificate authority and a server certificate for development, made in memory.
//!
//! The authority signs exactly one leaf and its key is dropped with the function that made it: nobody can sign
//! another certificate that a client which trusts it would accept. Neither private key is ever written to a disk; only
//! the authority's certificate is meant to be handed out.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use super::crypto;
use super::issued::{Issued, Validity};

/// Names that every development certificate is valid for, besides those that are asked for.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long a development certificate is valid: one year.
pub const VALIDITY: Duration = Duration::from_hours(8760);

/// How far before now validity begins, so that a client whose clock is behind accepts it: one hour.
const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// A server certificate and the authority that vouches for it.
#[derive(Debug)]
pub struct Development {
    /// The authority's certificate in PEM: what a client has to trust (`curl --cacert`, `caBundle`). Public.
    pub authority_pem: String,
    /// The server's certificate chain (the leaf alone), its private key, and when it is valid.
    pub issued: Issued,
}

/// Why no development certificate could be made.
#[derive(Debug, Error)]
pub enum DevelopmentError {
    /// A name that no certificate can be made for.
    #[error(
        "{name:?} is neither a DNS name nor an IP address, so no certificate can be made for it"
    )]
    Name {
        /// The name as it was given.
        name: String,
    },
    /// Generating a key or signing failed.
    #[error("cannot make a development certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// TLS refuses what was generated.
    #[error("cannot use the development certificate: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Makes an authority and a leaf for [`LOCAL_NAMES`] and `names` (DNS names such as `<service>.<namespace>.svc`, or IP
/// addresses), valid from an hour ago for [`VALIDITY`].
///
/// # Errors
/// When a name is neither a DNS name nor an IP address, or when the system has no randomness for a key.
pub fn generate(names: &[String]) -> Result<Development, DevelopmentError> {
    let now = SystemTime::now();
    let authority = CertifiedIssuer::self_signed(authority_params(now), KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let leaf = leaf_params(names, now)?.signed_by(&key, &authority)?;
    let certificate = CertifiedKey::from_der(
        vec![leaf.der().clone()],
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        &crypto::install(),
    )?;
    Ok(Development {
        authority_pem: authority.pem(),
        issued: Issued {
            certificate,
            validity: Validity {
                not_before: now - CLOCK_SKEW,
                not_after: now + VALIDITY,
            },
        },
    })
}

fn authority_params(now: SystemTime) -> CertificateParams {
    let mut params = validity(now);
    params
        .distinguished_name
        .push(DnType::CommonName, "l7guard development authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn leaf_params(names: &[String], now: SystemTime) -> Result<CertificateParams, DevelopmentError> {
    let mut params = validity(now);
    let local = LOCAL_NAMES.iter().copied();
    for name in local.chain(names.iter().map(String::as_str)) {
        params.subject_alt_names.extend(alternative_name(name)?);
    }
    params
        .distinguished_name
        .push(DnType::CommonName, "l7guard development");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn validity(now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + VALIDITY).into();
    params
}

fn alternative_name(name: &str) -> Result<Vec<rcgen::SanType>, DevelopmentError> {
    let refused = || DevelopmentError::Name {
        name: name.to_owned(),
    };
    // rcgen takes any ASCII for a DNS name; a client would find out only when no name matches.
    rustls::pki_types::ServerName::try_from(name).map_err(|_| refused())?;
    let params = CertificateParams::new([name.to_owned()]).map_err(|_| refused())?;
    Ok(params.subject_alt_names)
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::*;

    fn made() -> Development {
        generate(&["webhook.l7guard.svc".to_owned(), "10.0.0.7".to_owned()]).unwrap()
    }

    #[test]
    fn the_leaf_is_a_server_certificate_for_the_local_and_the_given_names() {
        let made = made();
        assert_eq!(made.issued.certificate.cert.len(), 1);
        let (_, leaf) = X509Certificate::from_der(&made.issued.certificate.cert[0]).unwrap();
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth && !usage.any);
        assert!(!leaf.is_ca());
        let names: Vec<String> = leaf
            .subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names
            .iter()
            .map(|name| match name {
                GeneralName::DNSName(name) => (*name).to_owned(),
                GeneralName::IPAddress(bytes) => {
                    format!("{} bytes ending {}", bytes.len(), bytes[bytes.len() - 1])
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            names,
            [
                "localhost",
                "4 bytes ending 1",
                "16 bytes ending 1",
                "webhook.l7guard.svc",
                "4 bytes ending 7"
            ]
        );
    }

    #[test]
    fn the_authority_may_sign_certificates_and_nothing_else_and_no_key_is_handed_out() {
        let made = made();
        let (_, pem) = x509_parser::pem::parse_x509_pem(made.authority_pem.as_bytes()).unwrap();
        let authority = pem.parse_x509().unwrap();
        let constraints = authority.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca);
        assert_eq!(constraints.path_len_constraint, Some(0));
        let usage = authority.key_usage().unwrap().unwrap().value;
        assert!(usage.key_cert_sign() && !usage.digital_signature());
        assert_eq!(made.authority_pem.matches("BEGIN").count(), 1);
        assert!(
            made.authority_pem
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
    }

    #[test]
    fn two_calls_share_neither_authority_nor_key() {
        let (one, two) = (made(), made());
        assert_ne!(one.authority_pem, two.authority_pem);
        assert_ne!(
            one.issued.certificate.key.public_key(),
            two.issued.certificate.key.public_key()
        );
    }

    #[test]
    fn a_name_that_is_none_is_refused_by_name() {
        for name in ["", "two words", "ümlaut.example", "a..b"] {
            let refused = generate(&[name.to_owned()]).unwrap_err();
            assert!(
                matches!(&refused, DevelopmentError::Name { name: told } if told == name),
                "{refused}"
            );
        }
    }
}
