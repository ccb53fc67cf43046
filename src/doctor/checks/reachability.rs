//! Is an object that must be refused refused, the way reviews go? Sent as a dry run, so that nothing is written.

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhook;

use super::{Check, Examined, Seen, Verdict, not_seen};
use crate::doctor::examined::Probe;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "reachability",
    question: "Is an object that must be refused refused, in a dry run?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let Seen::There(probe) = &examined.probe else {
        let next = "Ask for the right to create Ingresses in one judged namespace, and name a gateway's Service there with --probe.";
        return not_seen(&examined.probe, "nothing was sent", next);
    };
    let entries = examined.entries();
    let entries = entries.there().map(Vec::as_slice).unwrap_or_default();
    vec![match probe.status {
        ..400 => allowed(probe, entries),
        403 if denied_by(probe, entries) => Verdict::good(format!("{} was refused", probe.what)),
        _ => failed(probe, entries, examined),
    }]
}

/// Whether one of our entries refused it.
///
/// Source: apiserver `webhook/errors/statuserror.go` (`ToStatusErr`).
fn denied_by(probe: &Probe, entries: &[&ValidatingWebhook]) -> bool {
    entries.iter().any(|entry| {
        let denied = format!("admission webhook {:?} denied the request", entry.name);
        probe.message.contains(&denied)
    })
}

fn allowed(probe: &Probe, entries: &[&ValidatingWebhook]) -> Verdict {
    if probe.warnings.iter().any(|warning| warning.contains("L7G")) {
        return Verdict::warning(
            format!(
                "{} was allowed with a warning: l7guard is asked, and does not deny",
                probe.what
            ),
            "That is right while rules are in mode warn or audit, or an exemption covers it; see the modes in the configuration.",
        );
    }
    let can_pass = entries
        .iter()
        .any(|entry| entry.failure_policy.as_deref() == Some("Ignore"));
    let next = if can_pass {
        "With failurePolicy Ignore the API server does not say whether it asked: look at endpoints, trust and certificate here, and at the port between control plane and nodes."
    } else {
        "See webhook-rules and namespace-selector; l7guard's log says whether it was asked. If the Service is no gateway's, name one with --probe."
    };
    Verdict::bad(format!("{} was allowed", probe.what), next)
}

/// What the API server says, and what that means.
///
/// Sources: apiserver `webhook/validating/dispatcher.go` ("failed calling webhook"), `util/proxy` ("no endpoints available
/// for service"), Go's `net` and `crypto/x509`.
const CAUSES: [(&str, &str); 12] = [
    (
        "certificate signed by unknown authority",
        "caBundle does not belong to the certificate that is served: see trust.",
    ),
    (
        "certificate is valid for",
        "The certificate is for another name: see trust.",
    ),
    (
        "certificate has expired",
        "The certificate has expired: see certificate.",
    ),
    (
        "unable to load root certificates",
        "caBundle holds no certificate: see trust.",
    ),
    (
        "not found",
        "The Service that the webhook configuration names does not exist: see endpoints.",
    ),
    (
        "no endpoints available",
        "No replica is ready: see endpoints.",
    ),
    (
        "no service port",
        "The Service does not have the port of the webhook configuration: see endpoints.",
    ),
    (
        "connection refused",
        "Nothing listens on the port that the Service leads to: compare its targetPort with --listen.",
    ),
    ("context deadline exceeded", BLOCKED),
    ("i/o timeout", BLOCKED),
    ("no route to host", BLOCKED),
    (
        "EOF",
        "Something on that port ends the connection: compare the Service's targetPort with --listen.",
    ),
];

/// What is said where the API server got no answer at all.
const BLOCKED: &str = "The API server gets no answer: a network policy, a security group or a firewall blocks the port between control plane and Pods.";

const BLOCKED_ON_EKS: &str = "The API server gets no answer. On EKS the usual cause is a security group: allow the Pods' port \
                              (targetPort of the Service) from the cluster's security group to that of the nodes or Pods.";

