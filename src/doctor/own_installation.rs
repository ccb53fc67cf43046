//! A replica looks at its own installation: the checks that it can make of it without further rights than to read its webhook
//! configuration.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use rustls::pki_types::CertificateDer;
use tokio::time::sleep;

use super::check::Check;
use super::checks::{trust, webhook_configuration, webhook_rules, webhook_settings};
use super::examined::{Examined, Replica};
use super::metrics::{MatchGauge, OwnInstallationMetrics};
use super::read;
use super::seen::Seen;
use super::verdict::{Outcome, Verdict};
use crate::installation::Installation;
use crate::jitter;
use crate::metrics::Registry;
use crate::pki::served::ServedCertificate;

/// How long to wait between two looks: one GET and the API server's discovery.
const INTERVAL: Duration = Duration::from_secs(15);

/// What is asked of the webhook configuration.
const CONFIGURATION: [&Check; 3] = [
    &webhook_configuration::CHECK,
    &webhook_rules::CHECK,
    &webhook_settings::CHECK,
];

/// How something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Match {
    Yes,
    /// For these reasons.
    No(String),
    /// Nobody could look, for this reason.
    Unknown(String),
}

/// What was logged last of both.
#[derive(Debug, Default)]
struct Logged {
    configuration: Option<Match>,
    ca_bundle: Option<Match>,
}

/// Looks from time to time, keeps the metrics and logs what changes.
pub struct OwnInstallation {
    client: Client,
    installation: Installation,
    served: ServedCertificate,
    metrics: OwnInstallationMetrics,
    logged: Mutex<Logged>,
}

impl OwnInstallation {
    /// Of the replica that serves this certificate.
    #[must_use]
    pub fn new(
        client: Client,
        installation: Installation,
        served: ServedCertificate,
        metrics: &Registry,
    ) -> Self {
        Self {
            client,
            installation,
            served,
            metrics: OwnInstallationMetrics::register(metrics),
            logged: Mutex::default(),
        }
    }

    /// Looks until it is dropped.
    pub async fn keep_looking(self: Arc<Self>) {
        loop {
            let (webhook, kinds) = read::own(&self.client, &self.installation).await;
            let examined = examined(&self.installation, webhook, kinds, self.served.chain());
            self.tell(&examined);
            sleep(jitter::around(INTERVAL, 0.2)).await;
        }
    }

    fn tell(&self, examined: &Examined) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let configuration = of_checks(&CONFIGURATION, examined);
        let what = "webhook configuration";
        tell_one(
            what,
            configuration,
            &self.metrics.configuration,
            &mut logged.configuration,
        );
        let ca_bundle = of_checks(&[&trust::CHECK], examined);
        tell_one(
            "caBundle",
            ca_bundle,
            &self.metrics.ca_bundle,
            &mut logged.ca_bundle,
        );
    }
}

/// What a replica sees of its installation. It knows of no other replica.
fn examined(
    installation: &Installation,
    webhook: read::OwnWebhook,
    kinds: read::OwnKinds,
    chain: Vec<CertificateDer<'static>>,
) -> Examined {
    let chain = if chain.is_empty() {
        Seen::Unknown("there is no certificate yet".to_owned())
    } else {
        Seen::There(chain)
    };
    let mut examined = Examined::new(Seen::There(installation.clone()), webhook, kinds);
    examined.replicas = Seen::There(vec![Replica {
        pod: k8s_openapi::api::core::v1::Pod::default(),
        chain,
        metrics: Seen::Absent,
    }]);
    examined
}

/// What several checks say together. A warning is no mismatch.
fn of_checks(checks: &[&Check], examined: &Examined) -> Match {
    let verdicts: Vec<Verdict> = checks
        .iter()
        .flat_map(|check| (check.run)(examined))
        .collect();
    let reasons = |outcome| {
        let some = verdicts.iter().filter(|verdict| verdict.outcome == outcome);
        let some: Vec<&str> = some.map(|verdict| &*verdict.message).collect();
        (!some.is_empty()).then(|| some.join("; "))
    };
    match (reasons(Outcome::Bad), reasons(Outcome::Unknown)) {
        (Some(reasons), _) => Match::No(reasons),
        (None, Some(reasons)) => Match::Unknown(reasons),
        (None, None) => Match::Yes,
    }
}

fn tell_one(what: &'static str, found: Match, gauge: &MatchGauge, logged: &mut Option<Match>) {
    gauge.set(match found {
        Match::Yes => Some(true),
        Match::No(_) => Some(false),
        Match::Unknown(_) => None,
    });
    if logged.as_ref() == Some(&found) {
        return;
    }
    match &found {
        Match::Yes => tracing::info!(what, "the installation matches"),
        Match::No(reason) => tracing::warn!(
            what,
            reason,
            "the installation does not match: see docs/runbook.md"
        ),
        Match::Unknown(reason) => {
            tracing::warn!(what, reason, "cannot look at the own installation");
        }
    }
    *logged = Some(found);
}

#[cfg(test)]
mod tests {
    use super::super::checks::samples::{Authority, examined as sound, webhook};
    use super::*;

    fn of(webhook: read::OwnWebhook, chain: Vec<CertificateDer<'static>>) -> (Match, Match) {
        let sound = sound();
        let installation = sound.installation.there().unwrap();
        let examined = examined(installation, webhook, sound.kinds, chain);
        (
            of_checks(&CONFIGURATION, &examined),
            of_checks(&[&trust::CHECK], &examined),
        )
    }

    #[test]
    fn what_a_replica_serves_is_held_against_its_webhook_configuration() {
        let authority = Authority::new();
        let trusted = |change: &str| {
            Seen::There(webhook(|entry| {
                entry["clientConfig"]["caBundle"] = authority.bundle().into();
                if !change.is_empty() {
                    entry["rules"][0]["operations"] = serde_json::json!([change]);
                }
            }))
        };
        let ours = || vec![authority.signs("l7guard.guard.svc")];
        assert_eq!(of(trusted(""), ours()), (Match::Yes, Match::Yes));
        let strangers = vec![Authority::new().signs("l7guard.guard.svc")];
        assert!(matches!(
            of(trusted(""), strangers),
            (Match::Yes, Match::No(_))
        ));
        let unasked = of(trusted("CREATE"), ours());
        assert!(
            matches!(&unasked, (Match::No(reason), Match::Yes) if reason.contains("UPDATE ingresses")),
            "{unasked:?}"
        );
        assert!(matches!(
            of(Seen::Absent, ours()),
            (Match::No(_), Match::Unknown(_))
        ));
        assert!(matches!(
            of(trusted(""), Vec::new()),
            (Match::Yes, Match::Unknown(_))
        ));
        let unread = Seen::Unknown("no right".to_owned());
        assert!(matches!(
            of(unread, ours()),
            (Match::Unknown(_), Match::Unknown(_))
        ));
    }

    #[test]
    fn while_nobody_knows_there_is_no_value() {
        let registry = Registry::new();
        let gauge = OwnInstallationMetrics::register(&registry).ca_bundle;
        let mut logged = None;
        for (found, value) in [
            (Match::Yes, Some("1")),
            (Match::No("a".to_owned()), Some("0")),
            (Match::Unknown("b".to_owned()), None),
        ] {
            tell_one("caBundle", found, &gauge, &mut logged);
            let text = registry.encode().unwrap();
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("l7guard_ca_bundle_matches{} "));
            assert_eq!(line, value);
        }
    }
}
