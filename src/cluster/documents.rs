//! Whole objects of a cluster, for remedies: the inventory keeps facts alone.

use hyper::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use l7guard_policy::identity::Kind;
use l7guard_policy::remedy::DocumentKey;
use serde_json::Value;

use super::object_name::is_name;
use super::raw_object::RawObject;
use super::read_error::ReadError;
use super::state::ClusterState;

/// The object of a key; `None`: it is not there, or its kind is not served.
///
/// # Errors
/// When the API server refuses, or cannot be reached.
pub(super) async fn whole(
    client: &Client,
    state: &ClusterState,
    key: &DocumentKey,
) -> Result<Option<Value>, ReadError> {
    let unanswered = |error: kube::Error| ReadError::Unanswered {
        what: format!("{} {}/{}", key.kind, key.namespace, key.name),
        source: Box::new(error),
    };
    let is_in_namespace = key.namespace.is_empty() || is_name(&key.namespace);
    if !is_name(&key.name) || !is_in_namespace {
        return Ok(None);
    }
    let resource = match kind(key) {
        Some(kind) => state.served_at(kind),
        None => resource(client, key).await.map_err(unanswered)?,
    };
    let Some(resource) = resource else {
        return Ok(None);
    };
    let api: Api<RawObject> = if key.namespace.is_empty() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), &key.namespace, &resource)
    };
    let got = api.get_opt(&key.name).await.map_err(unanswered)?;
    Ok(got.and_then(|object| object.value()))
}

/// The kind, if a rule reads it.
fn kind(key: &DocumentKey) -> Option<Kind> {
    Kind::all().find(|kind| {
        let group = kind.api_version().split_once('/');
        kind.name() == key.kind && group.map_or("", |(group, _)| group) == key.group
    })
}

/// Where a kind that no rule reads is served, in the version that its group prefers; `None`: nowhere.
pub(super) async fn resource(
    client: &Client,
    key: &DocumentKey,
) -> Result<Option<ApiResource>, kube::Error> {
    let request = Request::get(format!("/apis/{}", key.group)).body(Vec::new());
    let group: APIGroup = match client
        .request(request.map_err(kube::Error::HttpError)?)
        .await
    {
        Ok(group) => group,
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
        Err(error) => return Err(error),
    };
    let preferred = group
        .preferred_version
        .or(group.versions.into_iter().next());
    Ok(preferred.map(|preferred| {
        let kind = GroupVersionKind::gvk(&key.group, &preferred.version, &key.kind);
        ApiResource::from_gvk(&kind)
    }))
}
