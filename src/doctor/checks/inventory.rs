//! Does each replica know the cluster as it is now?

use std::time::{Duration, UNIX_EPOCH};

use super::listing::listed;
use super::{Check, Examined, Verdict, replicas};
use crate::doctor::exposition::Exposition;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "inventory",
    question: "Does each replica know the cluster, and as of when?",
    run,
};

/// Each watch is begun anew every two minutes; what is older than this has not been (docs/operations.md, "Freshness").
const FRESH: Duration = Duration::from_secs(130);

fn run(examined: &Examined) -> Vec<Verdict> {
    let (exposed, mut unseen) = replicas::seen(examined, |replica| &replica.metrics);
    let now = examined
        .now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64();
    let mut verdicts = Vec::new();
    let mut oldest = 0.0_f64;
    for (pod, metrics) in &exposed {
        match problem(pod, metrics, now) {
            Ok(age) => oldest = oldest.max(age),
            Err(verdict) => verdicts.push(verdict),
        }
    }
    if verdicts.is_empty() && !exposed.is_empty() {
        verdicts.push(Verdict::good(format!(
            "every kind is known, the oldest as of {oldest:.0} s ago"
        )));
    }
    verdicts.append(&mut unseen);
    verdicts
}

/// The age of the oldest kind in seconds, or what is wrong with the replica's inventory.
fn problem(pod: &str, metrics: &Exposition, now: f64) -> Result<f64, Verdict> {
    let synced: Vec<_> = metrics
        .by_label("l7guard_inventory_synced", "kind")
        .collect();
    if synced.is_empty() {
        return Err(Verdict::bad(
            format!("Pod {pod} watches no cluster"),
            "Run serve without --manifests: it judges in the world of a directory.",
        ));
    }
    let unlisted: Vec<&str> = synced
        .iter()
        .filter(|(_, value)| *value < 1.0)
        .map(|(kind, _)| *kind)
        .collect();
    if !unlisted.is_empty() {
        return Err(Verdict::bad(
            format!("Pod {pod} has not listed {} yet", listed(&unlisted)),
            "See rights, and the log of the Pod: a watch that fails says why.",
        ));
    }
    let ages = metrics
        .by_label("l7guard_inventory_last_event_timestamp_seconds", "kind")
        .map(|(kind, moment)| (kind, (now - moment).max(0.0)));
    let ages: Vec<(&str, f64)> = ages.collect();
    let stale: Vec<&str> = ages
        .iter()
        .filter(|(_, age)| *age > FRESH.as_secs_f64())
        .map(|(kind, _)| *kind)
        .collect();
    if stale.is_empty() {
        return Ok(ages.iter().map(|(_, age)| *age).fold(0.0, f64::max));
    }
    Err(Verdict::bad(
        format!(
            "Pod {pod} has heard nothing of {} for over {} s",
            listed(&stale),
            FRESH.as_secs()
        ),
        "See the log of the Pod and l7guard_watch_restarts_total for the reason; compare the clocks if there is none.",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Seen;
    use super::super::samples::{examined, replica, said};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn what_is_not_listed_or_old_is_told() {
        let mut examined = examined();
        let now = examined.now.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let synced = "l7guard_inventory_synced{kind=\"Ingress\"}";
        let heard = "l7guard_inventory_last_event_timestamp_seconds{kind=\"Ingress\"}";
        for (text, outcome) in [
            (format!("{synced} 1\n{heard} {}\n", now - 20), Outcome::Good),
            (format!("{synced} 1\n{heard} {}\n", now - 140), Outcome::Bad),
            (format!("{synced} 0\n"), Outcome::Bad),
            (String::new(), Outcome::Bad),
        ] {
            examined.replicas = Seen::There(vec![replica("a", Seen::Absent, &text)]);
            assert_eq!(said(&CHECK, &examined).0, outcome, "{text}");
        }
    }
}
