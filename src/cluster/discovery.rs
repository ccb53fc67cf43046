//! Which kinds the API server serves, and under which resource.

use std::collections::BTreeMap;

use hyper::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use kube::Client;
use kube::core::{ApiResource, GroupVersionKind};
use kube::discovery::{ApiGroup, Discovery, verbs};
use l7guard_policy::identity::Kind;
use thiserror::Error;

use super::error_text::said;
use super::kinds::BUILT_IN;

/// The kinds that are served.
pub(super) type Served = BTreeMap<Kind, ApiResource>;

/// Why nobody knows what is served.
#[derive(Debug, Error)]
pub enum DiscoveryError {
    /// The API server did not tell.
    #[error("the API server does not say which kinds it serves: {}", said(.0))]
    Unanswered(Box<kube::Error>),
    /// It serves no kind of this name, which every API server does.
    #[error("the API server serves no {0}")]
    NotServed(Kind),
}

impl From<Box<kube::Error>> for DiscoveryError {
    /// No source: the text has all causes.
    fn from(error: Box<kube::Error>) -> Self {
        Self::Unanswered(error)
    }
}

/// Asks the API server.
pub(super) async fn served(client: &Client) -> Result<Served, DiscoveryError> {
    let groups: Vec<&str> = Kind::groups().into_iter().collect();
    let discovery = Discovery::new(client.clone())
        .filter(&groups)
        .run_aggregated()
        .await
        .map_err(Box::new)?;
    let mut served = Served::new();
    for (resource, capabilities) in discovery
        .groups()
        .flat_map(ApiGroup::resources_by_stability)
    {
        let kind = Kind::of(&resource.api_version, &resource.kind);
        if let Some((kind, _)) = kind.filter(|_| capabilities.supports_operation(verbs::WATCH)) {
            keep_newest(&mut served, kind, resource);
        }
    }
    match BUILT_IN.into_iter().find(|kind| !served.contains_key(kind)) {
        Some(missing) => Err(DiscoveryError::NotServed(missing)),
        None => Ok(served),
    }
}

/// One kind may be served by two groups, of which one is its old home.
fn keep_newest(served: &mut Served, kind: Kind, resource: ApiResource) {
    let home = kind
        .api_version()
        .split_once('/')
        .map_or("", |(group, _)| group);
    if resource.group == home || !served.contains_key(&kind) {
        served.insert(kind, resource);
    }
}

/// The resource that a kind has where it is served: for a kind of a CRD that was installed a moment ago.
pub(super) fn assumed(kind: Kind) -> ApiResource {
    let (group, version) = kind
        .api_version()
        .split_once('/')
        .unwrap_or(("", kind.api_version()));
    let kind_of = GroupVersionKind::gvk(group, version, kind.name());
    match kind {
        // Words that are plurals already.
        Kind::IngressClassParams | Kind::EksIngressClassParams | Kind::Endpoints => {
            ApiResource::from_gvk_with_plural(&kind_of, &kind.name().to_lowercase())
        }
        _ => ApiResource::from_gvk(&kind_of),
    }
}

/// Where else a kind may be served that is not served at `resource`, by its group: every version of it that the API server
/// names, or that is known and may be too new for it to be named yet.
pub(super) async fn elsewhere(
    client: &Client,
    kind: Kind,
    resource: &ApiResource,
) -> Result<Vec<ApiResource>, DiscoveryError> {
    let request = Request::get(format!("/apis/{}", resource.group)).body(Vec::new());
    let request = request.map_err(|error| Box::new(kube::Error::HttpError(error)))?;
    let group: APIGroup = match client.request(request).await {
        Ok(group) => group,
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
        Err(error) => return Err(Box::new(error).into()),
    };
    let named = group.versions.iter().map(|version| &*version.group_version);
    let known = kind.api_versions().iter().copied();
    let mut others: Vec<ApiResource> = Vec::new();
    for api_version in named.chain(known) {
        let Some((_, version)) = api_version.split_once('/') else {
            continue;
        };
        let is_new = |other: &ApiResource| other.version != version;
        if is_new(resource) && others.iter().all(is_new) {
            others.push(ApiResource {
                version: version.to_owned(),
                api_version: api_version.to_owned(),
                ..resource.clone()
            });
        }
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plural_of_every_kind_is_its_resource() {
        for (kind, plural) in [
            (Kind::IngressClassParams, "ingressclassparams"),
            (Kind::Endpoints, "endpoints"),
            (Kind::EndpointSlice, "endpointslices"),
            (Kind::HttpRoute, "httproutes"),
            (Kind::GatewayClass, "gatewayclasses"),
            (Kind::IstioGateway, "gateways"),
            (Kind::TargetGroupBinding, "targetgroupbindings"),
            (Kind::ListenerSet, "listenersets"),
            (Kind::XListenerSet, "xlistenersets"),
            (Kind::Namespace, "namespaces"),
            (Kind::Rollout, "rollouts"),
            (Kind::Pod, "pods"),
        ] {
            assert_eq!(assumed(kind).plural, plural);
        }
    }
}
