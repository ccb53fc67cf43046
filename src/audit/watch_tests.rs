use l7guard_policy::rules::Mode;

use super::super::observed::tests::findings;
use super::*;

#[test]
fn a_storm_of_changes_costs_at_most_half_of_the_time() {
    for (took, pause) in [(0, 500), (499, 500), (3_000, 3_000), (600_000, 60_000)] {
        let took = Duration::from_millis(took);
        assert_eq!(debounce(took), Duration::from_millis(pause), "{took:?}");
    }
}

#[test]
fn what_could_not_be_read_keeps_what_was_found_before_and_nothing_else_does() {
    let before = findings(&[("kept", Mode::Deny), ("gone", Mode::Deny)]);
    let mut found = findings(&[("new", Mode::Deny)]);
    let incomplete = before.keys().filter(|key| &*key.name == "kept");
    keep_unread(&mut found, &before, &incomplete.cloned().collect());
    let names: Vec<&str> = found.keys().map(|key| &*key.name).collect();
    assert_eq!(names, ["kept", "new"]);
}

#[test]
fn only_another_configuration_makes_findings_tighter_or_looser() {
    let in_force = |enabled| InForce {
        configuration: Arc::default(),
        settings: Arc::new(AuditSettings {
            enabled,
            ..AuditSettings::default()
        }),
    };
    let (on, off) = (in_force(true), in_force(false));
    assert!(on.judges_otherwise_than(&in_force(true)));
    assert!(!on.judges_otherwise_than(&off) && !off.judges_otherwise_than(&on));
    let other_interval = InForce {
        settings: Arc::default(),
        ..on.clone()
    };
    assert!(!on.is(&other_interval) && !on.judges_otherwise_than(&other_interval));
}