fn failed(probe: &Probe, entries: &[&ValidatingWebhook], examined: &Examined) -> Verdict {
    let message = &probe.message;
    let is_ours = entries
        .iter()
        .any(|entry| message.contains(&format!("webhook {:?}", entry.name)));
    if !is_ours && message.contains("webhook") {
        return Verdict::unknown(
            format!(
                "another webhook answered first for {}: {message}",
                probe.what
            ),
            "Name a gateway's Service with --probe whose namespace the other webhook leaves alone.",
        );
    }
    if !is_ours {
        return Verdict::unknown(
            format!("{} was not judged: {message}", probe.what),
            "Name a gateway's Service in a namespace where you may create Ingresses with --probe.",
        );
    }
    let cause = CAUSES.iter().find(|(words, _)| message.contains(words));
    let next = match cause.map(|(_, next)| *next) {
        Some(BLOCKED) if examined.is_eks() => BLOCKED_ON_EKS,
        Some(next) => next,
        None => "See l7guard's log for the same time.",
    };
    Verdict::bad(
        format!("the API server cannot ask l7guard: {message}"),
        next,
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    fn probe(status: u16, message: &str, warnings: &[&str]) -> Seen<Probe> {
        Seen::There(Probe {
            what: "an Ingress".to_owned(),
            status,
            message: message.to_owned(),
            warnings: warnings.iter().map(ToString::to_string).collect(),
        })
    }

    #[test]
    fn only_our_own_denial_is_good() {
        let mut examined = examined();
        for (probe, outcome) in [
            (
                probe(
                    403,
                    "admission webhook \"one.example.com\" denied the request: x",
                    &[],
                ),
                Outcome::Good,
            ),
            (
                probe(
                    403,
                    "admission webhook \"other.example.com\" denied the request: x",
                    &[],
                ),
                Outcome::Unknown,
            ),
            (
                probe(403, "ingresses is forbidden: User x cannot create", &[]),
                Outcome::Unknown,
            ),
            (probe(201, "", &[]), Outcome::Bad),
            (probe(201, "", &["other"]), Outcome::Bad),
            (
                probe(201, "", &["[L7G001] an ALB in front of"]),
                Outcome::Warning,
            ),
            (
                probe(500, "failed calling webhook \"one.example.com\": EOF", &[]),
                Outcome::Bad,
            ),
            (
                probe(
                    500,
                    "failed calling webhook \"other.example.com\": EOF",
                    &[],
                ),
                Outcome::Unknown,
            ),
            (Seen::Unknown("no right".to_owned()), Outcome::Unknown),
        ] {
            examined.probe = probe;
            assert_eq!(said(&CHECK, &examined).0, outcome, "{:?}", examined.probe);
        }
    }

    #[test]
    fn what_the_api_server_says_is_traced_to_its_cause() {
        let mut examined = examined();
        for (error, next) in [
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "caBundle",
            ),
            (
                "no endpoints available for service \"l7guard\"",
                "endpoints",
            ),
            (
                "dial tcp 10.0.0.1:8443: connect: connection refused",
                "targetPort",
            ),
            ("context deadline exceeded", "network policy"),
        ] {
            let message = format!(
                "failed calling webhook \"one.example.com\": failed to call webhook: {error}"
            );
            examined.probe = probe(500, &message, &[]);
            let said = run(&examined).remove(0).next.unwrap();
            assert!(said.contains(next), "{error}: {said}");
        }
        examined.server_version = Some("v1.33.1-eks-1234".to_owned());
        let said = run(&examined).remove(0).next.unwrap();
        assert!(said.contains("On EKS"), "{said}");
    }

    #[test]
    fn a_webhook_that_may_be_ignored_is_told_apart() {
        let mut examined = examined();
        examined.probe = probe(201, "", &[]);
        examined.webhook = Seen::There(webhook(|entry| entry["failurePolicy"] = "Ignore".into()));
        let next = run(&examined).remove(0).next.unwrap();
        assert!(next.contains("failurePolicy Ignore"), "{next}");
    }
}
