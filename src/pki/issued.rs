//! A certificate with its key and the time in which it is valid, whatever it comes from.

use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate chain with its key, and when its leaf is valid.
#[derive(Debug)]
pub struct Issued {
    /// The chain, leaf first, and the private key that belongs to the leaf.
    pub certificate: CertifiedKey,
    /// When the leaf is valid.
    pub validity: Validity,
}

/// The time in which a certificate is valid, both ends included (RFC 5280, section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: SystemTime,
    /// The last moment.
    pub not_after: SystemTime,
}

/// How a moment stands to a [`Validity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validness {
    /// The certificate is not valid yet, for so long.
    NotYet(Duration),
    /// It is valid, and stays so for so long.
    Valid(Duration),
    /// It has been expired for so long.
    Expired(Duration),
}

impl Validity {
    /// When a certificate is valid.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn of(der: &CertificateDer<'_>) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let validity = certificate.validity();
        Ok(Self {
            not_before: validity.not_before.to_datetime().into(),
            not_after: validity.not_after.to_datetime().into(),
        })
    }

    /// How `now` stands to it.
    #[must_use]
    pub fn at(&self, now: SystemTime) -> Validness {
        if let Ok(early) = self.not_before.duration_since(now)
            && !early.is_zero()
        {
            return Validness::NotYet(early);
        }
        match self.not_after.duration_since(now) {
            Ok(left) => Validness::Valid(left),
            Err(past) => Validness::Expired(past.duration()),
        }
    }
}
