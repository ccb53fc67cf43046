//! What a replica measures of its own installation.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Registry, descriptions};

descriptions! {
    CONFIGURATION_MATCHES: Gauge "webhook_configuration_matches" []
        "Whether the webhook configuration sends reviews here, of every kind that is served, in a way that can be answered (1); with --service, left out while it cannot be read";
    CA_BUNDLE_MATCHES: Gauge "ca_bundle_matches" []
        "Whether caBundle of every entry verifies the certificate that this replica serves (1); with --service, left out while it cannot be read";
}

/// No labels; a family of them is left out while it has no value.
type NoLabels = [(&'static str, &'static str); 0];

/// A gauge that may have no value.
#[derive(Clone, Debug)]
pub(crate) struct MatchGauge(Family<NoLabels, Gauge>);

impl MatchGauge {
    /// `None`: nobody knows.
    pub(crate) fn set(&self, matches: Option<bool>) {
        match matches {
            Some(matches) => {
                self.0.get_or_create(&[]).set(matches.into());
            }
            None => self.0.clear(),
        }
    }
}

/// The metrics of the own installation. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct OwnInstallationMetrics {
    pub(crate) configuration: MatchGauge,
    pub(crate) ca_bundle: MatchGauge,
}

impl OwnInstallationMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        let gauge = |description| MatchGauge(to.register(description, Family::default()));
        Self {
            configuration: gauge(&CONFIGURATION_MATCHES),
            ca_bundle: gauge(&CA_BUNDLE_MATCHES),
        }
    }
}
