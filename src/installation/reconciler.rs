//! One look at the Secret and the webhook configuration, which puts right what is not.
//!
//! Every write is conditional on the state that it is based on, and nothing is written that is right already.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use tokio::time::Instant;

use super::authority_secret::{self, AuthoritySecret, is_undated, read_set};
use super::failure::Failure;
use super::identity::Installation;
use super::metrics::InstallationMetrics;
use super::pace::Pace;
use super::replica::Replica;
use super::webhook_configuration::{self, Entries, WebhookConfiguration};
use crate::jitter;
use crate::pki::authority_set::{AuthoritySet, Lifetimes, Rotation};
use crate::pki::served::CertificatePublisher;

/// How often to look when nothing is heard of a change.
const POLL: Duration = Duration::from_secs(30);

/// How often to look while a certificate is not trusted yet by everybody.
const UNSETTLED: Duration = Duration::from_secs(1);

/// How often a write is tried again at once when somebody else wrote before.
const ATTEMPTS: usize = 5;

/// What an attempt leads to.
enum Attempt {
    Done,
    /// Somebody else wrote before: what was read is old.
    Again,
}

/// What a replica knows of the objects of its installation.
pub(super) struct Reconciler {
    secret: AuthoritySecret,
    configuration: WebhookConfiguration,
    replica: Replica,
    lifetimes: Lifetimes,
    pace: Pace,
    metrics: InstallationMetrics,
}

impl Reconciler {
    /// Of a replica without a certificate.
    pub(super) fn new(
        client: &Client,
        installation: &Installation,
        lifetimes: Lifetimes,
        publisher: CertificatePublisher,
        metrics: InstallationMetrics,
    ) -> Self {
        Self {
            secret: AuthoritySecret::of(installation, client.clone()),
            configuration: WebhookConfiguration::of(installation, client.clone()),
            replica: Replica::new(installation, lifetimes, publisher),
            lifetimes,
            pace: Pace::new(Instant::now()),
            metrics,
        }
    }

    /// Puts right what is not.
    pub(super) async fn look(&mut self) -> Result<(), Failure> {
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
        self.metrics
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
                self.metrics.authority_write(change);
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
                let rotation = set.rotate(now, &self.lifetimes, is_settled)?;
                let mut change = rotation.map(Rotation::as_str);
                if is_undated(secret, &set, now) {
                    change = change.or(Some("mended"));
                }
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
        let mut set = AuthoritySet::found(now, &self.lifetimes, trusted)?;
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
                self.metrics.ca_bundle_write();
                Ok(Attempt::Done)
            }
        }
    }

    /// When to look again, if nothing is heard of a change.
    pub(super) fn until_next(&self) -> Duration {
        if !self.replica.is_settled() {
            return UNSETTLED;
        }
        jitter::around(POLL.min(self.lifetimes.leaf / 10), 0.2)
    }
}
