//! One replica's certificate: signed by the authority that all replicas share, trusted by the API server, and renewed.
//!
//! Each replica does all of it, whenever an object changes and from time to time. What it does is `reconciler.rs`.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use tokio::time::sleep;

use super::failure::Failure;
use super::identity::Installation;
use super::metrics::InstallationMetrics;
use super::reconciler::Reconciler;
use super::wake;
use super::webhook_configuration::Watched;
use crate::jitter;
use crate::metrics::Registry;
use crate::operations::{Condition, NeededFor, Readiness};
use crate::pki::authority_set::Lifetimes;
use crate::pki::served::CertificatePublisher;

/// How long to wait at least after a failure, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Keeps the certificate of one replica, the authorities that it shares with others, and caBundle.
pub struct CertificateKeeper {
    client: Client,
    installation: Installation,
    lifetimes: Lifetimes,
    publisher: CertificatePublisher,
    /// What went wrong last, until it goes right.
    trouble: Mutex<Option<String>>,
    /// Whether the API server has been told once what to trust. Once it has, that is not taken back: a replica that goes
    /// away because caBundle is wrong would mend nothing.
    ca_bundle: Condition,
    was_told: AtomicBool,
    metrics: InstallationMetrics,
}

impl CertificateKeeper {
    /// Of a replica that has no certificate yet.
    #[must_use]
    pub fn new(
        client: Client,
        installation: Installation,
        lifetimes: Lifetimes,
        publisher: CertificatePublisher,
        readiness: &Readiness,
        metrics: &Registry,
    ) -> Self {
        let missing = "caBundle has not been looked at yet";
        Self {
            client,
            installation,
            lifetimes,
            publisher,
            trouble: Mutex::default(),
            ca_bundle: readiness.condition("ca_bundle", NeededFor::NewCallers, missing),
            was_told: AtomicBool::new(false),
            metrics: InstallationMetrics::register(metrics),
        }
    }

    /// What went wrong last; `None`: nothing, or it has gone right since.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.last().clone()
    }

    /// Keeps everything, for ever. It may be begun anew after it was dropped or has panicked.
    pub async fn keep(self: Arc<Self>) {
        let (client, names) = (&self.client, &self.installation);
        let (publisher, metrics) = (self.publisher.clone(), self.metrics.clone());
        let mut reconciler = Reconciler::new(client, names, self.lifetimes, publisher, metrics);
        let secrets = Api::namespaced(client.clone(), &names.service.namespace);
        let mut changes = pin!(stream::select(
            wake::changes::<Secret>(secrets, &names.authority_secret()),
            wake::changes::<Watched>(Api::all(client.clone()), &names.webhook_configuration),
        ));
        let mut retry = RETRY.0;
        loop {
            let pause = match reconciler.look().await {
                Ok(()) => {
                    self.succeeded();
                    retry = RETRY.0;
                    reconciler.until_next()
                }
                Err(failure) => {
                    self.failed(&failure);
                    let pause = jitter::lengthened(retry);
                    retry = (retry * 2).min(RETRY.1);
                    pause
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                Some(()) = changes.next() => {}
            }
        }
    }

    fn succeeded(&self) {
        self.was_told.store(true, Ordering::Relaxed);
        self.ca_bundle.holds();
        if self.last().take().is_some() {
            tracing::info!("certificates are kept again");
        }
    }

    fn failed(&self, failure: &Failure) {
        self.metrics.failure(failure);
        let reason = failure.to_string();
        let mut last = self.last();
        if last.as_ref() == Some(&reason) {
            return;
        }
        tracing::warn!(reason, "certificates cannot be kept");
        if !self.was_told.load(Ordering::Relaxed) {
            self.ca_bundle.fails(reason.clone());
        }
        *last = Some(reason);
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
