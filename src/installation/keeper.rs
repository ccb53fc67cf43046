//! One replica's certificate: signed by the authority that all replicas share, trusted by the API server, and renewed.
//!
//! Each replica does all of it. Every write is conditional on the state that it is based on, and nothing is written that is
//! right already, so replicas need no leader and do not fight.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use futures_util::stream;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

use super::authority_secret::{self, AuthoritySecret, read_set};
use super::failure::Failure;
use super::identity::Installation;
use super::metrics::InstallationMetrics;
use super::pace::Pace;
use super::replica::Replica;
use super::wake;
use super::webhook_configuration::{self, Entries, WebhookConfiguration};
use crate::jitter;
use crate::metrics::Registry;
use crate::operations::{Condition, NeededFor, Readiness};
use crate::pki::authority_set::{AuthoritySet, Lifetimes};
use crate::pki::served::CertificatePublisher;

/// How often to look when nothing is heard of a change.
const POLL: Duration = Duration::from_secs(30);

/// How often to look while a certificate is not trusted yet by everybody.
const UNSETTLED: Duration = Duration::from_secs(1);

/// How long to wait at least after a failure, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How often a write is tried again at once when somebody else wrote before.
const ATTEMPTS: usize = 5;

/// Keeps the certificate of one replica, the authorities that it shares with others, and caBundle.
pub struct CertificateKeeper {
    client: Client,
    installation: Installation,
    lifetimes: Lifetimes,
    publisher: CertificatePublisher,
    /// What went wrong last, until it goes right.
    trouble: Mutex<Option<String>>,
    /// Whether the API server has been told once what to trust.
    ca_bundle: Condition,
    metrics: InstallationMetrics,
}

/// What an attempt leads to.
enum Attempt {
    Done,
    /// Somebody else wrote before: what was read is old.
    Again,
}

/// A task's own view.
struct Keeping<'a> {
    keeper: &'a CertificateKeeper,
    secret: AuthoritySecret,
    configuration: WebhookConfiguration,
    replica: Replica,
    pace: Pace,
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
        let mut keeping = Keeping {
            keeper: &self,
            secret: AuthoritySecret::of(names, client.clone()),
            configuration: WebhookConfiguration::of(names, client.clone()),
            replica: Replica::new(names, self.lifetimes, self.publisher.clone()),
            pace: Pace::new(Instant::now()),
        };
        let secrets = Api::namespaced(client.clone(), &names.service.namespace);
        let mut changes = pin!(stream::select(
            wake::changes::<Secret>(secrets, keeping.secret.name()),
            wake::changes::<webhook_configuration::Watched>(
                Api::all(client.clone()),
                keeping.configuration.name()
            ),
        ));
        let mut retry = RETRY.0;
        loop {
            let pause = match keeping.look().await {
                Ok(()) => {
                    self.succeeded();
                    retry = RETRY.0;
                    keeping.until_next()
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
        *last = Some(reason);
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeping<'_> {
    /// Puts right what is not.
    async fn look(&mut self) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            if let Attempt::Done = self.attempt().await? {
                return Ok(());
            }
        }
        Err(Failure::Contended {
            what: format!(
                "{} or {}",
                self.secret.describe(),
                self.configuration.describe()
            ),
        })
    }

    /// The configuration is read before the Secret. So whoever writes caBundle has read the Secret after the last write of
    /// caBundle, and a replica with an old view cannot undo what another one wrote with a newer one.
    async fn attempt(&mut self) -> Result<Attempt, Failure> {
        let entries = self.configuration.read().await;
        let Some(set) = self.authorities(entries.as_ref().ok()).await? else {
            return Ok(Attempt::Again);
        };
        self.replica.see(&set, entries.as_ref().ok());
        self.keeper
            .metrics
            .authority_expiry(set.signing.certificate().validity().not_after);
        self.replica.take_certificate(&set, SystemTime::now())?;
        self.write_ca_bundle(&entries?, &set).await
    }

    /// The authorities that are in force, after whatever was due. `None`: somebody else wrote before.
    async fn authorities(
        &self,
        entries: Option<&Entries>,
    ) -> Result<Option<AuthoritySet>, Failure> {
        let now = SystemTime::now();
        let secret = self.secret.read().await?;
        let (set, change) = match &secret {
            None => (self.found(entries, now)?, Some("created")),
            Some(secret) => self.due(secret, entries, now)?,
        };
        let Some(change) = change else {
            return Ok(Some(set));
        };
        let written = match &secret {
            None => self.secret.create(&set).await?,
            Some(secret) => self.secret.replace(secret, &set).await?,
        };
        match written {
            authority_secret::Write::Lost => Ok(None),
            authority_secret::Write::Stored => {
                let secret = self.secret.describe();
                tracing::info!(secret, change, "certificate authorities written");
                self.keeper.metrics.authority_write(change);
                Ok(Some(set))
            }
        }
    }

    /// What is to stand in the Secret, and what is different about it.
    fn due(
        &self,
        secret: &Secret,
        entries: Option<&Entries>,
        now: SystemTime,
    ) -> Result<(AuthoritySet, Option<&'static str>), Failure> {
        let broken = match read_set(secret, now) {
            Ok(mut set) => {
                let is_settled = |certificate: &_| {
                    entries.is_some_and(|entries| entries.all_trust(certificate))
                        && self.replica.is_trusted(certificate)
                };
                let rotation = set.rotate(now, &self.keeper.lifetimes, is_settled)?;
                let mut change = rotation.map(|rotation| rotation.as_str());
                if self.replica.keep_trusted(&mut set, now) {
                    change = change.or(Some("mended"));
                }
                if set.can_sign(now) {
                    return Ok((set, change));
                }
                "its certificate authority has expired".to_owned()
            }
            Err(reason) => reason,
        };
        let secret = self.secret.describe();
        tracing::warn!(
            secret,
            reason = broken,
            "replacing a certificate authority that cannot be used"
        );
        Ok((self.found(entries, now)?, Some("mended")))
    }

    /// New authorities, beside those that are trusted now: what they have signed is still served.
    fn found(&self, entries: Option<&Entries>, now: SystemTime) -> Result<AuthoritySet, Failure> {
        let trusted = entries
            .into_iter()
            .flat_map(Entries::trusted)
            .cloned()
            .collect();
        let mut set = AuthoritySet::found(now, &self.keeper.lifetimes, trusted)?;
        self.replica.keep_trusted(&mut set, now);
        Ok(set)
    }

    async fn write_ca_bundle(
        &mut self,
        entries: &Entries,
        set: &AuthoritySet,
    ) -> Result<Attempt, Failure> {
        if entries.trust_exactly(set.bundle()) {
            return Ok(Attempt::Done);
        }
        let configuration = self.configuration.describe();
        if !self.pace.take(Instant::now()) {
            return Err(Failure::Contended {
                what: configuration,
            });
        }
        match self.configuration.write(entries, set.bundle()).await? {
            webhook_configuration::Write::Lost => Ok(Attempt::Again),
            webhook_configuration::Write::Stored => {
                tracing::info!(configuration, "caBundle written");
                self.keeper.metrics.ca_bundle_write();
                Ok(Attempt::Done)
            }
        }
    }

    fn until_next(&self) -> Duration {
        if !self.replica.is_settled() {
            return UNSETTLED;
        }
        jitter::around(POLL.min(self.keeper.lifetimes.leaf / 10), 0.2)
    }
}
