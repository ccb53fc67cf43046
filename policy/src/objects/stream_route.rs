//! `TCPRoute` and `TLSRoute`: where the listeners of a Network Load Balancer's Gateway lead. In a cluster the bindings that
//! the controller makes of them say it too.

use std::sync::Arc;

use serde::Deserialize;

use super::reading::{List, elements};
use super::route::{Parent, ReferenceView, parent_kind};
use super::text::shared;
use crate::identity::ServiceKey;

/// What the rules read of a `TCPRoute` or `TLSRoute`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamRoute {
    /// Gateways and ListenerSets that it attaches to; other kinds of parents are left out.
    pub parents: Box<[StreamParent]>,
    /// The Services that it routes to.
    pub services: Box<[ServiceKey]>,
}

/// A parent, and which of its listeners is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamParent {
    /// The Gateway or ListenerSet.
    pub parent: Parent,
    /// `sectionName`; `None`: all listeners.
    pub section: Option<Box<str>>,
    /// `port`; `None`: all listeners.
    pub port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteSpec {
    parent_refs: List<ParentView>,
    rules: List<RuleView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ParentView {
    kind: Option<String>,
    #[serde(default, deserialize_with = "shared")]
    namespace: Option<Arc<str>>,
    #[serde(default, deserialize_with = "shared")]
    name: Option<Arc<str>>,
    section_name: Option<Box<str>>,
    port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleView {
    backend_refs: List<ReferenceView>,
}

/// Reads a route of the given namespace. Groups of references are not checked, as the controller does not (AWS Load Balancer
/// Controller `pkg/gateway/routeutils/{attachment_helper,backend}.go`).
pub(crate) fn read(spec: &RouteSpec, namespace: &Arc<str>) -> StreamRoute {
    let or_own = |other: &Option<Arc<str>>| Arc::clone(other.as_ref().unwrap_or(namespace));
    let parents = elements(&spec.parent_refs).filter_map(|(_, parent)| {
        Some(StreamParent {
            parent: Parent {
                kind: parent_kind(parent.kind.as_deref())?,
                namespace: or_own(&parent.namespace),
                name: parent.name.clone()?,
            },
            section: parent.section_name.clone(),
            port: parent.port,
        })
    });
    let mut services: Vec<ServiceKey> = elements(&spec.rules)
        .flat_map(|(_, rule)| elements(&rule.backend_refs))
        .filter(|(_, backend)| matches!(backend.kind.as_deref(), None | Some("Service")))
        .filter_map(|(_, backend)| backend.place(namespace))
        .collect();
    services.sort();
    services.dedup();
    StreamRoute {
        parents: parents.collect(),
        services: services.into_boxed_slice(),
    }
}
