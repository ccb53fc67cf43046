//! Whose objects does the namespaceSelector leave out?

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhook;

use super::listing::listed;
use super::{Check, Examined, Seen, Verdict, without_entries};
use crate::doctor::selector;
use crate::doctor::webhook::covers;

pub(in crate::doctor) static CHECK: Check = Check {
    name: "namespace-selector",
    question: "Which namespaces does the namespaceSelector leave out?",
    run,
};

/// Namespaces that are left out in good order, beside the installation's own: with l7guard away they have to work.
const LEFT_OUT: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

fn run(examined: &Examined) -> Vec<Verdict> {
    let entries = examined.entries();
    let Seen::There(entries) = &entries else {
        return without_entries(&entries);
    };
    let selecting: Vec<&ValidatingWebhook> = entries
        .iter()
        .copied()
        .filter(|entry| !selector::is_empty(entry.namespace_selector.as_ref()))
        .collect();
    if selecting.is_empty() {
        return vec![Verdict::good("objects of every namespace are judged")];
    }
    let mut words: Vec<String> = selecting
        .iter()
        .filter_map(|entry| in_words(entry))
        .collect();
    words.dedup();
    let words = words.join("; ");
    let Seen::There(namespaces) = &examined.namespaces else {
        let reason = match &examined.namespaces {
            Seen::Unknown(reason) => reason.clone(),
            _ => "there are no namespaces".to_owned(),
        };
        return vec![Verdict::unknown(
            format!("namespaceSelector {words:?}: {reason}"),
            format!(
                "See which namespaces it leaves out: kubectl get namespaces --selector '{words}'"
            ),
        )];
    };
    let own = examined
        .installation
        .there()
        .map(|found| &found.service.namespace);
    let (mut expected, mut others) = (Vec::new(), Vec::new());
    for namespace in namespaces {
        let name = namespace.metadata.name.clone().unwrap_or_default();
        if selecting.iter().all(|entry| covers(entry, namespace)) {
            continue;
        }
        if LEFT_OUT.contains(&&*name) || own == Some(&name) {
            expected.push(name);
        } else {
            others.push(name);
        }
    }
    if !others.is_empty() {
        return vec![Verdict::warning(
            format!(
                "objects of these namespaces are not judged, or not all of them: {} (namespaceSelector {words:?})",
                listed(&others)
            ),
            "If that is not meant, change the selector or the labels of these namespaces. Cluster-scoped objects are always judged.",
        )];
    }
    let left_out = if expected.is_empty() {
        "none".to_owned()
    } else {
        listed(&expected)
    };
    vec![Verdict::good(format!(
        "left out of all judging: {left_out}"
    ))]
}

fn in_words(entry: &ValidatingWebhook) -> Option<String> {
    entry.namespace_selector.as_ref().map(selector::in_words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::samples::{examined, said, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn namespaces_that_ought_to_be_judged_are_named() {
        let mut examined = examined();
        let without = |names: serde_json::Value| {
            Seen::There(webhook(|entry| {
                entry["namespaceSelector"] = json!({"matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": names}]});
            }))
        };
        examined.webhook = without(json!(["guard", "kube-system"]));
        assert_eq!(
            said(&CHECK, &examined),
            (
                Outcome::Good,
                "left out of all judging: guard, kube-system".to_owned()
            )
        );
        examined.webhook = without(json!(["shop"]));
        let (outcome, message) = said(&CHECK, &examined);
        assert_eq!(outcome, Outcome::Warning);
        assert!(
            message.contains(": shop (") && message.contains("notin (shop)"),
            "{message}"
        );
        examined.namespaces = Seen::Unknown("you lack the right to list namespaces".to_owned());
        assert_eq!(said(&CHECK, &examined).0, Outcome::Unknown);
    }
}
