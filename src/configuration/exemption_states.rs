//! What has become of the exemptions on a day.

use l7guard_policy::configuration::{Configuration, Date};

use super::expiry::NOTICE;

/// How many exemptions of the configuration are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExemptionStates {
    /// In force for longer than the others.
    pub active: i64,
    /// In force, but not for much longer.
    pub expiring: i64,
    /// Not in force any more.
    pub expired: i64,
}

/// How many exemptions are in which state on this day (UTC).
#[must_use]
pub fn exemption_states(configuration: &Configuration, today: Date) -> ExemptionStates {
    let mut states = ExemptionStates::default();
    for exemption in &configuration.exemptions {
        match (exemption.expires - today).whole_days() {
            ..0 => states.expired += 1,
            days if days <= NOTICE => states.expiring += 1,
            _ => states.active += 1,
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use l7guard_policy::configuration::{Exemption, Matcher};
    use time::Duration;

    use super::*;

    #[test]
    fn an_exemption_expires_after_its_last_day_and_is_told_before() {
        let today = Date::from_ordinal_date(2026, 100).unwrap();
        let exemption = |days| Exemption {
            name: "a".into(),
            reason: "b".into(),
            owner: "c".into(),
            ticket: None,
            expires: today + Duration::days(days),
            covers: Matcher::default(),
        };
        let configuration = Configuration {
            exemptions: [-1, 0, NOTICE, NOTICE + 1, 400].map(exemption).to_vec(),
            ..Configuration::default()
        };
        let wanted = ExemptionStates {
            active: 2,
            expiring: 2,
            expired: 1,
        };
        assert_eq!(exemption_states(&configuration, today), wanted);
    }
}
