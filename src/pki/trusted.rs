//! Certificates that clients trust: what stands in a bundle such as `caBundle`.

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::issued::Validity;

/// A certificate that clients are told to trust, and when it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedCertificate {
    der: CertificateDer<'static>,
    validity: Validity,
}

impl TrustedCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(der: CertificateDer<'static>) -> Result<Self, String> {
        let validity = Validity::of(&der)?;
        Ok(Self { der, validity })
    }

    /// The certificates of a PEM text. What cannot be read is left out: nobody can trust it.
    #[must_use]
    pub fn of_bundle(pem: &[u8]) -> Vec<Self> {
        CertificateDer::pem_slice_iter(pem)
            .filter_map(Result::ok)
            .filter_map(|der| Self::read(der).ok())
            .collect()
    }

    /// The certificate itself.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// When it is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// As PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        let pem = Pem::new("CERTIFICATE", self.der.to_vec());
        pem::encode_config(&pem, EncodeConfig::new().set_line_ending(LineEnding::LF))
    }
}

/// Certificates as one PEM text.
#[must_use]
pub fn bundle_pem<'a>(certificates: impl IntoIterator<Item = &'a TrustedCertificate>) -> String {
    certificates
        .into_iter()
        .map(TrustedCertificate::pem)
        .collect()
}
