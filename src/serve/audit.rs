//! The audit loop of a server that watches a cluster, and the tasks that publish what it finds.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::configuration::InForce;
use super::tasks;
use super::world::ServedWorld;
use crate::audit::leadership::Leading;
use crate::audit::lease::{self, Candidate};
use crate::audit::metrics::AuditMetrics;
use crate::audit::pass::Pass;
use crate::audit::publish::Publisher;
use crate::audit::watch::AuditLoop;
use crate::installation::Installation;
use crate::metrics::Registry;
use crate::operations::Readiness;
use crate::server::Stop;
use crate::supervisor::Supervisor;

/// How long the end of the process waits for the Lease to be released.
const RELEASE: Duration = Duration::from_secs(5);

/// What the tasks need.
pub(super) struct Needed<'a> {
    pub(super) world: &'a ServedWorld,
    pub(super) configuration: &'a InForce,
    /// The installation that this process is a replica of; without one nothing is written to the cluster.
    pub(super) installation: Option<&'a Installation>,
    pub(super) readiness: &'a Readiness,
    pub(super) registry: &'a Registry,
    pub(super) stop: &'a Stop,
}

/// Whether the Lease was given back.
pub(super) struct LeaseReleased(Option<watch::Receiver<bool>>);

/// Begins the tasks. In a world of manifests nothing changes that nobody judges: there are none.
pub(super) fn begin(needed: &Needed<'_>, supervisor: &mut Supervisor) -> LeaseReleased {
    let ServedWorld::Cluster(world) = needed.world else {
        return LeaseReleased(None);
    };
    let metrics = AuditMetrics::register(needed.registry);
    let (passes, told) = watch::channel(Pass::default());
    let audit_loop = AuditLoop {
        world: world.clone(),
        configuration: needed.configuration.policy.clone(),
        settings: needed.configuration.audit.clone(),
        readiness: needed.readiness.clone(),
        metrics: metrics.clone(),
        passes,
    };
    supervisor.spawn(&tasks::AUDIT, move || audit_loop.clone().keep_auditing());
    let leading = match needed.installation {
        Some(_) => Leading::new(),
        None => Leading::alone(),
    };
    let (leadership, leading) = (leading.leadership(), Arc::new(leading));
    let replica = replica();
    let service = needed.installation.map(|it| it.service.clone());
    let (client, settings) = (world.client(), needed.configuration.audit.clone());
    let (publishing_replica, publishing_metrics) = (replica.clone(), metrics.clone());
    // Without a Lease nobody else holds the sender.
    let kept = Arc::clone(&leading);
    supervisor.spawn(&tasks::PUBLISHING, move || {
        let mut publisher = Publisher::new(
            client.clone(),
            service.clone(),
            &publishing_replica,
            settings.clone(),
            &publishing_metrics,
        );
        let (told, leadership, kept) = (told.clone(), leadership.clone(), Arc::clone(&kept));
        async move {
            publisher.keep_publishing(told, leadership).await;
            drop(kept);
            pending::<()>().await;
        }
    });
    let Some(installation) = needed.installation else {
        return LeaseReleased(None);
    };
    let candidate = Candidate {
        namespace: installation.service.namespace.clone(),
        name: installation.service.name.clone(),
        // Two processes may have the same name, of a Pod that is started anew or of a host.
        replica: format!("{replica}_{:016x}", fastrand::u64(..)),
    };
    let (client, stop) = (world.client(), needed.stop.clone());
    let (released, is_released) = watch::channel(false);
    let released = Arc::new(released);
    supervisor.spawn(&tasks::LEASE, move || {
        let (client, candidate, stop) = (client.clone(), candidate.clone(), stop.clone());
        let (leading, metrics, released) = (leading.clone(), metrics.clone(), released.clone());
        async move {
            lease::keep(client, candidate, &leading, &metrics, stop.requested()).await;
            released.send_replace(true);
        }
    });
    LeaseReleased(Some(is_released))
}

impl LeaseReleased {
    /// Waits for it, not for ever.
    pub(super) async fn wait(self) {
        if let Some(mut released) = self.0 {
            let released = released.wait_for(|released| *released);
            // Whoever waits for the Lease gets it when it has run out.
            let _ = timeout(RELEASE, released).await;
        }
    }
}

/// The name of this replica: that of its Pod, else of its host.
fn replica() -> String {
    let pod = std::env::var("POD_NAME")
        .ok()
        .filter(|name| !name.is_empty());
    pod.unwrap_or_else(|| {
        let host = rustix::system::uname();
        host.nodename().to_string_lossy().into_owned()
    })
}
