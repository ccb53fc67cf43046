//! From a Service to what is behind it: the workloads that it selects, the Pods that hand-made endpoints name, the
//! Service that an ExternalName stands for.

use std::sync::Arc;

use super::alias::{self, AliasTarget};
use super::istio::Istio;
use super::kind::{self, GatewayKind};
pub use super::observed::Gateway;
use super::observed::{Observed, see_endpoints, see_selected};
use super::static_evidence;
use crate::confidence::Confidence;
use crate::identity::{ObjectKey, ServiceKey, service_object};
use crate::inventory::World;
use crate::objects::Facts;
use crate::objects::service::Service;
use crate::wording::Wording;

/// How many ExternalName Services are followed one after the other.
const MAX_ALIASES: usize = 3;

/// What is behind a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTrace {
    /// The Services on the way, the first one asked for, the last one the one that has the workloads.
    pub services: Vec<ServiceHop>,
    /// What the last one fronts.
    pub backends: Backends,
    /// The last one's facts, where it is the end of the way and exists.
    pub service: Option<Arc<Service>>,
}

/// A Service on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHop {
    /// The Service.
    pub key: ObjectKey,
    /// What leads on from it, in words.
    pub evidence: Wording,
    /// Whether it exists in this world.
    pub exists: bool,
}

/// What a Service fronts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backends {
    /// Gateways, each with what shows it. Never empty.
    Gateways(Vec<Gateway>),
    /// No workload is in sight, but names or labels say that it is a gateway's Service.
    Likely(static_evidence::Hint),
    /// The configuration says that it is a gateway's Service.
    Stated(static_evidence::Hint),
    /// Workloads are in sight, and none is a gateway of a kind that the policy asks about.
    Ordinary,
    /// It cannot be told, for this reason.
    Unknown(Wording),
}

impl ServiceTrace {
    /// The name of the Service that was asked for.
    #[must_use]
    pub fn first_service(&self) -> Wording {
        let first = self.services.first();
        first.map(|hop| Wording::of(&hop.key)).unwrap_or_default()
    }

    /// The Service at the end of the way. There always is one.
    #[must_use]
    pub fn last_service(&self) -> Option<&ObjectKey> {
        self.services.last().map(|hop| &hop.key)
    }

    /// How sure it is that a gateway is behind the Service; `None`: nothing says so.
    #[must_use]
    pub fn confidence(&self) -> Option<Confidence> {
        let backends = match &self.backends {
            Backends::Gateways(gateways) => gateways
                .iter()
                .map(|gateway| gateway.evidence.confidence)
                .max()?,
            Backends::Likely(_) => Confidence::Likely,
            Backends::Stated(_) => Confidence::Confirmed,
            Backends::Ordinary | Backends::Unknown(_) => return None,
        };
        // No AWS controller follows an ExternalName by itself.
        let is_alias = self.services.len() > 1;
        Some(if is_alias {
            Confidence::Likely
        } else {
            backends
        })
    }

    /// Whether nothing more is known of what is behind the Service than proxies whose role cannot be told.
    #[must_use]
    pub fn is_of_unknown_role(&self) -> bool {
        matches!(&self.backends, Backends::Gateways(gateways)
            if gateways.iter().all(|gateway| gateway.evidence.is_of_unknown_role))
    }
}

/// Follows a Service to what is behind it.
#[must_use]
pub fn reach(world: &World<'_>, istio: &Istio, service: &ServiceKey) -> ServiceTrace {
    reach_from(world, istio, service_object(service))
}

/// The same from a Service as an object: of files one may have a name that nothing refers to.
#[must_use]
pub(crate) fn reach_from(world: &World<'_>, istio: &Istio, service: ObjectKey) -> ServiceTrace {
    let mut way = Way::default();
    let mut key = service;
    loop {
        let current = (Arc::clone(&key.namespace), Arc::clone(&key.name));
        let facts = match world.facts(&key) {
            Some(Facts::Service(facts)) => Some(facts),
            _ => None,
        };
        if is_stated(world, istio, &current) {
            let stated = Backends::Stated(static_evidence::stated());
            return way.end(key, facts, hop_evidence(world, facts), stated);
        }
        let alias = facts.and_then(|facts| Some((facts, facts.external_name.as_deref()?)));
        let Some((alias, external)) = alias else {
            let backends = backends(world, istio, &current, facts.map(Arc::as_ref));
            return way.end(key, facts, hop_evidence(world, facts), backends);
        };
        // A controller that registers Pods takes its targets from hand-made endpoints, whatever the name leads to
        // (AWS Load Balancer Controller `pkg/backend/endpoint_resolver.go`: no test of the Service's type).
        let mut observed = Observed::default();
        see_endpoints(world, istio, &current, alias, &mut observed);
        way.open = way.open.or_else(|| observed.unknown_role());
        if !observed.gateways.is_empty() {
            let evidence = "its endpoints are made by hand".into();
            let gateways = Backends::Gateways(observed.gateways.into_values().collect());
            return way.end(key, facts, evidence, gateways);
        }
        way.pass(key, true, hop_evidence(world, facts));
        let backends = match alias::target(world, istio, external) {
            AliasTarget::Service(target) if way.services.len() <= MAX_ALIASES => {
                key = service_object(&target);
                continue;
            }
            AliasTarget::Service(_) => Backends::Unknown(
                Wording::ours("more than ")
                    .said(MAX_ALIASES)
                    .then(" ExternalName Services follow one another"),
            ),
            AliasTarget::PodAddress => {
                Backends::Unknown("an ExternalName stands for the address of a Pod".into())
            }
            AliasTarget::Outside if world.is_unrendered(external) => {
                Backends::Unknown("its externalName is not rendered yet".into())
            }
            AliasTarget::Outside => Backends::Ordinary,
        };
        return way.ends_with(backends, None);
    }
}

