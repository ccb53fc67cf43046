//! Is there a replica behind the Service that the API server calls?

use k8s_openapi::api::core::v1::Service;

use super::listing::{counted, listed};
use super::{Check, Examined, Seen, Verdict, not_seen};
use crate::doctor::webhook;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "endpoints",
    question: "Are replicas ready behind the Service and port that the API server calls?",
    run,
};

const NEXT: &str = "Ask for the right, or for somebody who has it to run this.";

fn run(examined: &Examined) -> Vec<Verdict> {
    let Seen::There(installation) = &examined.installation else {
        return not_seen(
            &examined.installation,
            "no installation was found",
            "See webhook-configuration above.",
        );
    };
    let name = &installation.service;
    let service = match &examined.service {
        Seen::There(service) => service,
        Seen::Absent => {
            return vec![Verdict::bad(
                format!("there is no Service {name}"),
                "Apply the installation's chart or manifests again.",
            )];
        }
        Seen::Unknown(reason) => return vec![Verdict::unknown(reason, NEXT)],
    };
    if let Some(verdict) = missing_port(examined, service) {
        return vec![verdict];
    }
    let slices = match &examined.endpoints {
        Seen::There(slices) => slices.as_slice(),
        Seen::Absent => &[],
        Seen::Unknown(reason) => return vec![Verdict::unknown(reason, NEXT)],
    };
    let endpoints = slices.iter().flat_map(|slice| &slice.endpoints);
    // An endpoint that does not say is ready (Kubernetes API, `EndpointConditions.ready`).
    let (ready, not_ready): (Vec<_>, Vec<_>) = endpoints.partition(|endpoint| {
        endpoint
            .conditions
            .as_ref()
            .and_then(|conditions| conditions.ready)
            .unwrap_or(true)
    });
    let waiting: Vec<String> = not_ready
        .iter()
        .map(|endpoint| match &endpoint.target_ref {
            Some(target) => target.name.clone().unwrap_or_default(),
            None => endpoint.addresses.join(","),
        })
        .collect();
    vec![match (ready.len(), waiting.len()) {
        (0, 0) => Verdict::bad(
            format!("nothing is behind Service {name}"),
            format!(
                "Look for its Pods: kubectl -n {} get deployments,pods",
                name.namespace
            ),
        ),
        (0, _) => Verdict::bad(
            format!(
                "no endpoint of Service {name} is ready: {}",
                listed(&waiting)
            ),
            format!(
                "See what they wait for: kubectl -n {} describe pods; /readyz names the condition",
                name.namespace
            ),
        ),
        (1, 0) => Verdict::warning(
            format!("only one endpoint of Service {name}: while its Pod restarts nobody judges"),
            "Run at least two replicas, on different nodes.",
        ),
        (ready, 0) => Verdict::good(format!(
            "{} of Service {name} are ready",
            counted(ready, "endpoint")
        )),
        (ready, _) => Verdict::warning(
            format!(
                "{} of Service {name} ready, not ready: {}",
                counted(ready, "endpoint"),
                listed(&waiting)
            ),
            format!(
                "See what they wait for: kubectl -n {} describe pods",
                name.namespace
            ),
        ),
    }]
}

/// A port that the API server calls and the Service does not have.
fn missing_port(examined: &Examined, service: &Service) -> Option<Verdict> {
    let entries = examined.entries();
    let ports: Vec<i32> = service
        .spec
        .iter()
        .flat_map(|spec| spec.ports.iter().flatten())
        .map(|port| port.port)
        .collect();
    let called = entries.there()?.iter().map(|entry| webhook::port(entry));
    let missing = called.into_iter().find(|port| !ports.contains(port))?;
    Some(Verdict::bad(
        format!(
            "the API server calls port {missing}, which the Service does not have (it has {ports:?})"
        ),
        "Set clientConfig.service.port to the Service's port.",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{examined, outcomes, said, slice, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn as_many_as_are_ready_count() {
        let mut examined = examined();
        for (ready, outcome) in [
            (&[true, true][..], Outcome::Good),
            (&[true, false], Outcome::Warning),
            (&[true], Outcome::Warning),
            (&[false, false], Outcome::Bad),
            (&[], Outcome::Bad),
        ] {
            examined.endpoints = Seen::There(vec![slice(ready)]);
            assert_eq!(outcomes(&CHECK, &examined), [outcome], "{ready:?}");
        }
        examined.service = Seen::Absent;
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Bad]);
    }

    #[test]
    fn a_port_that_the_service_does_not_have_is_told() {
        let mut examined = examined();
        examined.webhook = Seen::There(webhook(|entry| {
            entry["clientConfig"]["service"]["port"] = json!(9443);
        }));
        let (outcome, message) = said(&CHECK, &examined);
        assert_eq!(outcome, Outcome::Bad);
        assert!(message.contains("calls port 9443"), "{message}");
    }
}
