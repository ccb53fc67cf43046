//! A listener of a Network Load Balancer's Gateway that ends TLS: it becomes a TCP listener, which hands TLS on as it comes, where
//! a TCPRoute leads it to a port on which the gateway itself ends TLS.
//!
//! Source: AWS Load Balancer Controller `pkg/gateway/model/model_build_listener.go` (the listener's protocol is the NLB's, and
//! one port has one protocol), `model_build_target_group.go` (a TCPRoute's target group speaks TCP; a TLSRoute's speaks TLS, which a
//! TCP listener of an NLB cannot have). Gateway API: a TCP listener has neither `tls` nor `hostname`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::json::{at, list, list_mut, text, unset};
use super::{owner, ports};
use crate::identity::{Kind, ObjectKey, ServiceKey};
use crate::inventory::IndexKey;
use crate::objects::Facts;
use crate::objects::stream_route::{StreamParent, StreamRoute};
use crate::rules::Finding;

/// Whether a finding is about a listener.
pub(super) fn is_about(finding: &Finding) -> bool {
    finding.field.starts_with("/spec/listeners/")
}

/// Repairs a listener that ends TLS.
///
/// # Errors
///
/// It cannot be told how; the text says why.
pub(super) fn pass_tls_on(draft: &mut Draft<'_>, finding: &Finding) -> Result<(), String> {
    let subject = &finding.object;
    let document = DocumentKey::from(subject);
    let object = draft
        .document(&document)
        .ok_or_else(|| format!("the whole object of {subject} is not at hand"))?;
    if let Some(owner::Maker::Controller(name)) = owner::maker(&object) {
        return Err(format!(
            "{subject} is written by {name}, of which nothing is known here: change it there"
        ));
    }
    let meant = meant(draft, finding, &object).ok_or_else(|| by_hand(finding))?;
    let names = secrets(&object, &meant);
    draft.edit(&document, Phase::Defect, |raw| {
        let listeners = list_mut(raw, &["spec", "listeners"]);
        for (index, listener) in listeners.into_iter().flatten().enumerate() {
            if meant.contains(&index) {
                listener["protocol"] = "TCP".into();
                for field in ["tls", "hostname"] {
                    unset(listener, &[field]);
                }
            }
        }
    });
    draft.explain(&document, "The listener hands TLS on as it comes (TCP), and the gateway ends it: SNI, mTLS and passthrough arrive there.");
    let certificates = if names.is_empty() {
        "The certificate that the load balancer used".to_owned()
    } else {
        format!("The certificate ({})", names.join(", "))
    };
    draft.explain(&document, format!(
        "{certificates} moves to the gateway before this change is applied: a Secret with it is named by spec.servers[].tls.credentialName of the Istio Gateway (of a Gateway API Gateway by spec.listeners[].tls.certificateRefs)."
    ));
    draft.explain(&document, "What a LoadBalancerConfiguration says of the listener under TLS:PORT does not hold for TCP:PORT, and a TargetGroupConfiguration of the Service must not say protocol TLS.");
    Ok(())
}

/// The indices of the listeners that end TLS and lead to the finding's Service; `None`: it is not certain that a TCP listener
/// in their place would be right.
fn meant(draft: &Draft<'_>, finding: &Finding, object: &Value) -> Option<BTreeSet<usize>> {
    let service = service(finding)?;
    let all = list(object, &["spec", "listeners"]);
    let mut meant = BTreeSet::new();
    for (route, facts) in routes(draft, &finding.object) {
        let of_route = taken(&finding.object, facts, all);
        let ends = |index: &usize| ends_tls(&all[*index]);
        if !facts.services.contains(&service) {
            continue;
        }
        let document = draft.document(&(&route).into())?;
        if route.kind != Kind::TcpRoute || !leads_to_tls(draft, &document, &service) {
            return None;
        }
        meant.extend(of_route.into_iter().filter(ends));
    }
    let is_taken_by_others = routes(draft, &finding.object).any(|(_, facts)| {
        !(facts.services.len() == 1 && facts.services.contains(&service))
            && taken(&finding.object, facts, all)
                .iter()
                .any(|index| meant.contains(index))
    });
    // One port has one protocol, and without a hostname one listener.
    let shares_port = |index: &usize| {
        let port = &all[*index]["port"];
        all.iter().filter(|other| other["port"] == *port).count() > 1
    };
    (!meant.is_empty() && !is_taken_by_others && !meant.iter().any(shares_port)).then_some(meant)
}

