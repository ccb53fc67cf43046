//! The table of all checks. Everything else iterates it.

use super::check::Check;
use super::checks::{
    aws_controller, certificate, endpoints, failure_policy, files_in_force, inventory, istiod,
    match_conditions, namespace_selector, object_selector, reachability, rights, trust, versions,
    webhook_configuration, webhook_rules, webhook_settings,
};
use super::diagnosis::{Diagnosis, Line};
use super::examined::Examined;

/// In the order in which they are shown: what others rest on comes first.
static CHECKS: &[&Check] = &[
    &webhook_configuration::CHECK,
    &webhook_rules::CHECK,
    &webhook_settings::CHECK,
    &namespace_selector::CHECK,
    &object_selector::CHECK,
    &match_conditions::CHECK,
    &failure_policy::CHECK,
    &endpoints::CHECK,
    &reachability::CHECK,
    &trust::CHECK,
    &certificate::CHECK,
    &rights::CHECK,
    &inventory::CHECK,
    &files_in_force::CHECK,
    &versions::CHECK,
    &aws_controller::CHECK,
    &istiod::CHECK,
];

/// All checks, in the order in which they are shown.
#[must_use]
pub fn checks() -> &'static [&'static Check] {
    CHECKS
}

impl Diagnosis {
    /// What all checks say.
    pub(super) fn of(examined: &Examined) -> Self {
        let mut lines = Vec::new();
        for check in CHECKS.iter().copied() {
            lines.extend((check.run)(examined).into_iter().map(|verdict| Line {
                check,
                outcome: verdict.outcome,
                message: verdict.message,
                next: verdict.next,
            }));
        }
        let installation = examined.installation.there();
        Self {
            service: installation.map(|found| found.service.to_string()),
            webhook_configuration: installation.map(|found| found.webhook_configuration.clone()),
            lines,
        }
    }
}
