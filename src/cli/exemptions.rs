//! Which exemptions cover the ways that an object has part in.

use std::collections::BTreeSet;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::World;
use l7guard_policy::objects::Object;
use l7guard_policy::verdict::evaluate;

use crate::clock;
use crate::report::exemption::exempt_line;

/// A line for each exemption that covers a finding in which the object has part, with its end; empty without one.
pub(super) fn of_object(
    world: &World<'_>,
    configuration: &Configuration,
    object: &Object,
) -> String {
    if configuration.exemptions.is_empty() {
        return String::new();
    }
    let verdict = evaluate(world, configuration, clock::today());
    let lines: BTreeSet<String> = verdict
        .exempt
        .iter()
        .filter(|exempted| exempted.finding.participants.contains(&object.key))
        .map(exempt_line)
        .collect();
    lines.into_iter().collect()
}
