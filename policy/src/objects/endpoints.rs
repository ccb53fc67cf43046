//! EndpointSlice and Endpoints: the Pods behind a Service that somebody wrote down by hand.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::Metadata;
use super::reading::{DecodeError, List, Mapping, elements};
use super::text::shared;
use crate::identity::{Kind, ObjectKey};

/// The label by which a slice names its Service.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
/// The label that says who made a slice, and the value of the controller that makes them for selectors.
///
/// Source: Kubernetes `pkg/controller/endpointslice` (`controllerName`), `k8s.io/api/discovery/v1` (`LabelManagedBy`).
const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
const SLICE_CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// What the rules read of an EndpointSlice or Endpoints object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointList {
    /// The Service of the same namespace that it belongs to.
    pub service: Arc<str>,
    /// Pods that its addresses refer to, as (namespace, name); the namespace may be another one.
    pub pods: Box<[(Arc<str>, Arc<str>)]>,
    /// Whether it has addresses that refer to no Pod.
    pub has_bare_addresses: bool,
}

impl EndpointList {
    /// The keys of the Pods that it refers to.
    pub fn pod_keys(&self) -> impl Iterator<Item = ObjectKey> {
        self.pods.iter().map(|(namespace, name)| {
            ObjectKey::new(Kind::Pod, Arc::clone(namespace), Arc::clone(name))
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct SliceView {
    endpoints: List<EndpointView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EndpointView {
    target_ref: Option<Mapping<TargetRefView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TargetRefView {
    kind: Option<String>,
    #[serde(deserialize_with = "shared")]
    namespace: Option<Arc<str>>,
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
}

#[derive(Deserialize)]
pub(crate) struct EndpointsView {
    subsets: List<SubsetView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubsetView {
    addresses: List<EndpointView>,
    not_ready_addresses: List<EndpointView>,
}

/// Reads an EndpointSlice of the given namespace. `None`: it belongs to no Service, or the slice controller made it
/// from a selector, which is judged itself.
pub(crate) fn read_slice(
    metadata: &Metadata,
    view: &SliceView,
    namespace: &Arc<str>,
) -> Result<Option<EndpointList>, DecodeError> {
    if metadata.label(MANAGED_BY_LABEL)? == Some(SLICE_CONTROLLER) {
        return Ok(None);
    }
    let Some(service) = metadata.label(SERVICE_NAME_LABEL)? else {
        return Ok(None);
    };
    let endpoints = elements(&view.endpoints).map(|(_, endpoint)| endpoint);
    Ok(Some(endpoint_list(
        Arc::from(service),
        namespace,
        endpoints,
    )))
}

/// Reads an Endpoints object; it belongs to the Service of its own name.
pub(crate) fn read_endpoints(view: &EndpointsView, key: &ObjectKey) -> EndpointList {
    let addresses = elements(&view.subsets).flat_map(|(_, subset)| {
        elements(&subset.addresses)
            .chain(elements(&subset.not_ready_addresses))
            .map(|(_, address)| address)
    });
    endpoint_list(Arc::clone(&key.name), &key.namespace, addresses)
}

fn endpoint_list<'a>(
    service: Arc<str>,
    namespace: &Arc<str>,
    endpoints: impl Iterator<Item = &'a EndpointView>,
) -> EndpointList {
    let mut list = EndpointList {
        service,
        ..EndpointList::default()
    };
    let mut pods = Vec::new();
    for endpoint in endpoints {
        let target = endpoint.target_ref.as_ref();
        match target.filter(|target| target.kind.as_deref() == Some("Pod")) {
            Some(target) => pods.push((
                target
                    .namespace
                    .clone()
                    .unwrap_or_else(|| Arc::clone(namespace)),
                target.name.clone().unwrap_or_default(),
            )),
            None => list.has_bare_addresses = true,
        }
    }
    pods.sort();
    pods.dedup();
    list.pods = pods.into_boxed_slice();
    list
}
