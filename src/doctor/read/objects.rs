//! The objects that checks look at.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::{Api, Client};

use super::api;
use crate::doctor::seen::Seen;
use crate::installation::ServiceName;

/// All namespaces, with their labels.
pub(super) async fn namespaces(client: &Client) -> Seen<Vec<Namespace>> {
    api::list(&Api::all(client.clone()), "", "namespaces").await
}

/// The installation's Service.
pub(super) async fn service(client: &Client, service: &ServiceName) -> Seen<Service> {
    let services = Api::namespaced(client.clone(), &service.namespace);
    let what = format!("services in namespace {}", service.namespace);
    api::get(&services, &service.name, &what).await
}

/// Its endpoints.
pub(super) async fn endpoints(client: &Client, service: &ServiceName) -> Seen<Vec<EndpointSlice>> {
    let slices = Api::namespaced(client.clone(), &service.namespace);
    let selector = format!("kubernetes.io/service-name={}", service.name);
    let what = format!(
        "endpointslices.discovery.k8s.io in namespace {}",
        service.namespace
    );
    api::list(&slices, &selector, &what).await
}

/// The Deployments of the AWS Load Balancer Controller, as its chart labels them.
pub(super) async fn aws_controllers(client: &Client) -> Seen<Vec<Deployment>> {
    let selector = "app.kubernetes.io/name=aws-load-balancer-controller";
    deployments(client, selector, "kube-system").await
}

/// The Deployments of istiod, as its charts and operator label them.
pub(super) async fn istiods(client: &Client) -> Seen<Vec<Deployment>> {
    deployments(client, "app=istiod", "istio-system").await
}

/// Deployments of the whole cluster; where the caller may not list them, those of the usual namespace. That these are all is
/// then not known, so none of them there is unknown too.
async fn deployments(client: &Client, selector: &str, usual: &str) -> Seen<Vec<Deployment>> {
    let everywhere = api::list(&Api::all(client.clone()), selector, "deployments.apps").await;
    if !matches!(everywhere, Seen::Unknown(_)) {
        return everywhere;
    }
    let what = format!("deployments.apps in namespace {usual}");
    match api::list(&Api::namespaced(client.clone(), usual), selector, &what).await {
        Seen::There(some) if !some.is_empty() => Seen::There(some),
        _ => everywhere,
    }
}
