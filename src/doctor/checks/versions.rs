//! Do all replicas run the same version, and this program too?

use std::collections::BTreeMap;

use super::{Check, Examined, Verdict, replicas};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "versions",
    question: "Do all replicas, and this program, have the same version?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let (exposed, mut unseen) = replicas::seen(examined, |replica| &replica.metrics);
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (pod, metrics) in &exposed {
        versions
            .entry(metrics.version().unwrap_or("unknown"))
            .or_default()
            .push(pod);
    }
    let own = env!("CARGO_PKG_VERSION");
    let mut verdicts = Vec::new();
    let names: Vec<&str> = versions.keys().copied().collect();
    match names.as_slice() {
        [] => {}
        ["unknown"] => verdicts.push(Verdict::unknown(
            "the replicas do not say which version they are",
            "See which program listens on the port of --operations-listen.",
        )),
        [version] if *version == own => verdicts.push(Verdict::good(format!(
            "every replica and this program are {own}"
        ))),
        [version] => verdicts.push(Verdict::warning(
            format!("the replicas are {version}, this program is {own}"),
            "Use the l7guard of the installation's version to check manifests: rules may differ.",
        )),
        _ => {
            let each = versions
                .iter()
                .map(|(version, pods)| format!("{version} ({})", pods.join(", ")));
            let each = each.collect::<Vec<_>>().join(", ");
            verdicts.push(Verdict::warning(
                format!("replicas differ: {each}: the same object may be judged differently"),
                "Finish the rollout, or undo it: kubectl rollout status deployment.",
            ));
        }
    }
    verdicts.append(&mut unseen);
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::Seen;
    use super::super::samples::{examined, replica, said};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn versions_that_differ_are_told() {
        let mut examined = examined();
        let own = env!("CARGO_PKG_VERSION");
        for (versions, outcome) in [
            (&[own, own][..], Outcome::Good),
            (&[own, "9.9.9"], Outcome::Warning),
            (&["9.9.9"], Outcome::Warning),
        ] {
            let replicas = versions.iter().map(|version| {
                let text = format!("l7guard_build_info{{version=\"{version}\"}} 1\n");
                replica("a", Seen::Absent, &text)
            });
            examined.replicas = Seen::There(replicas.collect());
            assert_eq!(said(&CHECK, &examined).0, outcome, "{versions:?}");
        }
    }
}
