//! What happens to writes while l7guard cannot be asked?

use super::listing::listed;
use super::{Check, Examined, Seen, Verdict, without_entries};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "failure-policy",
    question: "What happens to writes while l7guard cannot be asked?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let ignoring: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.failure_policy.as_deref() == Some("Ignore"))
        .map(|entry| entry.name.as_str())
        .collect();
    if ignoring.is_empty() {
        let message = "failurePolicy Fail: while l7guard cannot be asked, writes of these kinds are refused with an error";
        return vec![Verdict::good(message)];
    }
    let which = if ignoring.len() == entries.len() {
        "failurePolicy Ignore".to_owned()
    } else {
        format!("failurePolicy Ignore of {}", listed(&ignoring))
    };
    vec![Verdict::warning(
        format!("{which}: while l7guard cannot be asked, objects pass unjudged and nobody is told"),
        "Set failurePolicy to Fail once at least two replicas run; until then watch the API server's metric apiserver_admission_webhook_fail_open_count.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn ignoring_is_a_warning() {
        let mut examined = examined();
        for (policy, outcome) in [("Fail", Outcome::Good), ("Ignore", Outcome::Warning)] {
            examined.webhook = Seen::There(webhook(|entry| entry["failurePolicy"] = policy.into()));
            assert_eq!(said(&CHECK, &examined).0, outcome);
        }
    }
}
