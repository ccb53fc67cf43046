//! Where the listeners of a Network Load Balancer's Gateway lead that end TLS.
//!
//! A route says which listener it takes its traffic from. A binding that the controller made for the Gateway does not: it
//! tells something where every listener ends TLS, and `likely` at most, as anybody can write its labels.
//!
//! Source: AWS Load Balancer Controller `pkg/gateway/routeutils`, `pkg/gateway/model/model_build_listener.go`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::confidence::Confidence;
use crate::fronts::aws::NETWORK_GATEWAY_CONTROLLER;
use crate::gateways::istio::Istio;
use crate::gateways::service::{ServiceTrace, reach};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::{IndexKey, World};
use crate::objects::stream_route::{StreamParent, StreamRoute};
use crate::objects::target_group_binding::Protocol;
use crate::objects::tls_listener::{TlsListener, TlsListeners};
use crate::objects::{Facts, Object};
use crate::wording::Wording;

/// One listener that ends TLS, and one Service that it leads to.
#[derive(Clone, Debug)]
pub struct TlsLeg {
    /// The field that makes the listener end TLS.
    pub field: String,
    /// What shows that the traffic goes there, in words about the Gateway or ListenerSet.
    pub evidence: Wording,
    /// How sure that is.
    pub confidence: Confidence,
    /// Objects beside the Gateway or ListenerSet that it rests on.
    pub rests_on: Vec<ObjectKey>,
    /// The Service and what is behind it.
    pub reach: ServiceTrace,
}

/// Who has the listeners, and of which Gateway they are.
struct Owner<'a> {
    key: &'a ObjectKey,
    tls: &'a TlsListeners,
    gateway: ObjectKey,
    class: ObjectKey,
}

/// The ways that lead from a Gateway or ListenerSet through a listener that ends TLS, one for each Service; empty: it has no
/// such listener, or its class is not a Network Load Balancer's.
#[must_use]
pub fn tls_legs(world: &World<'_>, istio: &Istio, object: &Object) -> Vec<TlsLeg> {
    let Some(owner) = owner(world, object) else {
        return Vec::new();
    };
    let mut legs = Vec::new();
    let mut services = BTreeSet::new();
    for (route, facts) in routes(world, &owner) {
        if !world.take(facts.parents.len() + facts.services.len()) {
            return legs;
        }
        let Some(listener) = listener_of(world, &owner, facts) else {
            continue;
        };
        let leads_on = Wording::of(route).then(" leads on from it");
        for service in &facts.services {
            if services.insert(service.clone()) {
                let way = (Confidence::Confirmed, &leads_on, Some(route));
                legs.push(owner.leg(listener, way, reach(world, istio, service)));
            }
        }
    }
    let Some(listener) = owner.tls.ending.first() else {
        return legs;
    };
    for (binding, service) in bindings(world, &owner) {
        if services.insert(service.clone()) {
            let leads_on = Wording::of(binding).then(" says by its labels that it is made for it");
            let way = (Confidence::Likely, &leads_on, None);
            legs.push(owner.leg(listener, way, reach(world, istio, &service)));
        }
    }
    legs
}

fn owner<'a>(world: &World<'a>, object: &'a Object) -> Option<Owner<'a>> {
    let (tls, gateway) = match &object.facts {
        Facts::Gateway(gateway) => (gateway.tls.as_deref()?, object.key.clone()),
        Facts::ListenerSet(set) => {
            let (namespace, name) = &set.gateway;
            let gateway = ObjectKey::new(Kind::Gateway, Arc::clone(namespace), Arc::clone(name));
            (set.tls.as_deref()?, gateway)
        }
        _ => return None,
    };
    let Some(Facts::Gateway(facts)) = world.facts(&gateway) else {
        return None;
    };
    let class = ObjectKey::new(Kind::GatewayClass, "", Arc::clone(&facts.class));
    match world.facts(&class) {
        Some(Facts::GatewayClass(facts)) if *facts.controller == *NETWORK_GATEWAY_CONTROLLER => {}
        _ => return None,
    }
    Some(Owner {
        key: &object.key,
        tls,
        gateway,
        class,
    })
}

impl Owner<'_> {
    fn leg(
        &self,
        listener: &TlsListener,
        (confidence, leads_on, route): (Confidence, &Wording, Option<&ObjectKey>),
        reach: ServiceTrace,
    ) -> TlsLeg {
        let mut rests_on = vec![self.gateway.clone(), self.class.clone()];
        rests_on.extend(route.cloned());
        let listener_name = Wording::ours("listener ").said(format_args!("{:?}", listener.name));
        TlsLeg {
            field: listener.field(),
            evidence: Wording::of(&self.class)
                .then(" (controller ")
                .said_by(&self.class, NETWORK_GATEWAY_CONTROLLER)
                .then("); ")
                .and(&listener_name)
                .then(" ends TLS; ")
                .and(leads_on),
            confidence,
            rests_on,
            reach,
        }
    }
}

/// The routes that attach to the owner itself, in the order of their keys.
fn routes<'a>(world: &World<'a>, owner: &Owner<'_>) -> Vec<(&'a ObjectKey, &'a StreamRoute)> {
    let index = match owner.key.kind {
        Kind::Gateway => IndexKey::AttachedToGateway(
            Arc::clone(&owner.key.namespace),
            Arc::clone(&owner.key.name),
        ),
        _ => IndexKey::AttachedToListenerSet(owner.key.clone()),
    };
    let mut routes: Vec<_> = world
        .find(&index)
        .filter_map(|object| match &object.facts {
            Facts::StreamRoute(route) => Some((&object.key, &**route)),
            _ => None,
        })
        .collect();
    routes.sort_by_key(|(key, _)| *key);
    routes
}

/// A listener that ends TLS and that the route may mean. A section that is not rendered yet means none.
fn listener_of<'a>(
    world: &World<'_>,
    owner: &Owner<'a>,
    route: &StreamRoute,
) -> Option<&'a TlsListener> {
    let of_owner = |parent: &&StreamParent| {
        let section = parent.section.as_deref();
        let parent = &parent.parent;
        let key = owner.key;
        (parent.kind, &parent.namespace, &parent.name) == (key.kind, &key.namespace, &key.name)
            && section.is_none_or(|section| !world.is_unrendered(section))
    };
    let mut parents = route.parents.iter().filter(of_owner);
    parents.find_map(|parent| owner.tls.meant_by(parent.section.as_deref(), parent.port))
}

/// The bindings that bear the labels of the Gateway, where all its listeners end TLS, and their Services.
fn bindings<'a>(world: &World<'a>, owner: &Owner<'_>) -> Vec<(&'a ObjectKey, ServiceKey)> {
    let (namespace, name) = (&owner.gateway.namespace, &owner.gateway.name);
    let attached = IndexKey::AttachedToGateway(Arc::clone(namespace), Arc::clone(name));
    let is_set = |object: &Object| matches!(object.facts, Facts::ListenerSet(_));
    if owner.key.kind != Kind::Gateway || owner.tls.has_others || world.find(&attached).any(is_set)
    {
        return Vec::new();
    }
    let made = IndexKey::MadeForNetworkGateway(Arc::clone(namespace), Arc::clone(name));
    let mut bindings: Vec<_> = world
        .find(&made)
        .filter_map(|object| match &object.facts {
            Facts::TargetGroupBinding(binding) if binding.protocol != Protocol::Http => {
                let namespace = Arc::clone(&object.key.namespace);
                Some((&object.key, (namespace, Arc::clone(&binding.service))))
            }
            _ => None,
        })
        .collect();
    bindings.sort();
    bindings
}
