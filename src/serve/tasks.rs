//! The background tasks of a server, and what happens when one ends: the table that the supervisor goes by.
//!
//! What only follows files or clocks is restarted: until then what was read before stays in force. The process ends when
//! nobody could be served any more.

use crate::supervisor::{Rule, Then};

const fn restarted(name: &'static str) -> Rule {
    Rule {
        name,
        returned: Then::Restart,
        panicked: Then::Restart,
    }
}

/// Serves the webhook. It returns when it has drained.
pub(super) static WEBHOOK: Rule = Rule {
    name: "webhook",
    returned: Then::Finish,
    panicked: Then::Fail,
};

/// Serves probes and metrics.
pub(super) static OPERATIONS: Rule = Rule {
    name: "operations",
    returned: Then::Fail,
    panicked: Then::Fail,
};

/// Waits for SIGTERM and SIGINT. It returns when nobody listens any more.
pub(super) static STOP_SIGNALS: Rule = Rule {
    name: "stop_signals",
    returned: Then::Nothing,
    panicked: Then::Restart,
};

/// Takes readiness away when a stop was asked for, and returns.
pub(super) static DRAIN: Rule = Rule {
    name: "drain",
    returned: Then::Nothing,
    panicked: Then::Restart,
};

/// Logs SIGHUP, which asks for files to be read again.
pub(super) static HANGUPS: Rule = restarted("hangups");

/// Watches the cluster. The watch of a single kind is restarted by the watch supervisor within it.
pub(super) static WATCHES: Rule = restarted("watches");

/// Follows `--manifests`.
pub(super) static MANIFESTS: Rule = restarted("manifests_reload");

/// Follows `--config`.
pub(super) static CONFIGURATION: Rule = restarted("configuration_reload");

/// Follows `--tls-cert` and `--tls-key`.
pub(super) static CERTIFICATE: Rule = restarted("certificate_reload");

/// Follows `--client-ca`.
pub(super) static CLIENT_AUTHORITY: Rule = restarted("client_ca_reload");

/// Tells in readiness whether clients can accept the certificate.
pub(super) static CERTIFICATE_VALIDITY: Rule = restarted("certificate_validity");

/// Keeps the certificate of an installation's replica, its authorities and caBundle.
pub(super) static CERTIFICATE_KEEPER: Rule = restarted("certificate_keeper");

/// Judges what exists in the cluster.
pub(super) static AUDIT: Rule = restarted("audit");

/// Writes what the audit finds.
pub(super) static PUBLISHING: Rule = restarted("audit_publishing");

/// Holds the Lease of the replica that writes. It returns when it has given it back at the end.
pub(super) static LEASE: Rule = Rule {
    name: "audit_lease",
    returned: Then::Nothing,
    panicked: Then::Restart,
};

/// Stands for the webhook where there is none. It returns when a stop is asked for.
pub(super) static NO_WEBHOOK: Rule = Rule {
    name: "no_webhook",
    returned: Then::Finish,
    panicked: Then::Fail,
};

/// Looks whether webhook configuration and caBundle match this replica.
pub(super) static OWN_INSTALLATION: Rule = restarted("own_installation");

/// Counts the states of exemptions.
pub(super) static EXEMPTIONS: Rule = restarted("exemption_states");

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::metrics::Registry;
    use crate::supervisor::Supervisor;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_ends_the_process_only_where_nobody_could_be_served_any_more() {
        for (rule, ends) in [
            (&WEBHOOK, true),
            (&OPERATIONS, true),
            (&STOP_SIGNALS, false),
            (&DRAIN, false),
            (&HANGUPS, false),
            (&WATCHES, false),
            (&MANIFESTS, false),
            (&CONFIGURATION, false),
            (&CERTIFICATE, false),
            (&CLIENT_AUTHORITY, false),
            (&CERTIFICATE_VALIDITY, false),
            (&CERTIFICATE_KEEPER, false),
            (&OWN_INSTALLATION, false),
            (&EXEMPTIONS, false),
            (&AUDIT, false),
            (&PUBLISHING, false),
            (&LEASE, false),
            (&NO_WEBHOOK, true),
        ] {
            let registry = Registry::new();
            let mut supervisor = Supervisor::new(&registry);
            supervisor.spawn(rule, || async { panic!("on purpose") });
            let ended = timeout(Duration::from_mins(1), supervisor.run()).await;
            assert_eq!(matches!(ended, Ok(Err(_))), ends, "{}", rule.name);
            let line = format!(
                "l7guard_task_failures_total{{task=\"{}\",reason=\"panicked\"}} ",
                rule.name
            );
            assert!(registry.encode().unwrap().contains(&line), "{}", rule.name);
        }
    }
}
