//! Gateway API: GatewayClass, Gateway and ListenerSet.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::{ANNOTATIONS, Metadata};
use super::metadata_map::Marks;
use super::reading::{DecodeError, List, Mapping, elements};
use super::route::ReferenceView;
use super::service::{
    self, LOAD_BALANCER_ANNOTATION_PREFIX, LoadBalancerRequest, STATUS_PORT, Service, ServicePort,
    TargetPort,
};
use super::service_host::ServiceHost;
use super::text::shared;
use super::tls_listener::{self, ListenerView, TlsListeners};
use crate::identity::{ObjectKey, ServiceKey};

/// The annotation of a Gateway that gives the objects which Istio makes for it another name.
const NAME_OVERRIDE_ANNOTATION: &str = "gateway.istio.io/name-override";

/// Pointer of the annotations that istiod writes on what it makes for a Gateway; where there are none, it copies the Gateway's
/// own.
pub const INFRASTRUCTURE_ANNOTATIONS: &str = "/spec/infrastructure/annotations";

/// Controllers whose Gateways give what istiod makes for them their own name. Those of all other classes have the class
/// behind it.
///
/// Source: Istio `pilot/pkg/config/kube/gatewaycommon/classinfo.go` (`DisableNameSuffix`); agentgateway since 1.30.
const WITHOUT_SUFFIX: [&str; 4] = [
    "istio.io/agentgateway-controller",
    "istio.io/eastwest-controller",
    "istio.io/mesh-controller",
    "istio.io/agentgateway-waypoint-controller",
];

/// What the rules read of a GatewayClass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayClass {
    /// `spec.controllerName`.
    pub controller: Box<str>,
}

/// What the rules read of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// `spec.gatewayClassName`.
    pub class: Arc<str>,
    /// A name for generated objects that beats the default one; an empty override is none.
    pub name_override: Option<Arc<str>>,
    /// Whether istiod makes a Service and workload for it, if its class is Istio's: it has no address, or one of type
    /// `IPAddress` or without type. Any other addresses make the deployment somebody else's.
    ///
    /// Source: Istio `pilot/pkg/config/kube/gatewaycommon/gateway_utils.go` (`IsManaged`).
    pub is_managed: bool,
    /// What the annotations that istiod copies to the Service that it makes ask of a cloud load balancer; `None`: nothing.
    pub infrastructure: Option<Box<Service>>,
    /// Whether those are the Gateway's own annotations, as it has no `spec.infrastructure.annotations`.
    pub copies_own_annotations: bool,
    /// Values of `spec.addresses` of type `Hostname`: they name the Service of a gateway deployed by hand.
    pub hostnames: Box<[Box<str>]>,
    /// Its listeners that end TLS; `None`: it has none.
    pub tls: Option<Box<TlsListeners>>,
}

/// What the rules read of a ListenerSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenerSet {
    /// The Gateway that it adds listeners to, as (namespace, name).
    pub gateway: (Arc<str>, Arc<str>),
    /// Those of them that end TLS; `None`: none does.
    pub tls: Option<Box<TlsListeners>>,
}

