//! What an object can be called, and where it can stand.

use l7guard_policy::identity::ObjectKey;

/// Whether an object may bear this name. Others stand in references that nobody checks (in an annotation, say), and would
/// lead to another place of the API.
///
/// Source: Kubernetes, "Object Names and IDs" (DNS subdomain names, which all kinds that are read have).
pub(super) fn is_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(is_inner)
        && bytes.len() <= 253
}

/// Whether an object of the kind may stand in the key's namespace.
pub(super) fn may_be_in(key: &ObjectKey) -> bool {
    !key.kind.is_namespaced() || is_name(&key.namespace)
}

/// Whether a label may have this key. Others stand in selectors of objects that nobody stores, and would change what is asked.
///
/// Source: Kubernetes, "Labels and Selectors" (syntax and character set).
pub(super) fn is_label_key(key: &str) -> bool {
    let is_of_key = |byte: u8| byte == b'/' || is_of_label(byte);
    !key.is_empty() && key.len() <= 253 + 1 + 63 && key.bytes().all(is_of_key)
}

/// Whether a label may have this value.
pub(super) fn is_label_value(value: &str) -> bool {
    value.len() <= 63 && value.bytes().all(is_of_label)
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use l7guard_policy::identity::Kind;

    use super::*;

    #[test]
    fn what_no_object_can_be_called_is_not_asked_for() {
        for name in ["web", "a", "9", "web-1.shop", &"a".repeat(253)] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(254);
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "../nodes",
            "a?watch=true",
            "a b",
            "a%2fb",
            "a#b",
            "a_b",
            "-a",
            "a.",
            "ä",
            "a\n",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn labels_that_no_pod_can_bear_are_not_asked_for() {
        for key in ["app", "app.kubernetes.io/name", "a_b"] {
            assert!(is_label_key(key), "{key}");
        }
        for key in ["", "a,b", "a=b", "!a", "a in (b)", "a b", "ä"] {
            assert!(!is_label_key(key), "{key}");
        }
        for value in ["", "web", "1.2_3-x"] {
            assert!(is_label_value(value), "{value}");
        }
        for value in ["a,b", "a/b", "a=b", "a b", &"x".repeat(64)] {
            assert!(!is_label_value(value), "{value}");
        }
    }

    #[test]
    fn an_object_of_a_namespaced_kind_is_in_a_namespace() {
        assert!(may_be_in(&ObjectKey::new(Kind::IngressClass, "", "alb")));
        assert!(may_be_in(&ObjectKey::new(Kind::Ingress, "shop", "web")));
        assert!(!may_be_in(&ObjectKey::new(Kind::Ingress, "", "web")));
        assert!(!may_be_in(&ObjectKey::new(
            Kind::Ingress,
            "../kube-system",
            "web"
        )));
    }
}
