//! The certificate of this replica, in memory only, and which of the shared authorities has signed it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::identity::Installation;
use super::trust::Trust;
use super::webhook_configuration::Entries;
use crate::pki::authority::IssueError;
use crate::pki::authority_set::{AuthoritySet, Lifetimes};
use crate::pki::served::CertificatePublisher;
use crate::pki::trusted::TrustedCertificate;

/// The certificate of this replica.
#[derive(Debug)]
pub(super) struct Replica {
    /// What the API server calls it.
    server_name: String,
    lifetimes: Lifetimes,
    publisher: CertificatePublisher,
    held: Option<Held>,
    trust: Trust,
    /// Whether it is signed by the authority that signs now.
    is_settled: bool,
}

/// What is served now.
#[derive(Debug)]
struct Held {
    authority: TrustedCertificate,
    issued: SystemTime,
    not_after: SystemTime,
}

impl Replica {
    /// Without a certificate.
    pub(super) fn new(
        installation: &Installation,
        lifetimes: Lifetimes,
        publisher: CertificatePublisher,
    ) -> Self {
        Self {
            server_name: installation.service.server_name(),
            lifetimes,
            publisher,
            held: None,
            trust: Trust::default(),
            is_settled: false,
        }
    }

    /// The webhook configuration was read, or could not be.
    pub(super) fn see(&mut self, set: &AuthoritySet, entries: Option<&Entries>) {
        self.trust.see(set, entries, Instant::now());
    }

    /// Whether every API server trusts this certificate.
    pub(super) fn is_trusted(&self, certificate: &TrustedCertificate) -> bool {
        self.trust.is_settled(certificate, Instant::now())
    }

    /// Whether the certificate is signed by the authority that signs now.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Has `set` trust the authority of what is served now, if it does not: somebody has put other ones in its place. Returns
    /// whether that was so.
    pub(super) fn keep_trusted(&self, set: &mut AuthoritySet, now: SystemTime) -> bool {
        let held = self.held.as_ref().filter(|held| held.not_after > now);
        let Some(held) = held.filter(|held| !set.trusts(&held.authority)) else {
            return false;
        };
        set.keep_trusting(held.authority.clone(), now);
        set.trusts(&held.authority)
    }

    /// Has a new certificate signed, where that is due. It may be called only with what was read just now: a replica that
    /// cannot read the authorities any more must not go on with one that others have stopped to trust.
    pub(super) fn take_certificate(
        &mut self,
        set: &AuthoritySet,
        now: SystemTime,
    ) -> Result<(), IssueError> {
        let signing = set.signing.certificate();
        let is_due = match &self.held {
            None => true,
            Some(held) if held.authority == *signing => now >= held.renewed_at(self.lifetimes.leaf),
            // Until every API server trusts it, what is served now is better, as long as that lasts.
            Some(held) => {
                self.is_trusted(signing) || held.ends_within(self.lifetimes.leaf / 4, now)
            }
        };
        if is_due {
            let names = [self.server_name.clone()];
            let issued = set
                .signing
                .issue(&names, now, self.lifetimes.leaf)?
                .issued()?;
            let not_after = issued.validity.not_after;
            self.publisher.publish(issued);
            self.held = Some(Held {
                authority: signing.clone(),
                issued: now,
                not_after,
            });
            let lasts_seconds = not_after.duration_since(now).unwrap_or_default().as_secs();
            tracing::info!(name = self.server_name, lasts_seconds, "certificate issued");
        }
        let held = self.held.as_ref();
        self.is_settled = held.is_some_and(|held| held.authority == *signing);
        Ok(())
    }
}

impl Held {
    /// Half of its life, which ends with the authority's at the latest.
    fn renewed_at(&self, lifetime: Duration) -> SystemTime {
        let life = self
            .not_after
            .duration_since(self.issued)
            .unwrap_or_default();
        self.issued + life.min(lifetime) / 2
    }

    fn ends_within(&self, margin: Duration, now: SystemTime) -> bool {
        self.not_after < now + margin
    }
}
