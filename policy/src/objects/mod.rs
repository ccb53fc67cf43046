//! Objects as the rules see them: slim typed views of what is read, nothing else.
//!
//! One file a kind (or a family of kinds of one shape). Reading an object is [`read`]; what comes out is small enough
//! to be kept for every object of a cluster.

pub mod controller;
pub mod endpoints;
pub mod gateway_api;
pub mod ingress;
pub mod ingress_class;
pub mod istio_gateway;
pub mod istio_operator;
mod metadata;
mod metadata_map;
pub mod namespace;
mod number;
mod placeholders;
pub mod pod_metadata;
mod proxy_facts;
mod reading;
pub mod revision;
pub mod route;
pub mod service;
pub mod service_host;
pub mod stream_route;
pub mod target_group_binding;
mod text;
pub mod tls_listener;
pub mod workload;
mod wrong_type;

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny};

pub(crate) use metadata::ANNOTATIONS;
pub use placeholders::Unrendered;
pub use reading::{DecodeError, Source, escape_pointer};

use crate::identity::{Kind, ObjectKey};
pub use controller::Uid;
use endpoints::EndpointList;
use gateway_api::{Gateway, GatewayClass, ListenerSet};
use ingress::Ingress;
use ingress_class::{IngressClass, IngressClassParams};
use istio_gateway::IstioGateway;
use istio_operator::IstioOperator;
use metadata::{Manifest, Metadata};
use namespace::Namespace;
use reading::{InPassing, Mapping, Supply};
use revision::StatusView;
use route::Route;
use service::Service;
use stream_route::StreamRoute;
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
    /// Its UID; `None`: it has none, as in a file. Reports refer to objects by it.
    pub uid: Option<Uid>,
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
    Service(Arc<Service>),
    Namespace(Namespace),
    Workload(Workload),
    Endpoints(EndpointList),
    IstioGateway(IstioGateway),
    IstioOperator(IstioOperator),
    GatewayClass(GatewayClass),
    Gateway(Box<Gateway>),
    ListenerSet(ListenerSet),
    Route(Route),
    StreamRoute(Box<StreamRoute>),
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
    let reading = Reading {
        kind,
        api_version,
        naming,
        source,
    };
    reading.read()
}

/// Reads an object from a deserializer that is on its way through a larger text, so that nothing is scanned twice. `None`: no
/// rule reads such an object, and it is passed over.
///
/// # Errors
///
/// The text is broken, or any error of [`read`], which alone tells the field; or the object's kind is one of those of which
/// [`read`] reads more than metadata and spec (Pods, endpoints, parameters of classes).
pub fn read_in_passing<'de, D: Deserializer<'de>>(
    naming: Naming<'_>,
    deserializer: D,
) -> Result<Option<Object>, D::Error> {
    let Some((kind, api_version)) = Kind::of(naming.api_version, naming.kind) else {
        IgnoredAny::deserialize(deserializer)?;
        return Ok(None);
    };
    let reading = Reading {
        kind,
        api_version,
        naming,
        source: InPassing::new(deserializer),
    };
    reading.read().map_err(D::Error::custom)
}

/// One object on its way from text to facts.
struct Reading<'a, S> {
    kind: Kind,
    api_version: &'static str,
    naming: Naming<'a>,
    source: S,
}

