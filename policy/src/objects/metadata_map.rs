//! Annotations and labels of objects.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::reading::{DecodeError, escape_pointer};
use super::text::Text;

/// Those entries of an object's annotations or labels that some rule may read; the others are passed over unread.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Sorted by key, each key once: there may be as many of them as an object has room for.
    entries: Vec<(String, Text)>,
    /// Whether there is an entry for the AWS Load Balancer Controller on Ingresses.
    has_alb: bool,
}

/// What the annotations begin with by which an Ingress tells the AWS Load Balancer Controller what its ALB is to be.
const ALB_PREFIX: &str = "alb.ingress.kubernetes.io/";

/// Keys, or prefixes of keys, of the annotations and object labels that rules read, of all kinds together.
const READ_PREFIXES: &[&str] = &[
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "alb.ingress.kubernetes.io/actions.",
    "alb.ingress.kubernetes.io/group.name",
    "service.beta.kubernetes.io/aws-load-balancer-",
    "inject.istio.io/templates",
    "proxy.istio.io/overrides",
    "sidecar.istio.io/",
    "gateway.istio.io/",
    "experimental.istio.io/disable-gateway-port-translation",
    "operator.istio.io/component",
    "app.kubernetes.io/name",
    "topology.istio.io/network",
    "maistra.io/gateway",
    "gateway-name",
    "gateway-type",
    "gateway.networking.k8s.io/gateway-name",
    "istio",
    "kubernetes.io/service-name",
    "endpointslice.kubernetes.io/managed-by",
    "ingress.k8s.aws/",
    "service.k8s.aws/",
    "gateway.k8s.aws.alb/",
    "gateway.k8s.aws.nlb/",
];

/// Whether some rule may read the annotation or label of this key.
pub(super) fn is_read(key: &str) -> bool {
    READ_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

impl Marks {
    /// The value of `key`; `field` is the pointer of the map (`/metadata/annotations`), for the error.
    pub(crate) fn get(&self, field: &str, key: &str) -> Result<Option<&str>, DecodeError> {
        debug_assert!(is_read(key), "{key} is asked for but not in READ_PREFIXES");
        let at = self
            .entries
            .binary_search_by(|(known, _)| (**known).cmp(key));
        at.map_or(Ok(None), |at| string(field, &self.entries[at]))
    }

    /// Whether an entry begins with `alb.ingress.kubernetes.io/`.
    pub(crate) fn has_alb(&self) -> bool {
        self.has_alb
    }

    /// The entries whose keys begin with one of `prefixes`.
    pub(crate) fn with_prefixes<'a>(
        &'a self,
        field: &str,
        prefixes: &[&str],
    ) -> Result<Vec<(&'a str, &'a str)>, DecodeError> {
        debug_assert!(
            prefixes.iter().all(|prefix| is_read(prefix)),
            "of {prefixes:?} one is asked for but not in READ_PREFIXES"
        );
        let mut found = Vec::new();
        for entry in &self.entries {
            if prefixes.iter().any(|prefix| entry.0.starts_with(prefix))
                && let Some(value) = string(field, entry)?
            {
                found.push((entry.0.as_str(), value));
            }
        }
        Ok(found)
    }

    /// Sorts the entries by key. Of a key that comes again the last value holds.
    fn sort(&mut self) {
        self.entries.reverse();
        self.entries.sort_by(|a, b| a.0.cmp(&b.0));
        self.entries.dedup_by(|later, first| later.0 == first.0);
    }
}

/// The value of an entry, which has to be a string; null is absent.
fn string<'a>(
    field: &str,
    (key, value): &'a (String, Text),
) -> Result<Option<&'a str>, DecodeError> {
    match value {
        Text::Other("null") => Ok(None),
        Text::String(value) => Ok(Some(value)),
        Text::Other(found) => Err(DecodeError::not_a_string(
            format!("{field}/{}", escape_pointer(key)),
            found,
        )),
    }
}

/// (serde borrows a `Cow` only when it is the field of a structure.)
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MarksVisitor;

        impl<'de> Visitor<'de> for MarksVisitor {
            type Value = Marks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
                let mut marks = Marks::default();
                while let Some(Key(key)) = map.next_key()? {
                    let is_alb = key.starts_with(ALB_PREFIX);
                    let is_null = if is_read(&key) {
                        let value = map.next_value()?;
                        let is_null = matches!(value, Text::Other("null"));
                        marks.entries.push((key.into_owned(), value));
                        is_null
                    } else {
                        map.next_value::<Option<IgnoredAny>>()?.is_none()
                    };
                    marks.has_alb |= is_alb && !is_null;
                }
                marks.sort();
                Ok(marks)
            }
        }

        deserializer.deserialize_map(MarksVisitor)
    }
}
