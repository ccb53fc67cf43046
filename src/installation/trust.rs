//! Since when the API server trusts which certificates.

use std::time::Duration;

use tokio::time::Instant;

use super::webhook_configuration::Entries;
use crate::pki::authority_set::AuthoritySet;
use crate::pki::trusted::TrustedCertificate;

/// How long after a write of the webhook configuration the last API server has heard of it. They watch it, so it is a matter of
/// milliseconds where nothing is wrong.
const PROPAGATION: Duration = Duration::from_secs(5);

/// The certificates that every entry trusts, each since when.
#[derive(Debug, Default)]
pub(super) struct Trust(Vec<(TrustedCertificate, Instant)>);

impl Trust {
    /// The webhook configuration was read; `None`: it could not be, so nothing is known.
    pub(super) fn see(&mut self, set: &AuthoritySet, entries: Option<&Entries>, now: Instant) {
        let trusted = set
            .bundle()
            .filter(|&certificate| entries.is_some_and(|entries| entries.all_trust(certificate)));
        let since = trusted.map(|certificate| {
            let known = self.0.iter().find(|(known, _)| known == certificate);
            (certificate.clone(), known.map_or(now, |(_, since)| *since))
        });
        self.0 = since.collect();
    }

    /// Whether every API server trusts this certificate.
    pub(super) fn is_settled(&self, certificate: &TrustedCertificate, now: Instant) -> bool {
        let mut trusted = self.0.iter();
        trusted.any(|(known, since)| known == certificate && now - *since >= PROPAGATION)
    }
}
