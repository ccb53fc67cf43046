//! All metrics of a server: each room's, registered in the order of the documentation.

use prometheus_client::metrics::info::Info;

use super::exemptions;
use crate::judge::metrics::ReviewMetrics;
use crate::metrics::{self, Description, Registry, UnreadableObjects, descriptions, label_sets};
use crate::{
    audit, cluster, doctor, installation, judge, logging, operations, pki, reload, server,
    supervisor,
};

descriptions! {
    BUILD: Info "build" ["version"]
        "The version of l7guard";
}

label_sets! {
    VersionLabels { version }
}

/// The metrics of every room, in the order of the documentation.
const ROOMS: [&[Description]; 14] = [
    judge::metrics::DESCRIPTIONS,
    exemptions::DESCRIPTIONS,
    audit::metrics::DESCRIPTIONS,
    cluster::metrics::DESCRIPTIONS,
    metrics::UNREADABLE_OBJECTS,
    reload::metrics::DESCRIPTIONS,
    pki::metrics::DESCRIPTIONS,
    installation::metrics::DESCRIPTIONS,
    doctor::metrics::DESCRIPTIONS,
    server::metrics::DESCRIPTIONS,
    logging::metrics::DESCRIPTIONS,
    supervisor::metrics::DESCRIPTIONS,
    operations::metrics::DESCRIPTIONS,
    DESCRIPTIONS,
];

/// What each metric is called and says, in the order of the documentation.
pub fn described() -> impl Iterator<Item = &'static Description> {
    ROOMS.into_iter().flatten()
}

/// The metrics of a server. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    reviews: ReviewMetrics,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let reviews = ReviewMetrics::new();
        let registry: &Registry = &reviews;
        // Those without labels are written before anything has happened.
        exemptions::ExemptionMetrics::register(registry);
        audit::metrics::AuditMetrics::register(registry);
        cluster::metrics::ClusterMetrics::register(registry);
        UnreadableObjects::register(registry);
        reload::ReloadMetrics::register(registry);
        pki::metrics::CertificateMetrics::register(registry);
        installation::metrics::InstallationMetrics::register(registry);
        doctor::metrics::OwnInstallationMetrics::register(registry);
        server::metrics::ConnectionMetrics::register(registry);
        logging::metrics::LogMetrics::register(registry);
        supervisor::metrics::TaskMetrics::register(registry);
        operations::metrics::ReadinessMetrics::register(registry);
        let version = env!("CARGO_PKG_VERSION");
        registry.register_info(&BUILD, Info::new(VersionLabels { version }));
        Self { reviews }
    }

    /// What rooms register theirs with.
    pub(crate) fn registry(&self) -> &Registry {
        &self.reviews
    }

    /// Those of reviews.
    pub(crate) fn reviews(&self) -> &ReviewMetrics {
        &self.reviews
    }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
