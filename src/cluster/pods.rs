//! The Pods behind a Service: all of them by their metadata, or whole.

use std::io;
use std::sync::Arc;

use futures_util::io::AsyncReadExt;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, Request};
use kube::{Client, Resource};
use l7guard_policy::confirmation::{PodSelection, SelectedPods};
use l7guard_policy::inventory::Scope;
use l7guard_policy::objects::pod_metadata;
use l7guard_policy::objects::{DecodeError, Facts, Object};
use thiserror::Error;
use tokio::time::timeout;

use super::json_items::{BrokenList, JsonItems};
use super::object_name::{is_label_key, is_label_value, is_name};
use super::read_error::ReadError;
use super::read_shares::Reading;
use super::request_timeout::{LIMIT, TimedOut};

/// Pods that have ended are no endpoints of a Service, and never become one again.
///
/// Source: Kubernetes `staging/src/k8s.io/endpointslice/util/controller_utils.go` (`ShouldPodBeInEndpoints`).
const NOT_ENDED: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// How much of a list is read at a time.
const PIECE: usize = 32 * 1024;

/// Why the metadata of Pods could not be read.
#[derive(Debug, Error)]
enum MetadataError {
    /// The API server refused, or cannot be reached.
    #[error(transparent)]
    Unanswered(#[from] kube::Error),
    /// It stopped half way.
    #[error("the list broke off: {0}")]
    BrokenOff(#[from] io::Error),
    /// What came is no list.
    #[error(transparent)]
    NoList(#[from] BrokenList),
    /// A Pod has a field of a wrong type.
    #[error("a Pod cannot be read: {0}")]
    Pod(#[from] DecodeError),
    /// It did not come in time.
    #[error(transparent)]
    Late(#[from] TimedOut),
}

/// The answer to [`PodMetadata`](l7guard_policy::confirmation::LiveQuery::PodMetadata). It has one turn, however long the list is.
pub(super) async fn read_metadata(
    client: &Client,
    resource: &ApiResource,
    selection: &PodSelection,
    reading: &Reading<'_>,
) -> Result<SelectedPods, ReadError> {
    if !can_exist(selection) {
        return Ok(SelectedPods::new());
    }
    let scope = Scope::Namespace(Arc::clone(&selection.namespace));
    let _turn = reading.turn_of_list(&scope).await;
    let read = metadata(client, resource, selection).await;
    read.map_err(|source| ReadError::Pods {
        namespace: Arc::clone(&selection.namespace),
        source: Box::new(source),
    })
}

/// Whether a Pod can bear the labels, and stand in the namespace.
pub(super) fn can_exist(pods: &PodSelection) -> bool {
    let mut labels = pods.labels.iter();
    is_name(&pods.namespace)
        && labels.all(|(key, value)| is_label_key(key) && is_label_value(value))
}

/// How the Pods are chosen.
pub(super) fn chosen(pods: &PodSelection) -> ListParams {
    ListParams::default()
        .labels(&pods.labels.to_selector_string())
        .fields(NOT_ENDED)
}

/// Lists the metadata of the Pods, from the API server's cache and at once. With a limit it would be read from etcd page by
/// page: `kube` leaves the version 0 out then, and an API server ignores a limit at version 0. However long the list is, only
/// one Pod of it is in memory, and what [`SelectedPods`] keeps.
async fn metadata(
    client: &Client,
    resource: &ApiResource,
    pods: &PodSelection,
) -> Result<SelectedPods, MetadataError> {
    let url = DynamicObject::url_path(resource, Some(&pods.namespace));
    let request = Request::new(url).list_metadata(&chosen(pods).at("0"));
    let request = request.map_err(kube::Error::BuildRequest)?;
    let read = async {
        let mut body = Box::pin(client.request_stream(request).await?);
        let (mut items, mut selected) = (JsonItems::default(), SelectedPods::new());
        let mut piece = vec![0; PIECE];
        loop {
            let length = body.read(&mut piece).await?;
            if length == 0 {
                items.end()?;
                return Ok(selected);
            }
            items.feed(&piece[..length], |item| {
                selected.add(pod_metadata::read(item)?);
                Ok::<_, MetadataError>(())
            })?;
        }
    };
    timeout(LIMIT, read).await.unwrap_or(Err(TimedOut.into()))
}

/// Which of the Pods of a list are kept: all that may be gateways, and of the others the first, which is enough to know that
/// there are any.
pub(super) fn keeper() -> impl FnMut(&Object) -> bool {
    let mut has_ordinary = false;
    move |pod| {
        let may_be_gateway = matches!(&pod.facts, Facts::Workload(pod) if pod.may_be_gateway());
        let is_first = !may_be_gateway && !has_ordinary;
        has_ordinary |= is_first;
        may_be_gateway || is_first
    }
}
