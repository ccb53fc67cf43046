//! What is measured of the certificate that is served.

use std::time::SystemTime;

use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Registry, descriptions, seconds};

descriptions! {
    CERTIFICATE_EXPIRY: Gauge "tls_certificate_expiry_timestamp_seconds" []
        "When the certificate that is served expires, in seconds since 1970";
}

/// The metrics of the certificate. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct CertificateMetrics {
    expiry: Gauge,
}

impl CertificateMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self {
            expiry: to.register(&CERTIFICATE_EXPIRY, Gauge::default()),
        }
    }

    /// The certificate that is served expires then.
    pub(crate) fn expiry(&self, not_after: SystemTime) {
        self.expiry.set(seconds(not_after));
    }
}
