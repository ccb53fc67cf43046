//! What has become of the exemptions of the configuration in force, as a metric.

use std::time::Duration;

use l7guard_policy::configuration::{Configuration, Date};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::interval;

use super::tasks;
use crate::clock;
use crate::configuration::{ExemptionStates, exemption_states};
use crate::live::LiveConfiguration;
use crate::metrics::{Registry, descriptions, label_sets};
use crate::supervisor::Supervisor;

descriptions! {
    EXEMPTIONS: Gauge "exemptions" ["state"]
        "Exemptions of the configuration: state is active, expiring (within 14 days) or expired";
    EXPIRY: Gauge "exemption_expiry_timestamp_seconds" ["exemption"]
        "When each exemption of the configuration ends, in seconds since 1970: the first moment after its last day (UTC)";
}

label_sets! {
    StateLabels { state }
}

/// The name of an exemption: it stands in the configuration, which bounds how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExemptionLabels {
    exemption: String,
}

/// How often exemptions are looked at: their states depend on the day.
const INTERVAL: Duration = Duration::from_secs(10);

/// The metric of exemptions. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct ExemptionMetrics {
    exemptions: Family<StateLabels, Gauge>,
    expiry: Family<ExemptionLabels, Gauge>,
}

impl ExemptionMetrics {
    pub(super) fn register(to: &Registry) -> Self {
        Self {
            exemptions: to.register(&EXEMPTIONS, Family::default()),
            expiry: to.register(&EXPIRY, Family::default()),
        }
    }

    /// Sets both metrics for a configuration, on this day (UTC).
    pub(super) fn set(&self, configuration: &Configuration, today: Date) {
        self.set_states(exemption_states(configuration, today));
        self.expiry.clear();
        for exemption in &configuration.exemptions {
            let end = exemption.expires.next_day().unwrap_or(exemption.expires);
            let name = ExemptionLabels {
                exemption: exemption.name.to_string(),
            };
            let end = end.midnight().assume_utc().unix_timestamp();
            self.expiry.get_or_create(&name).set(end);
        }
    }

    fn set_states(&self, states: ExemptionStates) {
        for (state, count) in [
            ("active", states.active),
            ("expiring", states.expiring),
            ("expired", states.expired),
        ] {
            let state = StateLabels { state };
            self.exemptions.get_or_create(&state).set(count);
        }
    }
}

/// Counts the exemptions from now on.
pub(super) fn count(
    configuration: LiveConfiguration,
    registry: &Registry,
    supervisor: &mut Supervisor,
) {
    let metrics = ExemptionMetrics::register(registry);
    supervisor.spawn(&tasks::EXEMPTIONS, move || {
        keep_counting(configuration.clone(), metrics.clone())
    });
}

async fn keep_counting(configuration: LiveConfiguration, metrics: ExemptionMetrics) {
    let mut ticks = interval(INTERVAL);
    loop {
        ticks.tick().await;
        metrics.set(&configuration.current(), clock::today());
    }
}
