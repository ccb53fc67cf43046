//! Does caBundle verify the certificate that each replica serves?

use super::listing::listed;
use super::{Check, Examined, Seen, Verdict, replicas, without_entries};
use crate::pki::verification::{self, Distrust};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "trust",
    question: "Does caBundle verify the certificate that each replica serves?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let (Seen::There(entries), Some(installation)) = (&entries, examined.installation.there())
    else {
        return without_entries(&entries);
    };
    let server_name = installation.service.server_name();
    let mut verdicts = Vec::new();
    for entry in entries {
        if entry
            .client_config
            .ca_bundle
            .as_ref()
            .is_none_or(|bundle| bundle.0.is_empty())
        {
            verdicts.push(refused(&entry.name, None, &Distrust::NoBundle));
        }
    }
    if !verdicts.is_empty() {
        return verdicts;
    }
    let (served, mut unseen) = replicas::seen(examined, |replica| &replica.chain);
    for (pod, chain) in &served {
        for entry in entries {
            let bundle = entry
                .client_config
                .ca_bundle
                .as_ref()
                .map_or(&[][..], |bundle| &bundle.0);
            if let Err(distrust) = verification::verify(bundle, chain, &server_name, examined.now) {
                verdicts.push(refused(&entry.name, Some(pod), &distrust));
            }
        }
    }
    if verdicts.is_empty() && !served.is_empty() {
        let pods: Vec<&str> = served.iter().map(|(pod, _)| *pod).collect();
        verdicts.push(Verdict::good(format!(
            "caBundle verifies the certificate for {server_name} of {}",
            listed(&pods)
        )));
    }
    verdicts.append(&mut unseen);
    verdicts
}

fn refused(entry: &str, pod: Option<&str>, distrust: &Distrust) -> Verdict {
    let of = pod
        .filter(|pod| !pod.is_empty())
        .map(|pod| format!(", Pod {pod}"))
        .unwrap_or_default();
    let next = match distrust {
        Distrust::NoBundle | Distrust::UnreadableBundle | Distrust::Signer(_) => {
            "Write the authority of the certificate into caBundle: --managed-certificates and cert-manager's cainjector do that by themselves."
        }
        Distrust::Time(_) => "See certificate below; check the clocks too.",
        Distrust::Name(_) => "Issue the certificate for the Service's name, NAME.NAMESPACE.svc.",
        Distrust::UnreadableCertificate(_) => {
            "See which program listens on the port that the Service leads to."
        }
    };
    Verdict::bad(format!("entry {entry}{of}: {distrust}"), next)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Authority, examined, replica, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn the_bundle_is_held_against_what_is_served() {
        let (ours, other) = (Authority::new(), Authority::new());
        let mut examined = examined();
        examined.webhook = Seen::There(webhook(|entry| {
            entry["clientConfig"]["caBundle"] = ours.bundle().into();
        }));
        for (leaf, outcome, part) in [
            (ours.signs("l7guard.guard.svc"), Outcome::Good, "verifies"),
            (
                other.signs("l7guard.guard.svc"),
                Outcome::Bad,
                "no authority",
            ),
            (
                ours.signs("l7guard.svc"),
                Outcome::Bad,
                "not for l7guard.guard.svc",
            ),
        ] {
            examined.replicas = Seen::There(vec![replica("a", Seen::There(vec![leaf]), "")]);
            let (said, message) = said(&CHECK, &examined);
            assert_eq!(said, outcome, "{message}");
            assert!(message.contains(part), "{message}");
        }
        examined.replicas =
            Seen::There(vec![replica("a", Seen::Unknown("no right".to_owned()), "")]);
        assert_eq!(said(&CHECK, &examined).0, Outcome::Unknown);
        examined.webhook = Seen::There(webhook(|_| ()));
        assert_eq!(said(&CHECK, &examined).0, Outcome::Bad);
    }
}