impl<S: Supply> Reading<'_, S> {
    fn read(self) -> Result<Option<Object>, DecodeError> {
        match self.kind {
            Kind::Ingress => {
                let api_version = self.api_version;
                self.specified(|_, metadata, spec| {
                    let ingress = ingress::read(metadata, &spec, api_version)?;
                    Ok(Some(Facts::Ingress(Box::new(ingress))))
                })
            }
            Kind::IngressClass => self.specified(|_, metadata, spec| {
                Ok(Some(Facts::IngressClass(ingress_class::read(
                    metadata, spec,
                )?)))
            }),
            Kind::Service => self.specified(|_, metadata, spec| {
                Ok(Some(Facts::Service(Arc::new(service::read(
                    metadata, spec,
                )?))))
            }),
            Kind::Deployment
            | Kind::DaemonSet
            | Kind::StatefulSet
            | Kind::ReplicaSet
            | Kind::Rollout => {
                let kind = self.kind;
                self.with_status(|_, metadata, spec, status: Option<Mapping<StatusView>>| {
                    let status = status.unwrap_or_default();
                    Ok(workload::read(metadata, spec, &status, kind)?.map(Facts::Workload))
                })
            }
            Kind::IstioGateway => self
                .specified(|_, _, spec| Ok(Some(Facts::IstioGateway(istio_gateway::read(spec))))),
            Kind::IstioOperator => self.specified(|_, metadata, spec| {
                let operator = istio_operator::read(metadata, spec);
                Ok(Some(Facts::IstioOperator(operator)))
            }),
            Kind::TargetGroupBinding | Kind::EksTargetGroupBinding => {
                self.specified(|_, metadata, spec| {
                    let binding = target_group_binding::read(metadata, spec)?;
                    Ok(Some(Facts::TargetGroupBinding(Box::new(binding))))
                })
            }
            Kind::GatewayClass
            | Kind::Gateway
            | Kind::ListenerSet
            | Kind::XListenerSet
            | Kind::HttpRoute
            | Kind::GrpcRoute
            | Kind::TcpRoute
            | Kind::TlsRoute => self.gateway_api(),
            Kind::Pod
            | Kind::Namespace
            | Kind::EndpointSlice
            | Kind::Endpoints
            | Kind::IngressClassParams
            | Kind::EksIngressClassParams => self.unspecified(),
        }
    }

    fn gateway_api(self) -> Result<Option<Object>, DecodeError> {
        match self.kind {
            Kind::GatewayClass => self.specified(|_, _, spec| {
                Ok(Some(Facts::GatewayClass(gateway_api::read_class(spec))))
            }),
            Kind::Gateway => self.specified(|_, metadata, spec| {
                let gateway = gateway_api::read_gateway(metadata, spec)?;
                Ok(Some(Facts::Gateway(Box::new(gateway))))
            }),
            Kind::ListenerSet | Kind::XListenerSet => self.specified(|key, _, spec| {
                let set = gateway_api::read_listener_set(spec, &key.namespace)?;
                Ok(set.map(Facts::ListenerSet))
            }),
            Kind::TcpRoute | Kind::TlsRoute => self.specified(|key, _, spec| {
                let route = stream_route::read(&spec, &key.namespace);
                Ok(Some(Facts::StreamRoute(Box::new(route))))
            }),
            _ => self.specified(|key, _, spec| {
                let route = route::read(&spec, &key.namespace);
                Ok(Some(Facts::Route(route)))
            }),
        }
    }

    /// Kinds that may be without a spec or have something else in its place, and Pods, of which more metadata is read, and
    /// Namespaces, of which nothing else is.
    fn unspecified(mut self) -> Result<Option<Object>, DecodeError> {
        let header: metadata::Header = self.source.read()?;
        let metadata = header.metadata.unwrap_or_default().0;
        let key = self.key(&metadata);
        let facts = match self.kind {
            Kind::Pod => {
                let pod = workload::read_pod(&metadata, self.source.read()?)?;
                Some(Facts::Workload(pod))
            }
            Kind::Namespace => Some(Facts::Namespace(namespace::read(&metadata)?)),
            Kind::IngressClassParams | Kind::EksIngressClassParams => {
                let params = ingress_class::read_params(self.source.read()?);
                Some(Facts::IngressClassParams(params))
            }
            Kind::EndpointSlice => {
                let view = self.source.read()?;
                endpoints::read_slice(&metadata, &view, &key.namespace)?.map(Facts::Endpoints)
            }
            _ => {
                let list = endpoints::read_endpoints(&self.source.read()?, &key);
                Some(Facts::Endpoints(list))
            }
        };
        Ok(self.object(key, &metadata, facts))
    }

    /// Reads metadata and spec in one pass.
    fn specified<T: DeserializeOwned>(
        self,
        facts: impl FnOnce(&ObjectKey, &Metadata, T) -> Result<Option<Facts>, DecodeError>,
    ) -> Result<Option<Object>, DecodeError> {
        self.with_status(|key, metadata, spec, _: Option<IgnoredAny>| facts(key, metadata, spec))
    }

    /// The same with the status.
    fn with_status<T: DeserializeOwned, U: DeserializeOwned>(
        mut self,
        facts: impl FnOnce(&ObjectKey, &Metadata, T, Option<U>) -> Result<Option<Facts>, DecodeError>,
    ) -> Result<Option<Object>, DecodeError> {
        let (metadata, spec, status) = self.source.read::<Manifest<T, U>>()?.parts()?;
        let key = self.key(&metadata);
        let facts = facts(&key, &metadata, spec, status)?;
        Ok(self.object(key, &metadata, facts))
    }

    fn key(&self, metadata: &Metadata) -> ObjectKey {
        let or_default = |text: &Option<Arc<str>>, default: &str| match text {
            Some(text) if !text.is_empty() => Arc::clone(text),
            _ => Arc::from(default),
        };
        ObjectKey::new(
            self.kind,
            or_default(&metadata.namespace, self.naming.default_namespace),
            or_default(&metadata.name, self.naming.default_name),
        )
    }

    fn object(&self, key: ObjectKey, metadata: &Metadata, facts: Option<Facts>) -> Option<Object> {
        facts.map(|facts| Object {
            key,
            api_version: self.api_version,
            is_terminating: metadata.is_terminating(),
            uid: metadata.uid(),
            facts,
        })
    }
}
