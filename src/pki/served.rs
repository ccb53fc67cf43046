//! The certificate that is served now. Where it comes from is another matter: a source publishes it through a channel.
//!
//! ```text
//! certificate_files ─┐
//! development ───────┼─ publish ─▶ CertificatePublisher ─▶ ServedCertificate ─▶ TLS handshakes, readiness
//! (further sources) ─┘
//! ```

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::issued::{Issued, Validity, Validness};
use super::metrics::CertificateMetrics;
use crate::metrics::Registry;

/// The end of a source. What it publishes is served from the next handshake on; connections keep what they began with.
#[derive(Clone, Debug)]
pub struct CertificatePublisher {
    current: Arc<ArcSwapOption<Current>>,
    metrics: CertificateMetrics,
}

/// The end of the listener. Until a source has published a certificate, handshakes fail.
#[derive(Clone, Debug)]
pub struct ServedCertificate(Arc<ArcSwapOption<Current>>);

#[derive(Debug)]
struct Current {
    certified: Arc<CertifiedKey>,
    validity: Validity,
}

/// Both ends, without a certificate yet.
#[must_use]
pub fn channel(metrics: &Registry) -> (CertificatePublisher, ServedCertificate) {
    let current = Arc::new(ArcSwapOption::empty());
    let publisher = CertificatePublisher {
        current: Arc::clone(&current),
        metrics: CertificateMetrics::register(metrics),
    };
    (publisher, ServedCertificate(current))
}

impl CertificatePublisher {
    /// Serves this certificate from now on.
    pub fn publish(&self, issued: Issued) {
        self.metrics.expiry(issued.validity.not_after);
        self.current.store(Some(Arc::new(Current {
            certified: Arc::new(issued.certificate),
            validity: issued.validity,
        })));
    }

    /// When the certificate that is served is valid; `None`: there is none yet.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        validity(&self.current)
    }
}

impl ServedCertificate {
    /// The chain that is served now, leaf first; empty while there is none.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        let current = self.0.load();
        let chain = current.as_ref().map(|current| &current.certified.cert);
        chain.cloned().unwrap_or_default()
    }

    /// Why no client can accept what is served now, or in `margin` from now; `None`: clients can.
    #[must_use]
    pub fn trouble(&self, now: SystemTime, margin: Duration) -> Option<&'static str> {
        match validity(&self.0).map(|validity| validity.at(now)) {
            Some(Validness::Valid(left)) if left < margin => {
                Some("the certificate is about to expire")
            }
            Some(Validness::Valid(_)) => None,
            Some(Validness::Expired(_)) => Some("the certificate has expired"),
            Some(Validness::NotYet(_)) => Some("the certificate is not valid yet"),
            None => Some("there is no certificate yet"),
        }
    }
}

fn validity(current: &ArcSwapOption<Current>) -> Option<Validity> {
    current.load().as_ref().map(|current| current.validity)
}

impl ResolvesServerCert for ServedCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.load();
        current
            .as_ref()
            .map(|current| Arc::clone(&current.certified))
    }
}

#[cfg(test)]
impl ServedCertificate {
    /// The leaf in DER.
    pub(super) fn leaf(&self) -> Option<Vec<u8>> {
        let current = self.0.load();
        current
            .as_ref()
            .map(|current| current.certified.cert[0].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::super::development;
    use super::*;

    const MARGIN: Duration = Duration::from_mins(1);

    #[test]
    fn what_any_source_publishes_is_served_and_told() {
        let registry = Registry::new();
        let (publisher, served) = channel(&registry);
        let now = SystemTime::now();
        assert_eq!(served.leaf(), None);
        assert_eq!(
            served.trouble(now, MARGIN),
            Some("there is no certificate yet")
        );
        let mut leaves = Vec::new();
        for _ in 0..2 {
            let made = development::generate(&[]).unwrap();
            leaves.push(made.issued.certificate.cert[0].to_vec());
            publisher.publish(made.issued);
            assert_eq!(served.leaf().as_ref(), leaves.last());
        }
        assert_ne!(leaves[0], leaves[1]);
        let validity = publisher.validity().unwrap();
        assert_eq!(served.trouble(now, MARGIN), None);
        let second = Duration::from_secs(1);
        let late = validity.not_after - MARGIN - second;
        assert_eq!(served.trouble(late, MARGIN), None);
        for (moment, trouble) in [
            (validity.not_after + second, "the certificate has expired"),
            (
                validity.not_after - second,
                "the certificate is about to expire",
            ),
            (
                validity.not_before - second,
                "the certificate is not valid yet",
            ),
        ] {
            assert_eq!(served.trouble(moment, MARGIN), Some(trouble));
        }
        let end = validity.not_after.duration_since(SystemTime::UNIX_EPOCH);
        let line = format!(
            "l7guard_tls_certificate_expiry_timestamp_seconds {}\n",
            end.unwrap().as_secs()
        );
        assert!(registry.encode().unwrap().contains(&line));
    }
}
