//! Do the rules of the webhook configuration cover the kinds that the cluster serves?

use super::listing::listed;
use super::{Check, Examined, Seen, Verdict, not_seen, without_entries};
use crate::doctor::webhook::asks_about;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "webhook-rules",
    question: "Do the rules cover every kind that can complete a path and is served?",
    run,
};

/// What completes a path. Deletions never do.
const OPERATIONS: [&str; 2] = ["CREATE", "UPDATE"];

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let Seen::There(kinds) = &examined.kinds else {
        let next =
            "Ask for the right to read the API server's discovery (ClusterRole system:discovery).";
        return not_seen(&examined.kinds, "the API server serves nothing", next);
    };
    let judged: Vec<_> = kinds.iter().filter(|kind| kind.is_judged()).collect();
    let mut missing = Vec::new();
    for kind in &judged {
        for operation in OPERATIONS {
            if !entries
                .iter()
                .any(|entry| asks_about(entry, kind, operation))
            {
                missing.push(format!("{operation} {}", kind.name()));
            }
        }
    }
    if missing.is_empty() {
        let names: Vec<String> = judged.iter().map(|kind| kind.name()).collect();
        return vec![Verdict::good(format!(
            "CREATE and UPDATE of {} are judged",
            names.join(", ")
        ))];
    }
    vec![Verdict::bad(
        format!("the API server does not ask about {}", listed(&missing)),
        "Add them to the rules of the webhook configuration; the chart's has them all.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_kind_or_operation_that_no_rule_names_is_told() {
        let mut examined = examined();
        assert_eq!(said(&CHECK, &examined).0, Outcome::Good);
        examined.webhook = Seen::There(webhook(|entry| {
            entry["rules"][0]["operations"] = serde_json::json!(["CREATE"]);
            entry["rules"][1]["resources"] = serde_json::json!(["pods"]);
        }));
        let (outcome, message) = said(&CHECK, &examined);
        assert_eq!(outcome, Outcome::Bad);
        for part in [
            "UPDATE ingresses.networking.k8s.io",
            "CREATE services",
            "UPDATE services",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("CREATE ingresses."), "{message}");
    }
}