/// From the Service that istiod will make for a Gateway. One whose name is not rendered yet is looked up nowhere: the Gateway
/// shows what will be behind it.
#[must_use]
pub(crate) fn reach_from_made(
    world: &World<'_>,
    istio: &Istio,
    gateway: &ObjectKey,
    service: ObjectKey,
) -> ServiceTrace {
    if !world.is_unrendered(&service.namespace) && !world.is_unrendered(&service.name) {
        return reach_from(world, istio, service);
    }
    let backends = match static_evidence::of_made_service(world, istio, gateway) {
        Some(hint) if istio.asks_for(hint.kind) => Backends::Likely(hint),
        _ => Backends::Ordinary,
    };
    Way::default().end(service, None, hop_evidence(world, None), backends)
}

/// Whether the configuration says of a Service that it is a gateway's.
pub(super) fn is_stated(world: &World<'_>, istio: &Istio, service: &ServiceKey) -> bool {
    istio.is_gateway_service(service)
        && !world.is_unrendered(&service.0)
        && !world.is_unrendered(&service.1)
}

/// The way from a Service on, as far as it has been followed.
#[derive(Default)]
struct Way {
    services: Vec<ServiceHop>,
    /// Why it cannot be told whether hand-made endpoints on the way are a gateway's.
    open: Option<Wording>,
}

impl Way {
    fn pass(&mut self, key: ObjectKey, exists: bool, evidence: Wording) {
        self.services.push(ServiceHop {
            key,
            evidence,
            exists,
        });
    }

    fn end(
        mut self,
        key: ObjectKey,
        facts: Option<&Arc<Service>>,
        evidence: Wording,
        backends: Backends,
    ) -> ServiceTrace {
        self.pass(key, facts.is_some(), evidence);
        self.ends_with(backends, facts.cloned())
    }

    fn ends_with(self, backends: Backends, service: Option<Arc<Service>>) -> ServiceTrace {
        ServiceTrace {
            services: self.services,
            backends: match self.open {
                Some(reason) if backends == Backends::Ordinary => Backends::Unknown(reason),
                _ => backends,
            },
            service,
        }
    }
}

/// What leads on from a Service, in words.
fn hop_evidence(world: &World<'_>, service: Option<&Arc<Service>>) -> Wording {
    match service.map(Arc::as_ref) {
        None => Wording::ours("it ").then(world.absence()),
        Some(Service {
            external_name: Some(external),
            ..
        }) => Wording::ours("ExternalName ").said(external),
        Some(service) if service.selector.is_empty() => "its endpoints are made by hand".into(),
        Some(service) => Wording::ours("selects ").said(service.selector.to_selector_string()),
    }
}

fn backends(
    world: &World<'_>,
    istio: &Istio,
    key: &ServiceKey,
    service: Option<&Service>,
) -> Backends {
    if let Some(service) = service {
        let is_asked_for = istio.asks_for(GatewayKind::EastWest);
        if kind::is_east_west_by_ports(service) && !is_asked_for {
            return Backends::Ordinary;
        }
    }
    let mut observed = Observed::default();
    if let Some(service) = service {
        see_selected(world, istio, &key.0, &service.selector, &mut observed);
        see_endpoints(world, istio, key, service, &mut observed);
    }
    if !observed.gateways.is_empty() {
        Backends::Gateways(observed.gateways.into_values().collect())
    } else if let Some(reason) = observed.unknown_role() {
        Backends::Unknown(reason)
    } else if observed.has_ordinary && observed.has_unknown {
        Backends::Unknown(unknown_reason(world, key, service, &observed))
    } else if observed.has_ordinary {
        Backends::Ordinary
    } else {
        match static_evidence::of_service(world, istio, key, service) {
            Some(hint) if istio.asks_for(hint.kind) => Backends::Likely(hint),
            Some(_) => Backends::Ordinary,
            None => Backends::Unknown(unknown_reason(world, key, service, &observed)),
        }
    }
}

fn unknown_reason(
    world: &World<'_>,
    key: &ServiceKey,
    service: Option<&Service>,
    observed: &Observed,
) -> Wording {
    match service {
        None if world.is_unrendered(&key.0) || world.is_unrendered(&key.1) => {
            "the Service's name or namespace is not rendered yet"
        }
        None => return Wording::ours("the Service ").then(world.absence()),
        Some(_) if observed.has_unknown => "its endpoints name addresses without a visible Pod",
        Some(service) if service.selector.is_empty() => {
            "the Service has neither selector nor visible endpoints"
        }
        Some(_) => "no workload is visible that the Service selects",
    }
    .into()
}
