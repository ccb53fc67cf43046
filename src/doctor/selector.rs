//! Label selectors of the Kubernetes API in full, with a text for people.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Whether the labels match. A selector without requirements matches everything; one with an operator that nobody knows
/// matches nothing.
///
/// Source: apimachinery `LabelSelectorAsSelector` and `labels.Requirement.Matches`: `NotIn` matches where the key is absent.
pub(super) fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut equalities = selector.match_labels.iter().flatten();
    let mut expressions = selector.match_expressions.iter().flatten();
    equalities.all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|expression| {
            let value = labels.get(&expression.key);
            let is_listed = || {
                let listed = expression.values.iter().flatten();
                value.is_some_and(|value| listed.into_iter().any(|one| one == value))
            };
            match expression.operator.as_str() {
                "In" => is_listed(),
                "NotIn" => !is_listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

/// Whether it has no requirement.
pub(super) fn is_empty(selector: Option<&LabelSelector>) -> bool {
    selector.is_none_or(|selector| {
        selector.match_labels.iter().flatten().next().is_none()
            && selector.match_expressions.iter().flatten().next().is_none()
    })
}

/// As `kubectl get --selector` takes it.
pub(super) fn in_words(selector: &LabelSelector) -> String {
    let equalities = selector.match_labels.iter().flatten();
    let equalities = equalities.map(|(key, value)| format!("{key}={value}"));
    let expressions = selector
        .match_expressions
        .iter()
        .flatten()
        .map(|expression| {
            let (key, values) = (
                &expression.key,
                expression.values.as_deref().unwrap_or_default(),
            );
            let values = values.join(",");
            match expression.operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.clone(),
                "DoesNotExist" => format!("!{key}"),
                other => format!("{key} {other} ({values})"),
            }
        });
    equalities.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selector(value: serde_json::Value) -> LabelSelector {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_operator_is_read_as_the_api_server_reads_it() {
        let labels = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let one = |operator: &str, key: &str, values: &[&str]| {
            selector(
                json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}),
            )
        };
        for (expected, operator, key, values, words) in [
            (true, "In", "a", &["1", "2"][..], "a in (1,2)"),
            (false, "In", "b", &["1"][..], "b in (1)"),
            (false, "NotIn", "a", &["1"][..], "a notin (1)"),
            (true, "NotIn", "b", &["1"][..], "b notin (1)"),
            (true, "Exists", "a", &[][..], "a"),
            (false, "Exists", "b", &[][..], "b"),
            (false, "DoesNotExist", "a", &[][..], "!a"),
            (true, "DoesNotExist", "b", &[][..], "!b"),
            (false, "Near", "a", &["1"][..], "a Near (1)"),
        ] {
            let selector = one(operator, key, values);
            assert_eq!(matches(&selector, &labels), expected, "{words}");
            assert_eq!(in_words(&selector), words);
        }
    }

    #[test]
    fn all_requirements_have_to_hold() {
        let labels = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let both = selector(
            json!({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]}),
        );
        assert!(!matches(&both, &labels));
        assert!(matches(
            &selector(json!({"matchLabels": {"a": "1"}})),
            &labels
        ));
        assert!(is_empty(Some(&selector(json!({})))) && is_empty(None) && !is_empty(Some(&both)));
    }
}
