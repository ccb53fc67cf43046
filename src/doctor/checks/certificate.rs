//! How long is the certificate of each replica still valid?

use std::time::Duration;

use super::{Check, Examined, Verdict, replicas};
use crate::pki::issued::{Validity, Validness};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "certificate",
    question: "Is the certificate of each replica valid, and for how long?",
    run,
};

/// Who renews does so when a third is left; this is less than a third of 90 days, the shortest that is usual.
const SOON: Duration = Duration::from_hours(14 * 24);

const NEXT: &str = "Renew it: with --managed-certificates see l7guard's log, with cert-manager `cmctl status certificate`, else write a new pair into the mounted Secret.";

fn run(examined: &Examined) -> Vec<Verdict> {
    let (served, mut verdicts) = replicas::seen(examined, |replica| &replica.chain);
    let mut shortest: Option<Duration> = None;
    let mut found = Vec::new();
    for (pod, chain) in &served {
        let Some(Ok(validity)) = chain.first().map(Validity::of) else {
            found.push(Verdict::bad(
                format!("Pod {pod} serves no certificate that can be read"),
                NEXT,
            ));
            continue;
        };
        match validity.at(examined.now) {
            Validness::Valid(left) if left < SOON => {
                let days = left.as_secs() / 86_400;
                found.push(Verdict::warning(
                    format!("the certificate of Pod {pod} expires in {days} days"),
                    NEXT,
                ));
            }
            Validness::Valid(left) => {
                shortest = Some(shortest.map_or(left, |known| known.min(left)));
            }
            Validness::Expired(_) => found.push(Verdict::bad(
                format!("the certificate of Pod {pod} has expired"),
                NEXT,
            )),
            Validness::NotYet(_) => found.push(Verdict::bad(
                format!("the certificate of Pod {pod} is not valid yet"),
                "Compare the clocks of this machine, the nodes and whoever issues certificates.",
            )),
        }
    }
    if let Some(left) = shortest.filter(|_| found.is_empty()) {
        let days = left.as_secs() / 86_400;
        found.push(Verdict::good(format!("valid for {days} more days")));
    }
    found.append(&mut verdicts);
    found
}

#[cfg(test)]
mod tests {
    use super::super::Seen;
    use super::super::samples::{Authority, examined, replica, said};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn the_time_that_is_left_decides() {
        let leaf = Authority::new().signs("l7guard.guard.svc");
        let validity = Validity::of(&leaf).unwrap();
        let mut examined = examined();
        examined.replicas = Seen::There(vec![replica("a", Seen::There(vec![leaf]), "")]);
        let second = Duration::from_secs(1);
        for (now, outcome) in [
            (validity.not_after - SOON - second, Outcome::Good),
            (validity.not_after - SOON + second, Outcome::Warning),
            (validity.not_after + second, Outcome::Bad),
            (validity.not_before - second, Outcome::Bad),
        ] {
            examined.now = now;
            assert_eq!(said(&CHECK, &examined).0, outcome);
        }
    }
}
