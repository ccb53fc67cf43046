//! Labels and equality selectors, as the core Service's `spec.selector` and Istio's `Gateway` use them.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// Labels that the controllers add to what they make: a Pod has them, its template does not. A selector that names one
/// of them (Argo Rollouts writes `rollouts-pod-template-hash` into Services) still selects the template's Pods.
///
/// Source: Kubernetes `pkg/controller` (label constants of the workload controllers), Argo Rollouts
/// `utils/defaults`.
pub const CONTROLLER_LABELS: &[&str] = &[
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

/// So much of a selector is shown, in bytes, or its first pair: more than the selectors that people write.
const SHOWN_BYTES: usize = 512;

/// A map of label keys to values, sorted by key. Used for labels and for equality selectors alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Box<[(Arc<str>, Arc<str>)]>);

impl Labels {
    /// Labels of these pairs; of a repeated key the last value holds.
    pub fn new<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Arc<str>>,
        V: Into<Arc<str>>,
    {
        let mut pairs: Vec<(Arc<str>, Arc<str>)> = pairs
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, first| later.0 == first.0);
        Self(pairs.into_boxed_slice())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .binary_search_by(|(k, _)| (**k).cmp(key))
            .ok()
            .map(|at| &*self.0[at].1)
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &(Arc<str>, Arc<str>)> {
        self.0.iter()
    }

    /// Whether this, read as an equality selector, selects an object with these labels. An empty selector selects
    /// everything (`k8s.io/apimachinery` `labels.SelectorFromSet`); a Service without selector selects nothing, which
    /// is for the caller to know.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(k, v)| labels.get(k) == Some(v))
    }

    /// Whether the two share a key with different values: then nothing bears the labels of both.
    #[must_use]
    pub fn contradicts(&self, other: &Labels) -> bool {
        self.0
            .iter()
            .any(|(k, v)| other.get(k).is_some_and(|theirs| theirs != &**v))
    }

    /// The selector without the keys in [`CONTROLLER_LABELS`], to match it against a template.
    #[must_use]
    pub fn without_controller_labels(&self) -> Labels {
        Self(self.template_pairs().cloned().collect())
    }

    /// The labels whose keys are of interest.
    #[must_use]
    pub fn only(&self, is_of_interest: impl Fn(&str) -> bool) -> Labels {
        let pairs = self.0.iter().filter(|(key, _)| is_of_interest(key));
        Self(pairs.cloned().collect())
    }

    /// The pairs of the selector whose keys are not in [`CONTROLLER_LABELS`].
    pub(crate) fn template_pairs(&self) -> impl Iterator<Item = &(Arc<str>, Arc<str>)> {
        let is_templates = |(key, _): &&(Arc<str>, Arc<str>)| !CONTROLLER_LABELS.contains(&&**key);
        self.0.iter().filter(is_templates)
    }

    /// `key=value` pairs joined with commas, as `kubectl` shows a selector; of a longer one the first pairs and how many more
    /// there are. Evidence is written for every front of a Service, and a selector may be a megabyte.
    #[must_use]
    pub fn to_selector_string(&self) -> String {
        let mut text = String::new();
        for (at, (key, value)) in self.0.iter().enumerate() {
            let length = text.len() + key.len() + value.len();
            if at > 0 && length > SHOWN_BYTES {
                let more = self.0.len() - at;
                let _ = write!(text, " and {more} more");
                break;
            }
            let comma = if at == 0 { "" } else { "," };
            let _ = write!(text, "{comma}{key}={value}");
        }
        text
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Reads a map of strings; entries of the value null are absent.
impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;

        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut pairs: Vec<(Arc<str>, Arc<str>)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<Arc<str>, Option<Arc<str>>>()? {
                    if let Some(value) = value {
                        pairs.push((key, value));
                    }
                }
                Ok(Labels::new(pairs))
            }
        }

        deserializer.deserialize_map(LabelsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_selects_what_has_all_its_pairs() {
        let selector = Labels::new([("app", "gw"), ("istio", "ingress")]);
        assert!(selector.selects(&Labels::new([
            ("istio", "ingress"),
            ("app", "gw"),
            ("x", "y")
        ])));
        assert!(!selector.selects(&Labels::new([("app", "gw")])));
        assert!(!selector.selects(&Labels::new([("app", "gw"), ("istio", "other")])));
        assert!(Labels::default().selects(&Labels::default()));
    }

    #[test]
    fn labels_that_controllers_add_do_not_count_against_a_template() {
        let selector = Labels::new([("app", "gw"), ("rollouts-pod-template-hash", "abc")]);
        assert_eq!(
            selector.without_controller_labels(),
            Labels::new([("app", "gw")])
        );
    }

    #[test]
    fn a_long_selector_is_shown_by_its_first_pairs() {
        let selector = |count: usize| {
            Labels::new((0..count).map(|at| (format!("key-{at:04}"), "x".to_owned())))
        };
        assert_eq!(selector(2).to_selector_string(), "key-0000=x,key-0001=x");
        let long = selector(1000).to_selector_string();
        assert!(long.starts_with("key-0000=x,key-0001=x,"), "{long}");
        assert!(long.ends_with(" more"), "{long}");
        assert!(long.len() < SHOWN_BYTES + 100, "{long}");
    }

    #[test]
    fn the_last_value_of_a_repeated_key_holds() {
        assert_eq!(Labels::new([("a", "1"), ("a", "2")]).get("a"), Some("2"));
    }
}