impl Gateway {
    /// The pointer of the annotations that istiod copies to the Service that it makes.
    #[must_use]
    pub fn copied_annotations(&self) -> &'static str {
        if self.copies_own_annotations {
            ANNOTATIONS
        } else {
            INFRASTRUCTURE_ANNOTATIONS
        }
    }

    /// The Services that can stand for the Gateway of this key, whatever the controller of its class is: those that
    /// istiod would make and those that its addresses name. [`has_service`](Self::has_service) says which of them do.
    #[must_use]
    pub fn services(&self, key: &ObjectKey) -> Vec<ServiceKey> {
        let own = |name: Arc<str>| (Arc::clone(&key.namespace), name);
        let mut services = self.addressed(key);
        if self.is_managed {
            let names = [true, false].map(|has_suffix| self.made_name(key, has_suffix));
            services.extend(names.map(own));
        }
        services
    }

    /// Whether a Service stands for the Gateway of this key, of whose class this is the controller.
    #[must_use]
    pub fn has_service(&self, key: &ObjectKey, controller: &str, service: &ServiceKey) -> bool {
        let has_suffix = !WITHOUT_SUFFIX.contains(&controller);
        let is_made = || service.0 == key.namespace && service.1 == self.made_name(key, has_suffix);
        (self.is_managed && is_made()) || self.addressed(key).contains(service)
    }

    /// The Service that istiod makes for the Gateway of this key, of whose class this is the controller.
    #[must_use]
    pub fn made_service(&self, key: &ObjectKey, controller: &str) -> Option<ServiceKey> {
        let has_suffix = !WITHOUT_SUFFIX.contains(&controller);
        let name = self.is_managed.then(|| self.made_name(key, has_suffix))?;
        Some((Arc::clone(&key.namespace), name))
    }

    /// The name of what istiod makes: the override, else the Gateway's name, with the class behind it or without.
    fn made_name(&self, key: &ObjectKey, has_suffix: bool) -> Arc<str> {
        match &self.name_override {
            Some(name) => Arc::clone(name),
            None if has_suffix => Arc::from(format!("{}-{}", key.name, self.class)),
            None => Arc::clone(&key.name),
        }
    }

    /// The Services that the addresses name.
    ///
    /// Source: Istio `pilot/pkg/config/kube/gateway/conversion.go` (short names are of the Gateway's namespace).
    fn addressed(&self, key: &ObjectKey) -> Vec<ServiceKey> {
        let own = |name: Arc<str>| (Arc::clone(&key.namespace), name);
        let mut services = Vec::new();
        for hostname in &self.hostnames {
            if hostname.contains('.') {
                // istiod takes only Services of the Gateway's own namespace.
                let host = ServiceHost::parse(hostname).map(|host| host.service);
                services.extend(host.filter(|service| service.0 == key.namespace));
            } else {
                services.push(own(Arc::from(&**hostname)));
            }
        }
        services
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClassSpec {
    controller_name: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewaySpec {
    #[serde(default, deserialize_with = "shared")]
    gateway_class_name: Option<Arc<str>>,
    addresses: List<AddressView>,
    listeners: List<ListenerView>,
    infrastructure: Option<Mapping<InfrastructureView>>,
}

#[derive(Deserialize)]
struct InfrastructureView {
    annotations: Option<Marks>,
}

#[derive(Deserialize)]
struct AddressView {
    r#type: Option<String>,
    value: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListenerSetSpec {
    parent_ref: Option<Mapping<ReferenceView>>,
    listeners: List<ListenerView>,
}

/// Reads a GatewayClass.
pub(crate) fn read_class(spec: ClassSpec) -> GatewayClass {
    GatewayClass {
        controller: spec.controller_name.unwrap_or_default(),
    }
}

/// Reads a Gateway.
pub(crate) fn read_gateway(metadata: &Metadata, spec: GatewaySpec) -> Result<Gateway, DecodeError> {
    let name_override = metadata.annotation(NAME_OVERRIDE_ANNOTATION)?;
    let infrastructure = spec.infrastructure.as_ref();
    let instead = infrastructure.and_then(|infrastructure| infrastructure.annotations.as_ref());
    let annotations = copied_annotations(metadata, instead)?;
    let copies_own_annotations = instead.is_none();
    let mut addresses = elements(&spec.addresses);
    let is_managed = match (addresses.next(), addresses.next()) {
        (None, _) => true,
        (Some((_, address)), None) => matches!(address.r#type.as_deref(), None | Some("IPAddress")),
        (Some(_), Some(_)) => false,
    };
    Ok(Gateway {
        is_managed,
        infrastructure: made_service(&annotations, &spec),
        copies_own_annotations,
        tls: tls_listener::read(elements(&spec.listeners)),
        class: spec.gateway_class_name.unwrap_or_default(),
        name_override: name_override.filter(|name| !name.is_empty()).map(Arc::from),
        hostnames: elements(&spec.addresses)
            .filter(|(_, address)| address.r#type.as_deref() == Some("Hostname"))
            .filter_map(|(_, address)| address.value.clone())
            .collect(),
    })
}

/// The annotations about a load balancer that istiod copies to the Service that it makes: the Gateway's own, unless
/// `spec.infrastructure` has some `instead`, if only an empty mapping.
///
/// Source: Istio `pilot/pkg/config/kube/gateway/deploymentcontroller.go` (`extractInfrastructureMetadata`).
fn copied_annotations<'a>(
    metadata: &'a Metadata,
    instead: Option<&'a Marks>,
) -> Result<Vec<(&'a str, &'a str)>, DecodeError> {
    const READ: [&str; 1] = [LOAD_BALANCER_ANNOTATION_PREFIX];
    match instead {
        Some(annotations) => annotations.with_prefixes(INFRASTRUCTURE_ANNOTATIONS, &READ),
        None => metadata.annotations_with_prefixes(&READ),
    }
}

/// The Service that istiod makes, as far as its load balancer is concerned.
///
/// Source: Istio `pilot/pkg/config/kube/gateway/deploymentcontroller.go` (`extractServicePorts`),
/// `manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml`.
fn made_service(copied: &[(&str, &str)], spec: &GatewaySpec) -> Option<Box<Service>> {
    let annotations = service::load_balancer_annotations(copied);
    if annotations.is_empty() {
        return None;
    }
    let port = |name: Box<str>, port: u16| ServicePort {
        name,
        port,
        target: TargetPort::Number(port),
        node_port: None,
        is_tcp: true,
    };
    let mut ports = vec![port("status-port".into(), STATUS_PORT)];
    for (_, listener) in elements(&spec.listeners) {
        let number = listener.port.unwrap_or_default();
        if ports.iter().all(|port| port.port != number) {
            ports.push(port(listener.name.clone().unwrap_or_default(), number));
        }
    }
    Some(Box::new(Service {
        ports: ports.into_boxed_slice(),
        load_balancer: Some(Box::new(LoadBalancerRequest {
            annotations,
            ..LoadBalancerRequest::default()
        })),
        ..Service::default()
    }))
}

/// Reads a ListenerSet of the given namespace. The group of its parent is not checked, as the controller does not.
pub(crate) fn read_listener_set(
    spec: ListenerSetSpec,
    namespace: &Arc<str>,
) -> Result<Option<ListenerSet>, DecodeError> {
    let parent = spec.parent_ref.ok_or(DecodeError::Incomplete {
        pointer: "/spec/parentRef",
    })?;
    if parent.kind.as_deref().is_some_and(|kind| kind != "Gateway") {
        return Ok(None);
    }
    Ok(parent.place(namespace).map(|gateway| ListenerSet {
        gateway,
        tls: tls_listener::read(elements(&spec.listeners)),
    }))
}
