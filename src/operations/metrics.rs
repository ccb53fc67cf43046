//! What is measured of readiness.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Registry, descriptions, label_sets};

descriptions! {
    READINESS: Gauge "readiness" ["condition"]
        "Whether a condition of readiness holds (1) or not (0): a replica is ready when all of them do";
}

label_sets! {
    ConditionLabels { condition }
}

/// The metrics of readiness. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ReadinessMetrics(Family<ConditionLabels, Gauge>);

impl ReadinessMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self(to.register(&READINESS, Family::default()))
    }

    /// How a condition stands.
    pub(crate) fn condition(&self, condition: &'static str, holds: bool) {
        let labels = ConditionLabels { condition };
        self.0.get_or_create(&labels).set(holds.into());
    }
}