/// The Service that the finding's path leads to.
fn service(finding: &Finding) -> Option<ServiceKey> {
    let path = finding.identity.first()?;
    let (namespace, name) = path.to.split_once('/')?;
    Some((Arc::from(namespace), Arc::from(name)))
}

/// The routes that attach to a Gateway or ListenerSet.
fn routes<'a>(
    draft: &Draft<'a>,
    owner: &ObjectKey,
) -> impl Iterator<Item = (ObjectKey, &'a StreamRoute)> {
    let index = match owner.kind {
        Kind::Gateway => {
            IndexKey::AttachedToGateway(Arc::clone(&owner.namespace), Arc::clone(&owner.name))
        }
        _ => IndexKey::AttachedToListenerSet(owner.clone()),
    };
    let attached: Vec<_> = draft.world.find(&index).collect();
    attached
        .into_iter()
        .filter_map(|object| match &object.facts {
            Facts::StreamRoute(route) => Some((object.key.clone(), &**route)),
            _ => None,
        })
}

/// The listeners that a route takes its traffic from.
fn taken(owner: &ObjectKey, route: &StreamRoute, all: &[Value]) -> BTreeSet<usize> {
    let is_owners = |parent: &&StreamParent| {
        let of = &parent.parent;
        (of.kind, &of.namespace, &of.name) == (owner.kind, &owner.namespace, &owner.name)
    };
    let takes = |parent: &StreamParent, listener: &Value| {
        let is_named = parent.section.as_deref();
        is_named.is_none_or(|section| listener["name"] == section)
            && parent.port.is_none_or(|port| listener["port"] == port)
    };
    let parents: Vec<&StreamParent> = route.parents.iter().filter(is_owners).collect();
    let listeners = all.iter().enumerate();
    listeners
        .filter(|(_, listener)| parents.iter().any(|parent| takes(parent, listener)))
        .map(|(index, _)| index)
        .collect()
}

fn ends_tls(listener: &Value) -> bool {
    listener["protocol"] == "TLS" && text(listener, &["tls", "mode"]) != Some("Passthrough")
}

/// Whether every backend of a route is a port of the Service behind which the gateway speaks TLS.
fn leads_to_tls(draft: &Draft<'_>, route: &Value, service: &ServiceKey) -> bool {
    let key = ObjectKey::new(
        Kind::Service,
        Arc::clone(&service.0),
        Arc::clone(&service.1),
    );
    // As it is: what another finding's remedy makes of it is no reason for this one's.
    let Some(object) = draft.base(&(&key).into()) else {
        return false;
    };
    let all = list(&object, &["spec", "ports"]);
    let speaks_tls = |backend: &Value| {
        let port = at(backend, &["port"]);
        let found = all.iter().position(|known| Some(&known["port"]) == port);
        found.is_some_and(|index| port != Some(&Value::from(80)) && !ports::is_plain(all, index))
    };
    let rules = list(route, &["spec", "rules"]).iter();
    let mut backends = rules
        .flat_map(|rule| list(rule, &["backendRefs"]))
        .peekable();
    backends.peek().is_some() && backends.all(speaks_tls)
}

/// The Secrets that the listeners name, which the NLB's controller does not read.
fn secrets(object: &Value, meant: &BTreeSet<usize>) -> Vec<String> {
    let all = list(object, &["spec", "listeners"]);
    let mut names: Vec<String> = meant
        .iter()
        .flat_map(|index| list(&all[*index], &["tls", "certificateRefs"]))
        .filter_map(|secret| text(secret, &["name"]).map(str::to_owned))
        .collect();
    names.dedup();
    names
}

/// Why a listener is left to its reader.
///
/// Source: Gateway API, "TLS configuration" (which routes a TLS listener takes in which mode).
fn by_hand(finding: &Finding) -> String {
    format!(
        "{} can become a TCP listener at {} once a TCPRoute alone leads it to a port on which the gateway itself ends TLS, and the gateway has the certificate; a TLSRoute needs tls.mode: Passthrough and a TargetGroupConfiguration of protocol TCP. That the routes, the ports and the certificate are so is not in sight here",
        finding.object, finding.field
    )
}
