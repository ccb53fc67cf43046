//! What has become of the exemptions of the configuration in force, as a metric.

use std::time::Duration;

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
}

label_sets! {
    StateLabels { state }
}

/// How often exemptions are looked at: their states depend on the day.
const INTERVAL: Duration = Duration::from_secs(10);

/// The metric of exemptions. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct ExemptionMetrics {
    exemptions: Family<StateLabels, Gauge>,
}

impl ExemptionMetrics {
    pub(super) fn register(to: &Registry) -> Self {
        Self {
            exemptions: to.register(&EXEMPTIONS, Family::default()),
        }
    }

    pub(super) fn set(&self, states: ExemptionStates) {
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
        metrics.set(exemption_states(&configuration.current(), clock::today()));
    }
}
