//! Does an objectSelector let objects pass that whoever writes them can label?

use super::{Check, Examined, Seen, Verdict, without_entries};
use crate::doctor::selector;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "object-selector",
    question: "Can an object pass unseen by a label of its own?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let selecting = entries.iter().filter_map(|entry| {
        let selector = entry.object_selector.as_ref();
        let selector = selector.filter(|selector| !selector::is_empty(Some(selector)))?;
        Some(Verdict::warning(
            format!(
                "entry {} has the objectSelector {:?}: who writes an object decides by its labels whether it is judged",
                entry.name,
                selector::in_words(selector)
            ),
            "Remove objectSelector; exemptions belong in the configuration, with reason, owner and end.",
        ))
    });
    let verdicts: Vec<Verdict> = selecting.collect();
    if verdicts.is_empty() {
        return vec![Verdict::good(
            "no objectSelector: labels of an object let nothing pass",
        )];
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
    fn an_object_selector_is_told_and_an_empty_one_is_none() {
        let mut examined = examined();
        for (selector, outcome) in [
            (json!({}), Outcome::Good),
            (json!({"matchLabels": {"guarded": "yes"}}), Outcome::Warning),
        ] {
            examined.webhook =
                Seen::There(webhook(|entry| entry["objectSelector"] = selector.clone()));
            assert_eq!(said(&CHECK, &examined).0, outcome);
        }
    }
}
