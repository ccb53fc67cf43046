//! The checks, one a file. Each is pure: from what was read to what is to be said.

pub(super) mod aws_controller;
pub(super) mod certificate;
mod deployment;
pub(super) mod endpoints;
pub(super) mod failure_policy;
pub(super) mod files_in_force;
pub(super) mod inventory;
pub(super) mod istiod;
mod listing;
pub(super) mod match_conditions;
pub(super) mod namespace_selector;
pub(super) mod object_selector;
pub(super) mod reachability;
mod replicas;
pub(super) mod rights;
pub(super) mod trust;
pub(super) mod versions;
pub(super) mod webhook_configuration;
pub(super) mod webhook_rules;
pub(super) mod webhook_settings;

#[cfg(test)]
pub(super) mod samples;

use super::check::Check;
use super::examined::{Examined, Replica};
use super::seen::Seen;
use super::verdict::Verdict;

/// What is said where the entries of the webhook configuration are needed and were not seen.
fn without_entries<T>(entries: &Seen<T>) -> Vec<Verdict> {
    let reason = match entries {
        Seen::Unknown(reason) => reason.clone(),
        _ => "no webhook configuration sends reviews to l7guard".to_owned(),
    };
    vec![Verdict::unknown(reason, "See webhook-configuration above.")]
}

/// What is said where something else was not seen.
fn not_seen<T>(seen: &Seen<T>, absent: &str, next: &str) -> Vec<Verdict> {
    let reason = match seen {
        Seen::Unknown(reason) => reason.clone(),
        _ => absent.to_owned(),
    };
    vec![Verdict::unknown(reason, next)]
}
