//! `HTTPRoute` and `GRPCRoute`: what they attach to and where they route.

use std::sync::Arc;

use serde::Deserialize;

use super::reading::{List, elements};
use super::text::shared;
use crate::identity::{Kind, ObjectKey};

/// What the rules read of an HTTPRoute or GRPCRoute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Gateways and ListenerSets that it attaches to; other kinds of parents are left out.
    pub parents: Box<[Parent]>,
    /// Where it routes to; of several references to one place the first.
    pub backends: Box<[RouteBackend]>,
}

/// A parent of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Gateway, ListenerSet or `XListenerSet`.
    pub kind: Kind,
    /// The parent's namespace.
    pub namespace: Arc<str>,
    /// The parent's name.
    pub name: Arc<str>,
}

impl Parent {
    /// The parent as an object.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(
            self.kind,
            Arc::clone(&self.namespace),
            Arc::clone(&self.name),
        )
    }
}

/// A `backendRef` of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteBackend {
    /// Index in `spec.rules`.
    pub rule: u32,
    /// Index in the rule's `backendRefs`.
    pub backend_ref: u32,
    /// What it names.
    pub target: RouteTarget,
}

/// What a `backendRef` names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RouteTarget {
    /// A Service, as (namespace, name).
    Service(Arc<str>, Arc<str>),
    /// An AWS target group by name.
    TargetGroupName(Box<str>),
}

impl RouteBackend {
    /// The pointer of the field that names the target.
    #[must_use]
    pub fn field(&self) -> String {
        format!(
            "/spec/rules/{}/backendRefs/{}/name",
            self.rule, self.backend_ref
        )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteSpec {
    parent_refs: List<ReferenceView>,
    rules: List<RouteRuleView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteRuleView {
    backend_refs: List<ReferenceView>,
}

/// A reference to a parent or backend.
#[derive(Deserialize)]
pub(super) struct ReferenceView {
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "shared")]
    namespace: Option<Arc<str>>,
    #[serde(default, deserialize_with = "shared")]
    name: Option<Arc<str>>,
}

impl ReferenceView {
    /// Namespace and name of what is referred to from this namespace; `None` without a name.
    pub(super) fn place(&self, own_namespace: &Arc<str>) -> Option<(Arc<str>, Arc<str>)> {
        let namespace = self.namespace.as_ref().unwrap_or(own_namespace);
        Some((Arc::clone(namespace), self.name.clone()?))
    }
}

/// The kind of a parent; `None`: the AWS Load Balancer Controller attaches to no such kind.
pub(super) fn parent_kind(kind: Option<&str>) -> Option<Kind> {
    match kind {
        None | Some("Gateway") => Some(Kind::Gateway),
        Some("ListenerSet") => Some(Kind::ListenerSet),
        Some("XListenerSet") => Some(Kind::XListenerSet),
        Some(_) => None,
    }
}

/// Reads an HTTPRoute or GRPCRoute of the given namespace. Groups of references are not checked, as the controller
/// does not (AWS Load Balancer Controller `pkg/gateway/routeutils/{attachment_helper,backend}.go`).
pub(crate) fn read(spec: &RouteSpec, namespace: &Arc<str>) -> Route {
    let parents = elements(&spec.parent_refs).filter_map(|(_, parent)| {
        let kind = parent_kind(parent.kind.as_deref())?;
        let (namespace, name) = parent.place(namespace)?;
        Some(Parent {
            kind,
            namespace,
            name,
        })
    });
    let mut seen = std::collections::HashSet::new();
    let mut backends = Vec::new();
    for (rule, view) in elements(&spec.rules) {
        for (backend_ref, reference) in elements(&view.backend_refs) {
            let Some(target) = target(reference, namespace) else {
                continue;
            };
            if seen.insert(target.clone()) {
                backends.push(RouteBackend {
                    rule,
                    backend_ref,
                    target,
                });
            }
        }
    }
    Route {
        parents: parents.collect(),
        backends: backends.into_boxed_slice(),
    }
}

/// What a `backendRef` names; kinds that the controller refuses and Gateways (whose own routes are judged) are left
/// out.
fn target(reference: &ReferenceView, own_namespace: &Arc<str>) -> Option<RouteTarget> {
    match reference.kind.as_deref() {
        None | Some("Service") => {
            let (namespace, name) = reference.place(own_namespace)?;
            Some(RouteTarget::Service(namespace, name))
        }
        Some("TargetGroupName") => Some(RouteTarget::TargetGroupName(Box::from(
            &**reference.name.as_ref()?,
        ))),
        Some(_) => None,
    }
}
