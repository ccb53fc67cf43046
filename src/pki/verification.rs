//! Whether an API server that is given a `caBundle` accepts a certificate.
//!
//! Source: kubernetes/apiserver `pkg/util/webhook/client.go` and `client-go/rest` (`TLSConfigFor`): roots are the
//! certificates of the bundle, the server name is `NAME.NAMESPACE.svc`, the rest is Go's `crypto/x509`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};
use thiserror::Error;

use super::crypto;
use super::issued::{Validity, Validness};

/// Why the API server refuses the certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Distrust {
    /// Nobody has filled in the bundle: the API server then trusts the authorities of its own machine.
    #[error("caBundle is empty")]
    NoBundle,
    /// The bundle holds nothing that could be trusted.
    #[error("caBundle holds no certificate that can be read")]
    UnreadableBundle,
    /// The server sent no certificate, or one that cannot be read.
    #[error("the certificate that is served cannot be read: {0}")]
    UnreadableCertificate(String),
    /// Its time has not come or is over.
    #[error("the certificate that is served {0}")]
    Time(&'static str),
    /// No authority of the bundle has signed it.
    #[error("no authority in caBundle has signed the certificate that is served ({0})")]
    Signer(String),
    /// It is for another name.
    #[error("the certificate that is served is not for {0}")]
    Name(String),
}

/// Whether the API server accepts this chain, leaf first, for `server_name`.
///
/// # Errors
/// When it does not: the first reason of those that Go's verifier looks for.
pub fn verify(
    bundle: &[u8],
    chain: &[CertificateDer<'_>],
    server_name: &str,
    now: SystemTime,
) -> Result<(), Distrust> {
    if bundle.is_empty() {
        return Err(Distrust::NoBundle);
    }
    let authorities: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(bundle).flatten().collect();
    let mut roots = RootCertStore::empty();
    let (readable, _) = roots.add_parsable_certificates(authorities.iter().cloned());
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err(Distrust::UnreadableCertificate("there is none".to_owned()));
    };
    if readable == 0 && !authorities.contains(leaf) {
        return Err(Distrust::UnreadableBundle);
    }
    in_time(leaf, now)?;
    let parsed = ParsedCertificate::try_from(leaf)
        .map_err(|error| Distrust::UnreadableCertificate(error.to_string()))?;
    // Go also trusts a leaf that is in the bundle itself, whoever signed it.
    if !authorities.contains(leaf) {
        signed(&parsed, &roots, intermediates, now)?;
    }
    let name = ServerName::try_from(server_name.to_owned())
        .map_err(|_| Distrust::Name(server_name.to_owned()))?;
    verify_server_name(&parsed, &name).map_err(|_| Distrust::Name(server_name.to_owned()))
}

fn in_time(leaf: &CertificateDer<'_>, now: SystemTime) -> Result<(), Distrust> {
    let validity = Validity::of(leaf).map_err(Distrust::UnreadableCertificate)?;
    match validity.at(now) {
        Validness::Valid(_) => Ok(()),
        Validness::Expired(_) => Err(Distrust::Time("has expired")),
        Validness::NotYet(_) => Err(Distrust::Time("is not valid yet")),
    }
}

fn signed(
    leaf: &ParsedCertificate<'_>,
    roots: &RootCertStore,
    intermediates: &[CertificateDer<'_>],
    now: SystemTime,
) -> Result<(), Distrust> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let algorithms = crypto::install().signature_verification_algorithms.all;
    let now = UnixTime::since_unix_epoch(now);
    verify_server_cert_signed_by_trust_anchor(leaf, roots, intermediates, now, algorithms)
        .map_err(|error| Distrust::Signer(reason(&error)))
}

fn reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "unknown authority".to_owned()
        }
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            "another authority of the same name has".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    const NAME: &str = "l7guard.l7guard.svc";

    struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        fn new() -> Self {
            let mut parameters = CertificateParams::default();
            parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
        }

        fn signs(&self, name: &str) -> CertificateDer<'static> {
            let parameters = CertificateParams::new([name.to_owned()]).unwrap();
            let key = KeyPair::generate().unwrap();
            parameters.signed_by(&key, &self.0).unwrap().der().clone()
        }

        fn bundle(&self) -> Vec<u8> {
            self.0.pem().into_bytes()
        }
    }

    fn verified(bundle: &[u8], leaf: &CertificateDer<'static>) -> Result<(), Distrust> {
        verify(bundle, std::slice::from_ref(leaf), NAME, SystemTime::now())
    }

    #[test]
    fn a_leaf_that_an_authority_of_the_bundle_signed_is_accepted() {
        let (ours, other) = (Authority::new(), Authority::new());
        let both = [other.bundle(), ours.bundle()].concat();
        assert_eq!(verified(&both, &ours.signs(NAME)), Ok(()));
    }

    #[test]
    fn a_leaf_in_the_bundle_itself_is_accepted() {
        let parameters = CertificateParams::new([NAME.to_owned()]).unwrap();
        let leaf = parameters
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap();
        assert_eq!(verified(leaf.pem().as_bytes(), leaf.der()), Ok(()));
    }

    #[test]
    fn each_reason_to_refuse_is_told() {
        let (ours, other) = (Authority::new(), Authority::new());
        let leaf = ours.signs(NAME);
        assert_eq!(verified(b"", &leaf), Err(Distrust::NoBundle));
        assert_eq!(verified(b"rubbish", &leaf), Err(Distrust::UnreadableBundle));
        assert!(matches!(
            verified(&other.bundle(), &leaf),
            Err(Distrust::Signer(_))
        ));
        assert_eq!(
            verified(&ours.bundle(), &ours.signs("l7guard.other.svc")),
            Err(Distrust::Name(NAME.to_owned()))
        );
        let none = verify(&ours.bundle(), &[], NAME, SystemTime::now());
        assert!(matches!(none, Err(Distrust::UnreadableCertificate(_))));
        let validity = Validity::of(&leaf).unwrap();
        let second = Duration::from_secs(1);
        for (moment, expected) in [
            (validity.not_after + second, "has expired"),
            (validity.not_before - second, "is not valid yet"),
        ] {
            let result = verify(&ours.bundle(), std::slice::from_ref(&leaf), NAME, moment);
            assert_eq!(result, Err(Distrust::Time(expected)));
        }
    }
}
