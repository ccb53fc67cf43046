//! Do the entries have the settings without which reviews come too late, go elsewhere or cannot be answered?

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhook;

use super::{Check, Examined, Seen, Verdict, without_entries};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "webhook-settings",
    question: "Are path, review versions, side effects, match policy and timeout as l7guard needs them?",
    run,
};

/// The path on which `serve` answers reviews.
const PATH: &str = "/validate";

/// `serve` keeps 500 ms of the time to itself, and a denial reads the cluster.
const SHORTEST_TIMEOUT: i32 = 3;

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let verdicts: Vec<Verdict> = entries.iter().flat_map(|entry| of_entry(entry)).collect();
    if verdicts.is_empty() {
        let message = "path, review versions, side effects, match policy and timeout are as l7guard needs them";
        return vec![Verdict::good(message)];
    }
    verdicts
}

fn of_entry(entry: &ValidatingWebhook) -> Vec<Verdict> {
    let name = &entry.name;
    let mut verdicts = Vec::new();
    let service = entry.client_config.service.as_ref();
    let path = service.and_then(|service| service.path.as_deref());
    if path != Some(PATH) {
        verdicts.push(Verdict::bad(
            format!("entry {name} calls the path {:?}", path.unwrap_or("/")),
            format!("Set clientConfig.service.path to {PATH}: reviews on any other path are answered with 404."),
        ));
    }
    if !entry
        .admission_review_versions
        .iter()
        .any(|version| version == "v1")
    {
        verdicts.push(Verdict::bad(
            format!("entry {name} does not list v1 in admissionReviewVersions"),
            "Set admissionReviewVersions to [v1].",
        ));
    }
    if entry.side_effects != "None" {
        verdicts.push(Verdict::warning(
            format!("entry {name} has sideEffects {}", entry.side_effects),
            "Set sideEffects to None: l7guard has none, and with Some or Unknown every dry run fails.",
        ));
    }
    if entry.match_policy.as_deref() == Some("Exact") {
        verdicts.push(Verdict::warning(
            format!("entry {name} has matchPolicy Exact"),
            "Set matchPolicy to Equivalent: with Exact, objects of a version that no rule names pass unseen.",
        ));
    }
    let timeout = entry.timeout_seconds.unwrap_or(10);
    if timeout < SHORTEST_TIMEOUT {
        verdicts.push(Verdict::warning(
            format!("entry {name} has timeoutSeconds {timeout}"),
            "Set timeoutSeconds to 5 or more: a denial reads the cluster before it is given.",
        ));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn each_setting_is_looked_at() {
        let mut examined = examined();
        assert_eq!(said(&CHECK, &examined).0, Outcome::Good);
        for (pointer, value, outcome) in [
            ("/clientConfig/service/path", json!("/"), Outcome::Bad),
            ("/admissionReviewVersions", json!(["v1beta1"]), Outcome::Bad),
            ("/sideEffects", json!("Unknown"), Outcome::Warning),
            ("/matchPolicy", json!("Exact"), Outcome::Warning),
            ("/timeoutSeconds", json!(1), Outcome::Warning),
        ] {
            examined.webhook = Seen::There(webhook(|entry| {
                *entry.pointer_mut(pointer).unwrap() = value.clone();
            }));
            assert_eq!(said(&CHECK, &examined).0, outcome, "{pointer}");
        }
    }
}
