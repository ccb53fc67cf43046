//! Which replica writes: the holder of a Lease that is called like the installation's Service.
//!
//! Leadership is no lock. A replica that was cut off may believe for some seconds that it still leads; so all that the leader
//! writes may be written twice.

use std::future::Future;
use std::time::Duration;

use kube::Client;
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::{BoxError, service_fn};

use super::metrics::AuditMetrics;
use crate::jitter;

/// How long the Lease holds, in seconds: after that another replica takes it.
pub(crate) const DURATION: u64 = 15;

/// How long before its end the Lease is renewed, in seconds.
const GRACE: u64 = 10;

/// How long a request may take. Renewing has to fail before the Lease ends.
const REQUEST: Duration = Duration::from_secs(4);

/// How long to wait after a failure, and up to as long again.
const PAUSE: Duration = Duration::from_secs(2);

/// A Lease, and who asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The Lease's namespace.
    pub namespace: String,
    /// The Lease's name.
    pub name: String,
    /// The name of this replica, unlike that of any other.
    pub replica: String,
}

/// Where it is told whether this replica leads. It does not when this is dropped.
struct Told<'a> {
    leads: &'a watch::Sender<bool>,
    metrics: &'a AuditMetrics,
}

impl Told<'_> {
    fn tell(&self, leads: bool) {
        self.metrics.leader(leads);
        let has_changed = self.leads.send_if_modified(|told| {
            let has_changed = *told != leads;
            *told = leads;
            has_changed
        });
        if has_changed && leads {
            tracing::info!("audit: this replica writes reports and Events");
        } else if has_changed {
            tracing::info!("audit: this replica writes no reports and Events any more");
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.tell(false);
    }
}

/// Takes the Lease whenever it is free, and renews it, until `stop`; then it is released.
pub(crate) async fn keep(
    client: Client,
    candidate: Candidate,
    leads: &watch::Sender<bool>,
    metrics: &AuditMetrics,
    stop: impl Future<Output = ()>,
) {
    let client = hasty(client);
    let told = Told { leads, metrics };
    let mut stop = std::pin::pin!(stop);
    loop {
        let failed = tokio::select! {
            () = &mut stop => return,
            made = manager(&client, &candidate) => match made {
                Ok(manager) => tokio::select! {
                    failed = hold(&manager, &told) => failed,
                    () = &mut stop => {
                        told.tell(false);
                        release(&manager).await;
                        return;
                    }
                },
                Err(error) => error,
            },
        };
        told.tell(false);
        tracing::warn!(error = %failed, lease = candidate.name, "the Lease cannot be held");
        tokio::select! {
            () = &mut stop => return,
            () = sleep(jitter::lengthened(PAUSE)) => {}
        }
    }
}

async fn manager(
    client: &Client,
    candidate: &Candidate,
) -> Result<LeaseManager, LeaseManagerError> {
    LeaseManagerBuilder::new(client.clone(), &candidate.name)
        .with_namespace(&candidate.namespace)
        .with_identity(&candidate.replica)
        .with_duration(DURATION)
        .with_grace(GRACE)
        .build()
        .await
}

/// Tells who leads until that cannot be said any more. A manager that failed does not say that it holds the Lease again: it
/// has to be made anew.
async fn hold(manager: &LeaseManager, told: &Told<'_>) -> LeaseManagerError {
    loop {
        match manager.changed().await {
            Ok(leads) => told.tell(leads),
            Err(error) => return error,
        }
    }
}

async fn release(manager: &LeaseManager) {
    match timeout(REQUEST, manager.release()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be released"),
        Err(_) => tracing::warn!("the Lease cannot be released in time"),
    }
}

/// The client, each request of which ends in time.
fn hasty(client: Client) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = service_fn(move |request| {
        let client = client.clone();
        async move {
            match timeout(REQUEST, client.send(request)).await {
                Ok(answer) => answer.map_err(BoxError::from),
                Err(late) => Err(BoxError::from(late)),
            }
        }
    });
    Client::new(service, namespace)
}
