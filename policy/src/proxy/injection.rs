//! Whether a Pod asks for Istio's injection, as far as it says so itself.
//!
//! Sources: Istio `pkg/kube/inject/inject.go` (`injectRequired`, `IgnoredNamespaces`) and the selectors of
//! `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`.

/// Namespaces in which nothing is injected.
const IGNORED_NAMESPACES: [&str; 4] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// What a Pod says of its injection, where it does not refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InjectionRequest {
    /// A label asks for it: it is injected unless its Namespace says no.
    Asked,
    /// Nothing: its Namespace decides.
    Unsaid,
}

impl InjectionRequest {
    /// Reads the label `sidecar.istio.io/inject`, its value or, where there is no such label, that of the annotation, and
    /// whether the Pod names a revision. `None`: it refuses injection.
    ///
    /// The webhook is called by labels alone, so an annotation can refuse, but not ask.
    #[must_use]
    pub fn of_pod(label: Option<&str>, value: Option<&str>, has_revision: bool) -> Option<Self> {
        let value = value.unwrap_or_default().to_ascii_lowercase();
        match &*value {
            "" => {}
            "y" | "yes" | "true" | "on" => {
                if label.is_some() {
                    return Some(Self::Asked);
                }
            }
            _ => return None,
        }
        Some(if has_revision {
            Self::Asked
        } else {
            Self::Unsaid
        })
    }
}

/// Whether nothing is injected in a namespace, whatever its labels are.
#[must_use]
pub fn is_ignored(namespace: &str) -> bool {
    IGNORED_NAMESPACES.contains(&namespace)
}

#[cfg(test)]
mod tests {
    use super::InjectionRequest::{Asked, Unsaid};
    use super::*;

    #[test]
    fn the_label_goes_before_the_annotation_which_can_only_refuse() {
        for (label, value, has_revision, wanted) in [
            (None, None, false, Some(Unsaid)),
            (None, None, true, Some(Asked)),
            (Some("true"), Some("true"), false, Some(Asked)),
            (Some("Yes"), Some("Yes"), false, Some(Asked)),
            (Some(""), Some(""), false, Some(Unsaid)),
            (Some("false"), Some("false"), true, None),
            (Some("off"), Some("off"), false, None),
            (None, Some("true"), false, Some(Unsaid)),
            (None, Some("true"), true, Some(Asked)),
            (None, Some("false"), true, None),
        ] {
            let said = InjectionRequest::of_pod(label, value, has_revision);
            assert_eq!(said, wanted, "{label:?} {value:?} {has_revision}");
        }
    }
}
