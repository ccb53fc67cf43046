//! Objects as the rules see them: slim typed views of what is read, nothing else.
//!
//! One file a kind (or a family of kinds of one shape). Reading an object is [`read`]; what comes out is small enough
//! to be kept for every object of a cluster.

pub mod endpoints;
pub mod gateway_api;
pub mod ingress;
pub mod ingress_class;
pub mod istio_gateway;
mod metadata;
mod reading;
pub mod service;
pub mod service_host;
pub mod target_group_binding;
pub mod workload;

use std::sync::Arc;

pub use reading::{DecodeError, Source, escape_pointer};

use crate::identity::{Kind, ObjectKey};
use endpoints::EndpointList;
use gateway_api::{Gateway, GatewayClass, ListenerSet, Route};
use ingress::Ingress;
use ingress_class::{IngressClass, IngressClassParams};
use istio_gateway::IstioGateway;
use service::Service;
use target_group_binding::TargetGroupBinding;
use workload::Workload;

/// An object: its identity, and the facts that the rules read of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Kind, namespace and name.
    pub key: ObjectKey,
    /// The API version that it was written in.
    pub api_version: &'static str,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// What the rules read of it.
    pub facts: Facts,
}

/// What the rules read of an object, by kind. The large ones are boxed, so that the small ones stay small.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Facts {
    Ingress(Box<Ingress>),
    IngressClass(IngressClass),
    IngressClassParams(IngressClassParams),
    Service(Box<Service>),
    Workload(Workload),
    Endpoints(EndpointList),
    IstioGateway(IstioGateway),
    GatewayClass(GatewayClass),
    Gateway(Box<Gateway>),
    ListenerSet(ListenerSet),
    Route(Route),
    TargetGroupBinding(Box<TargetGroupBinding>),
}

/// Who an object is said to be, before it is read.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// `apiVersion`.
    pub api_version: &'a str,
    /// `kind`.
    pub kind: &'a str,
    /// The namespace, where the object itself names none.
    pub default_namespace: &'a str,
    /// The name, where the object itself has none (`generateName`).
    pub default_name: &'a str,
}

/// Reads an object. `None`: no rule reads such an object.
///
/// # Errors
///
/// A field that a rule reads has a wrong type, or one is missing without which this is a patch and no object.
pub fn read(naming: Naming<'_>, source: Source<'_>) -> Result<Option<Object>, DecodeError> {
    let Some((kind, api_version)) = Kind::of(naming.api_version, naming.kind) else {
        return Ok(None);
    };
    let metadata = source
        .read::<metadata::Header>()?
        .metadata
        .unwrap_or_default()
        .0;
    let is_terminating = metadata.is_terminating();
    let namespace = metadata.namespace.filter(|namespace| !namespace.is_empty());
    let name = metadata.name.filter(|name| !name.is_empty());
    let key = ObjectKey::new(
        kind,
        namespace.unwrap_or_else(|| Arc::from(naming.default_namespace)),
        name.unwrap_or_else(|| Arc::from(naming.default_name)),
    );
    Ok(read_facts(&key, api_version, source)?.map(|facts| Object {
        key,
        api_version,
        is_terminating,
        facts,
    }))
}

fn read_facts(
    key: &ObjectKey,
    api_version: &str,
    source: Source<'_>,
) -> Result<Option<Facts>, DecodeError> {
    let namespace = &key.namespace;
    Ok(Some(match key.kind {
        Kind::Ingress => Facts::Ingress(Box::new(ingress::read(source, api_version)?)),
        Kind::IngressClass => Facts::IngressClass(ingress_class::read(source)?),
        Kind::IngressClassParams | Kind::EksIngressClassParams => {
            Facts::IngressClassParams(ingress_class::read_params(source)?)
        }
        Kind::Service => Facts::Service(Box::new(service::read(source)?)),
        Kind::Deployment
        | Kind::DaemonSet
        | Kind::StatefulSet
        | Kind::ReplicaSet
        | Kind::Pod
        | Kind::Rollout => return Ok(workload::read(source, key.kind)?.map(Facts::Workload)),
        Kind::EndpointSlice => {
            return Ok(endpoints::read_slice(source, namespace)?.map(Facts::Endpoints));
        }
        Kind::Endpoints => Facts::Endpoints(endpoints::read_endpoints(source, key)?),
        Kind::IstioGateway => Facts::IstioGateway(istio_gateway::read(source)?),
        Kind::GatewayClass => Facts::GatewayClass(gateway_api::read_class(source)?),
        Kind::Gateway => Facts::Gateway(Box::new(gateway_api::read_gateway(source)?)),
        Kind::ListenerSet => {
            let read = gateway_api::read_listener_set(source, namespace)?;
            return Ok(read.map(Facts::ListenerSet));
        }
        Kind::HttpRoute | Kind::GrpcRoute => {
            Facts::Route(gateway_api::read_route(source, namespace)?)
        }
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding => {
            Facts::TargetGroupBinding(Box::new(target_group_binding::read(source)?))
        }
    }))
}
