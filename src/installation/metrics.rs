//! What is measured of the certificates that an installation keeps itself.

use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::failure::Failure;
use crate::metrics::{Registry, descriptions, label_sets, seconds};

descriptions! {
    AUTHORITY_EXPIRY: Gauge "certificate_authority_expiry_timestamp_seconds" []
        "When the authority that signs the certificate expires, in seconds since 1970; with --managed-certificates, else 0";
    AUTHORITY_WRITES: Counter "certificate_authority_writes" ["reason"]
        "Writes of the Secret with the authorities: reason is created, mended, next_made, promoted or previous_dropped";
    CA_BUNDLE_WRITES: Counter "ca_bundle_writes" []
        "Writes of caBundle";
    FAILURES: Counter "certificate_failures" ["reason"]
        "Attempts to keep certificates that failed: reason is api_server, foreign_secret, contended or issue";
}

label_sets! {
    ReasonLabels { reason }
}

/// The metrics of managed certificates. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct InstallationMetrics {
    authority_expiry: Gauge,
    authority_writes: Family<ReasonLabels, Counter>,
    ca_bundle_writes: Counter,
    failures: Family<ReasonLabels, Counter>,
}

impl InstallationMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        let metrics = Self {
            authority_expiry: to.register(&AUTHORITY_EXPIRY, Gauge::default()),
            authority_writes: to.register(&AUTHORITY_WRITES, Family::default()),
            ca_bundle_writes: to.register(&CA_BUNDLE_WRITES, Counter::default()),
            failures: to.register(&FAILURES, Family::default()),
        };
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for reason in ["api_server", "foreign_secret", "contended", "issue"] {
            drop(metrics.failures.get_or_create(&ReasonLabels { reason }));
        }
        metrics
    }

    /// The signing authority expires then.
    pub(crate) fn authority_expiry(&self, not_after: SystemTime) {
        self.authority_expiry.set(seconds(not_after));
    }

    /// The Secret was written. `reason` is one of a few words.
    pub(crate) fn authority_write(&self, reason: &'static str) {
        self.authority_writes
            .get_or_create(&ReasonLabels { reason })
            .inc();
    }

    /// caBundle was written.
    pub(crate) fn ca_bundle_write(&self) {
        self.ca_bundle_writes.inc();
    }

    /// Certificates could not be kept.
    pub(crate) fn failure(&self, failure: &Failure) {
        let reason = match failure {
            Failure::Unanswered { .. } => "api_server",
            Failure::ForeignSecret { .. } => "foreign_secret",
            Failure::Contended { .. } => "contended",
            Failure::Issue(_) => "issue",
        };
        self.failures.get_or_create(&ReasonLabels { reason }).inc();
    }
}
