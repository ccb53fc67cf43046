//! Do istiod's flags and environment agree with the configuration?

use k8s_openapi::api::apps::v1::Deployment;
use l7guard_policy::configuration::Istio;
use l7guard_policy::identity::Kind;

use super::deployment::{Variable, flag, name, variable};
use super::{Check, Examined, Seen, Verdict};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "istiod",
    question: "Do istiod's flags and environment agree with the configuration?",
    run,
};

/// Variables that change what a gateway is and that no object shows: name, value that istiod has without it, what another
/// value means.
///
/// Source: Istio `pilot/pkg/features/pilot.go`.
const UNREADABLE: [(&str, &str, &str); 2] = [
    (
        "PILOT_SCOPE_GATEWAY_TO_NAMESPACE",
        "false",
        "Istio Gateways select only workloads of their own namespace; l7guard takes them to select any",
    ),
    (
        "ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT",
        "true",
        "istiod deploys every Gateway, also those with addresses of their own; l7guard takes these for manual ones",
    ),
];

const CONTROLLER: &str = "PILOT_GATEWAY_API_CONTROLLER_NAME";

fn run(examined: &Examined) -> Vec<Verdict> {
    let istiods = match &examined.istiods {
        Seen::There(istiods) if !istiods.is_empty() => istiods,
        Seen::Unknown(reason) => {
            let next = "Ask for the right to list Deployments in istio-system, or compare by hand.";
            return vec![Verdict::unknown(reason, next)];
        }
        Seen::There(_) | Seen::Absent => return vec![without_deployment(examined)],
    };
    let verdicts: Vec<Verdict> = istiods
        .iter()
        .flat_map(|istiod| of_istiod(istiod, &examined.configuration.istio))
        .collect();
    if verdicts.is_empty() {
        let names: Vec<String> = istiods.iter().map(name).collect();
        return vec![Verdict::good(format!(
            "{} agrees with the configuration",
            names.join(", ")
        ))];
    }
    verdicts
}

fn without_deployment(examined: &Examined) -> Verdict {
    match &examined.kinds {
        Seen::There(kinds) if !kinds.iter().any(|kind| kind.kind == Kind::IstioGateway) => {
            Verdict::good("Istio is not installed: its Gateways are not served")
        }
        _ => Verdict::unknown(
            "no Deployment with the label app=istiod was found",
            "Compare its PILOT_GATEWAY_API_CONTROLLER_NAME and --domain with the section istio of the configuration by hand.",
        ),
    }
}

fn of_istiod(istiod: &Deployment, istio: &Istio) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    verdicts.extend(controller(istiod, istio));
    let domain =
        flag(istiod, "domain").filter(|domain| !domain.is_empty() && !domain.contains("$("));
    if let Some(domain) = domain.filter(|domain| **domain != *istio.cluster_domain) {
        verdicts.push(Verdict::bad(
            format!(
                "{} has --domain {domain}, the configuration {}",
                name(istiod),
                istio.cluster_domain
            ),
            format!("Set istio.clusterDomain to {domain}."),
        ));
    }
    for (variable_name, default, meaning) in UNREADABLE {
        match variable(istiod, variable_name) {
            Variable::Value(value) if value != default => verdicts.push(Verdict::warning(
                format!("{} has {variable_name}={value}: {meaning}", name(istiod)),
                "See docs/limits.md; name gateways in istio.gatewayServices where it matters.",
            )),
            Variable::Elsewhere => verdicts.push(elsewhere(istiod, variable_name)),
            Variable::Value(_) | Variable::Unset => {}
        }
    }
    verdicts
}

fn controller(istiod: &Deployment, istio: &Istio) -> Option<Verdict> {
    match variable(istiod, CONTROLLER) {
        Variable::Value(value) if !value.is_empty() && !istio.makes_gateways(value) => {
            Some(Verdict::bad(
                format!(
                    "{} makes gateways for the controller {value}, which the configuration does not list",
                    name(istiod)
                ),
                format!("Add {value} to istio.gatewayControllers."),
            ))
        }
        Variable::Elsewhere => Some(elsewhere(istiod, CONTROLLER)),
        Variable::Value(_) | Variable::Unset => None,
    }
}

fn elsewhere(istiod: &Deployment, variable: &str) -> Verdict {
    Verdict::unknown(
        format!("{variable} of {} comes from another object", name(istiod)),
        "Look its value up and compare it with the section istio of the configuration.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{deployment, examined, outcomes};
    use super::*;
    use crate::doctor::Outcome::{Bad, Good, Unknown, Warning};

    #[test]
    fn flags_and_environment_are_held_against_the_configuration() {
        let mut examined = examined();
        for (flags, environment, expected) in [
            (
                &["discovery", "--domain", "cluster.local"][..],
                &[][..],
                &[Good][..],
            ),
            (&["--domain", "corp.example"], &[], &[Bad]),
            (&[], &[(CONTROLLER, "istio.io/gateway-controller")], &[Good]),
            (&[], &[(CONTROLLER, "example.com/other")], &[Bad]),
            (
                &[],
                &[("PILOT_SCOPE_GATEWAY_TO_NAMESPACE", "true")],
                &[Warning],
            ),
            (
                &[],
                &[("ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT", "false")],
                &[Warning],
            ),
        ] {
            examined.istiods = Seen::There(vec![deployment(flags, environment)]);
            assert_eq!(
                outcomes(&CHECK, &examined),
                expected,
                "{flags:?} {environment:?}"
            );
        }
        examined.istiods = Seen::Unknown("no right".to_owned());
        assert_eq!(outcomes(&CHECK, &examined), [Unknown]);
    }
}
