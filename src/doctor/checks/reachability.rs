//! Is an object that must be refused refused, the way reviews go, and one that must not be let through? Sent as dry runs, so
//! that nothing is written.

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhook;

use super::{Check, Examined, Seen, Verdict, not_seen};
use crate::doctor::examined::{Answer, Probe};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "reachability",
    question: "Is an object that must be refused refused, and a harmless one let through, in a dry run?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let Seen::There(probe) = &examined.probe else {
        let next = "Ask for the right to create Ingresses in one judged namespace, and name a gateway's Service there with --probe.";
        return not_seen(&examined.probe, "nothing was sent", next);
    };
    let entries = examined.entries();
    let entries = entries.there().map(Vec::as_slice).unwrap_or_default();
    let verdict = match probe.answer.status {
        ..400 => allowed(probe, entries),
        403 if denied_by(&probe.answer, entries) => {
            Verdict::good(format!("{} was refused", probe.what))
        }
        _ => failed(probe, entries, examined),
    };
    std::iter::once(verdict)
        .chain(harmless(probe, entries))
        .collect()
}

/// What is said of the harmless object; nothing where it fails as the other one does.
fn harmless(probe: &Probe, entries: &[&ValidatingWebhook]) -> Option<Verdict> {
    let what = "the same Ingress with a Service that is no gateway's";
    let Seen::There(answer) = &probe.harmless else {
        let next = "Run it again.";
        return not_seen(&probe.harmless, "no harmless object was sent", next).pop();
    };
    if denied_by(answer, entries) || warned(answer) {
        let said = answer.warnings.iter().chain([&answer.message]);
        let said = said.map(String::as_str).collect::<Vec<_>>().join(" ");
        return Some(Verdict::bad(
            format!("{what} was refused or warned about: {said}"),
            "Writes are refused that add no path to a gateway: see what it says, and the patterns of names in the configuration.",
        ));
    }
    match answer.status {
        ..400 => Some(Verdict::good(format!("{what} was let through"))),
        _ if probe.answer.status >= 400 && !denied_by(&probe.answer, entries) => None,
        _ => Some(Verdict::unknown(
            format!("{what} was not judged: {}", answer.message),
            "Name a gateway's Service with --probe in a namespace in which nothing else refuses Ingresses.",
        )),
    }
}

/// Whether l7guard warned about it.
fn warned(answer: &Answer) -> bool {
    answer
        .warnings
        .iter()
        .any(|warning| warning.contains("L7G"))
}

/// Whether one of our entries refused it.
///
/// Source: apiserver `webhook/errors/statuserror.go` (`ToStatusErr`).
fn denied_by(answer: &Answer, entries: &[&ValidatingWebhook]) -> bool {
    entries.iter().any(|entry| {
        let denied = format!("admission webhook {:?} denied the request", entry.name);
        answer.message.contains(&denied)
    })
}

fn allowed(probe: &Probe, entries: &[&ValidatingWebhook]) -> Verdict {
    if warned(&probe.answer) {
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
    let message = &probe.answer.message;
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
            answer: answer(status, message, warnings),
            harmless: Seen::There(answer(201, "", &[])),
        })
    }

    fn answer(status: u16, message: &str, warnings: &[&str]) -> Answer {
        Answer {
            status,
            message: message.to_owned(),
            warnings: warnings.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_harmless_object_has_to_pass_in_silence() {
        let denied = "admission webhook \"one.example.com\" denied the request: x";
        let others = "admission webhook \"other.example.com\" denied the request: x";
        let failed = "failed calling webhook \"one.example.com\": EOF";
        for (first, harmless, outcome) in [
            (
                answer(403, denied, &[]),
                answer(201, "", &[]),
                Some(Outcome::Good),
            ),
            (
                answer(403, denied, &[]),
                answer(201, "", &["deprecated"]),
                Some(Outcome::Good),
            ),
            (
                answer(403, denied, &[]),
                answer(403, denied, &[]),
                Some(Outcome::Bad),
            ),
            (
                answer(201, "", &["[L7G001] x"]),
                answer(201, "", &["[L7G001] x"]),
                Some(Outcome::Bad),
            ),
            (
                answer(403, denied, &[]),
                answer(403, others, &[]),
                Some(Outcome::Unknown),
            ),
            (answer(500, failed, &[]), answer(500, failed, &[]), None),
        ] {
            let mut examined = examined();
            examined.probe = Seen::There(Probe {
                what: "an Ingress".to_owned(),
                answer: first.clone(),
                harmless: Seen::There(harmless.clone()),
            });
            let said = run(&examined).into_iter().nth(1);
            let said = said.map(|verdict| verdict.outcome);
            assert_eq!(said, outcome, "{first:?} {harmless:?}");
        }
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
