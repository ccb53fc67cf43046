//! Which reviews do matchConditions take away?

use super::{Check, Examined, Seen, Verdict, without_entries};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "match-conditions",
    question: "Which requests do matchConditions leave out?",
    run,
};

/// How much of an expression is quoted, in characters.
const QUOTED: usize = 160;

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let mut verdicts = Vec::new();
    let mut harmless = 0;
    for entry in entries {
        for condition in entry.match_conditions.iter().flatten() {
            if about_users(&condition.expression) {
                let expression: String = condition.expression.chars().take(QUOTED).collect();
                verdicts.push(Verdict::warning(
                    format!("entry {}: condition {} leaves out requests by who sends them: {expression:?}", entry.name, condition.name),
                    "Make sure that nobody it names writes fronts for others (a deployment tool does); the audit still finds what passed.",
                ));
            } else {
                harmless += 1;
            }
        }
    }
    if verdicts.is_empty() {
        let message = match harmless {
            0 => "no matchConditions: every request that the rules name is judged".to_owned(),
            _ => "matchConditions leave requests out by what they change, not by who sends them"
                .to_owned(),
        };
        return vec![Verdict::good(message)];
    }
    verdicts
}

/// Whether a CEL expression looks at the sender.
fn about_users(expression: &str) -> bool {
    expression.contains("userInfo") || expression.contains("authorizer")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_condition_on_the_sender_is_told() {
        let mut examined = examined();
        for (expression, outcome) in [
            ("object.spec != oldObject.spec", Outcome::Good),
            ("request.userInfo.username != 'argo'", Outcome::Warning),
            (
                "!authorizer.group('').resource('pods').check('get').allowed()",
                Outcome::Warning,
            ),
        ] {
            examined.webhook = Seen::There(webhook(|entry| {
                entry["matchConditions"] = json!([{"name": "a", "expression": expression}]);
            }));
            assert_eq!(said(&CHECK, &examined).0, outcome, "{expression}");
        }
    }
}
