//! Which replica writes: the holder of a Lease that is called like the installation's Service.
//!
//! Leadership is no lock. A replica that was cut off may believe for some seconds that it still leads; so the API server refuses
//! what rests on an older state of a report, and all that the leader writes may be written twice.
//!
//! The manager of the Lease goes by the wall clock. When that is set back, it takes a Lease for valid that others have taken
//! long since. So a renewal counts here for as long as the Lease lasts, on a clock that nobody sets.

use std::future::Future;
use std::time::Duration;

use hyper::Method;
use kube::Client;
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{BoxError, service_fn};

use super::leadership::Leading;
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
    leading: &'a Leading,
    metrics: &'a AuditMetrics,
}

impl Told<'_> {
    fn tell(&self, leads: bool) {
        self.metrics.leader(leads);
        let has_changed = self.leading.tell(leads);
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
    leading: &Leading,
    metrics: &AuditMetrics,
    stop: impl Future<Output = ()>,
) {
    let (renewed, renewals) = watch::channel(Instant::now());
    let client = hasty(client, renewed.clone());
    let told = Told { leading, metrics };
    let mut stop = std::pin::pin!(stop);
    loop {
        let failed = tokio::select! {
            () = &mut stop => return,
            made = manager(&client, &candidate) => match made {
                Ok(manager) => tokio::select! {
                    failed = hold(&manager, &told, renewals.clone()) => failed,
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
async fn hold(
    manager: &LeaseManager,
    told: &Told<'_>,
    mut renewals: watch::Receiver<Instant>,
) -> LeaseManagerError {
    let mut changed = std::pin::pin!(manager.changed());
    let mut has_lease = false;
    loop {
        let until = *renewals.borrow_and_update();
        let is_renewed = until > Instant::now();
        told.leading.holds_until(until);
        told.tell(has_lease && is_renewed);
        tokio::select! {
            now = &mut changed => match now {
                Ok(now) => {
                    has_lease = now;
                    changed.set(manager.changed());
                }
                Err(error) => return error,
            },
            Ok(()) = renewals.changed() => {}
            () = sleep_until(until), if has_lease && is_renewed => {}
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

/// The client, each request of which ends in time. `renewed` is told until when each write that is done makes the Lease last.
fn hasty(client: Client, renewed: watch::Sender<Instant>) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = service_fn(move |request: hyper::Request<_>| {
        let (client, renewed) = (client.clone(), renewed.clone());
        async move {
            let until = Instant::now() + Duration::from_secs(DURATION);
            let is_write = request.method() == Method::PATCH;
            match timeout(REQUEST, client.send(request)).await {
                Ok(Ok(answer)) => {
                    if is_write && answer.status().is_success() {
                        renewed.send_replace(until);
                    }
                    Ok(answer)
                }
                Ok(Err(error)) => Err(BoxError::from(error)),
                Err(late) => Err(BoxError::from(late)),
            }
        }
    });
    Client::new(service, namespace)
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
