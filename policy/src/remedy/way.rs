//! The way that callers take once the front is gone: a Layer-4 load balancer that is there, or one that comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::facing::Facing;
use super::json::{at, label, set, text, unset};
use super::network_load_balancer::{self as nlb, Request};
use super::owner::{self, Chart, Maker};
use super::{gateway_api, ports};
use crate::gateways::selection::selects;
use crate::gateways::service::{Behind, Reach, reach};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::IndexKey;
use crate::labels::{CONTROLLER_LABELS, Labels};
use crate::objects::Facts;
use crate::objects::workload::Workload;
use crate::rules::load_balancer::Built;

/// What the load balancer does with the client's address.
const ADDRESS: &str = "The Network Load Balancer passes the client's address on (preserve_client_ip.enabled=true): the security groups of the targets have to admit the clients themselves, and a client on its target's own node gets no answer (loopback).";
/// So many Services of a gateway are looked at.
const MOST: usize = 200;

/// Sees to it that the gateway is reached by a Layer-4 load balancer. Returns what the front's change says of it.
///
/// # Errors
///
/// It cannot be told how; the text says why.
pub(super) fn ensure(
    draft: &mut Draft<'_>,
    end: &Reach,
    facing: &Facing,
) -> Result<String, String> {
    let Some(key) = end.last_service() else {
        return Err("no Service is in sight".to_owned());
    };
    if draft.exists(key) && draft.document(&key.into()).is_none() {
        return Err(format!("the whole object of {key} is not at hand"));
    }
    if draft
        .document(&key.into())
        .is_some_and(|object| is_local(&object))
    {
        return Ok(format!(
            "{key} is meant for the cluster alone and stays so: no load balancer comes in the front's place."
        ));
    }
    if let Some(there) = there(draft, end, key) {
        return Ok(keep(draft, &there, facing));
    }
    if draft.exists(key) {
        return Ok(of_existing(draft, end, key, facing));
    }
    if let Some(gateway) = gateway_api::of_service(draft, key) {
        return gateway_api::ask(draft, &gateway, key, facing).map(|()| comes(key));
    }
    of_missing(draft, key, facing)
}

fn comes(key: &ObjectKey) -> String {
    format!(
        "The Network Load Balancer of {key} takes its place: move DNS to it before this change is applied."
    )
}

/// Knative's local gateway, by its name or by the label of such a Service.
fn is_local(service: &Value) -> bool {
    matches!(
        text(service, &["metadata", "name"]),
        Some("knative-local-gateway" | "cluster-local-gateway")
    ) || label(
        service,
        "experimental.istio.io/disable-gateway-port-translation",
    ) == Some("true")
}

/// The first Service with a Layer-4 load balancer that leads to the same gateway.
fn there(draft: &Draft<'_>, end: &Reach, key: &ObjectKey) -> Option<ObjectKey> {
    let is_layer_4 = |key: &ObjectKey| {
        let is_balanced = draft
            .document(&key.into())
            .is_some_and(|object| text(&object, &["spec", "type"]) == Some("LoadBalancer"));
        let service = draft.service(key).filter(|_| is_balanced);
        service.is_some_and(|service| {
            let request = service.load_balancer.as_deref();
            request.is_some_and(|request| match request.built(&service.ports) {
                Built::Network => true,
                Built::Classic => !matches!(
                    request.annotation("backend-protocol"),
                    Some("http" | "https")
                ),
                Built::Other => false,
            })
        })
    };
    std::iter::once(key.clone())
        .chain(beside(draft, end, key))
        .find(is_layer_4)
}

/// Other Services that select the same workloads, in order; without a workload in sight those of the same selector.
fn beside(draft: &Draft<'_>, end: &Reach, key: &ObjectKey) -> BTreeSet<ObjectKey> {
    let own = draft
        .service(key)
        .map(|service| service.selector.without_controller_labels());
    let own = own.filter(|selector| !selector.is_empty());
    let workload = match &end.behind {
        Behind::Gateways(gateways) => gateways
            .first()
            .and_then(|gateway| draft.world.get(&gateway.key)),
        _ => None,
    };
    let workload = workload.and_then(|object| Some((object, object.facts.as_workload()?)));
    let labels = workload.map_or_else(
        || own.clone().unwrap_or_default(),
        |(_, workload)| workload.labels.clone(),
    );
    let leads = |selector: &Labels| match workload {
        Some((object, workload)) => !selector.is_empty() && selects(selector, object, workload),
        None => Some(selector) == own.as_ref(),
    };
    let mut found = BTreeSet::new();
    for (name, value) in labels.iter() {
        let pair = IndexKey::SelectorPair(Arc::clone(name), Arc::clone(value));
        for object in draft.world.find(&pair).take(MOST) {
            if let Facts::Service(service) = &object.facts
                && object.key.namespace == key.namespace
                && leads(&service.selector)
            {
                found.insert(object.key.clone());
            }
        }
    }
    found.extend(
        draft
            .made_services()
            .iter()
            .filter(|made| {
                made.namespace == key.namespace
                    && draft
                        .service(made)
                        .is_some_and(|service| leads(&service.selector))
            })
            .cloned(),
    );
    found
}

/// A load balancer that is there: at most a port is missing.
fn keep(draft: &mut Draft<'_>, there: &ObjectKey, facing: &Facing) -> String {
    let document = DocumentKey::from(there);
    let mut said = Vec::new();
    let maker = draft
        .base(&document)
        .and_then(|object| owner::maker(&object));
    let has_all = draft.service(there).is_some_and(|service| {
        facing
            .listeners
            .iter()
            .all(|listener| service.ports.iter().any(|port| port.port == listener.port))
    });
    let maker = match draft.written_for(&document) {
        Some(gateway) if gateway.kind == Kind::Gateway.name() => Some(Maker::Gateway(
            ObjectKey::new(Kind::Gateway, &*gateway.namespace, &*gateway.name),
        )),
        _ => maker,
    };
    if let Some(Maker::Gateway(gateway)) = &maker
        && !has_all
        && draft.document(&gateway.into()).is_some()
    {
        let _ = gateway_api::listen(draft, gateway, there, facing);
    } else if !matches!(maker, Some(Maker::Gateway(_) | Maker::Controller(_))) {
        draft.edit(&document, Phase::Way, |service| {
            said = ports::ensure(service, facing);
            let ends_tls = nlb::asked(service, "ssl-cert").is_some();
            if ends_tls && !said.is_empty() {
                // A certificate would apply to the new port.
                said.push(super::certificates(&Facing {
                    certificates: certificates(service, facing),
                    ..Facing::default()
                }));
                for name in ["ssl-cert", "ssl-ports"] {
                    unset(service, &["metadata", "annotations", &nlb::key(name)]);
                }
            }
        });
    }
    for sentence in said {
        draft.explain(&document, sentence);
    }
    format!(
        "The load balancer of {there} works on Layer 4, is there and leads to the gateway: it stays as it is built. Move DNS to it before this change is applied."
    )
}

/// A Service that exists and has no Layer-4 load balancer.
fn of_existing(draft: &mut Draft<'_>, end: &Reach, key: &ObjectKey, facing: &Facing) -> String {
    let document = DocumentKey::from(key);
    let object = draft.document(&document).unwrap_or_default();
    let maker = draft
        .base(&document)
        .and_then(|object| owner::maker(&object));
    let maker = match draft.written_for(&document) {
        Some(gateway) if gateway.kind == Kind::Gateway.name() => Some(Maker::Gateway(
            ObjectKey::new(Kind::Gateway, &*gateway.namespace, &*gateway.name),
        )),
        _ => maker,
    };
    if let Some(Maker::Gateway(gateway)) = &maker
        && draft.document(&gateway.into()).is_some()
        && text(&object, &["spec", "type"]) != Some("LoadBalancer")
        && gateway_api::ask(draft, gateway, key, facing).is_ok()
    {
        return comes(key);
    }
    let selector = at(&object, &["spec", "selector"]).and_then(Value::as_object);
    let has_controllers = selector.is_some_and(|selector| {
        selector
            .keys()
            .any(|key| CONTROLLER_LABELS.contains(&&**key))
    });
    let is_balanced = matches!(
        text(&object, &["spec", "type"]),
        Some("LoadBalancer" | "ExternalName")
    );
    let is_headless = text(&object, &["spec", "clusterIP"]) == Some("None");
    let is_foreign = matches!(maker, Some(Maker::Gateway(_) | Maker::Controller(_)));
    if is_balanced || is_headless || is_foreign || has_controllers {
        let made = stand_beside(draft, end, key, &object, facing);
        return comes(&made);
    }
    let request = match maker {
        Some(
            Maker::Helm(_, Chart::Gateways | Chart::Gateway { has_class: false })
            | Maker::IstioOperator(..),
        ) => Request::Annotation,
        _ => Request::Class,
    };
    let mut said = Vec::new();
    draft.edit(&document, Phase::Way, |service| {
        nlb::ask(service, facing, request);
        said = ports::ensure(service, facing);
    });
    describe(draft, &document, facing, said);
    comes(key)
}

/// The certificates of the front and of a Service.
fn certificates(service: &Value, facing: &Facing) -> Vec<String> {
    let own = nlb::asked(service, "ssl-cert").map(str::to_owned);
    own.into_iter()
        .chain(facing.certificates.iter().cloned())
        .collect()
}

/// Says what a Service's new load balancer means.
pub(super) fn describe(
    draft: &mut Draft<'_>,
    document: &DocumentKey,
    facing: &Facing,
    said: Vec<String>,
) {
    draft.explain(document, "The gateway's Service asks for a Network Load Balancer (L4), which leaves Layer 7 to Istio.");
    let object = draft.document(document).unwrap_or_default();
    if nlb::asked(&object, "proxy-protocol").is_none() {
        draft.explain(document, ADDRESS);
    }
    if !facing.certificates.is_empty() {
        draft.explain(document, super::certificates(facing));
    }
    for sentence in said.into_iter().chain(facing.remarks.iter().cloned()) {
        draft.explain(document, sentence);
    }
}

/// A second Service on the same Pods: who builds the load balancer of the first is not changed.
pub(super) fn stand_beside(
    draft: &mut Draft<'_>,
    end: &Reach,
    key: &ObjectKey,
    old: &Value,
    facing: &Facing,
) -> ObjectKey {
    let mut selector = at(old, &["spec", "selector"])
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut base = key.name.to_string();
    if let Some(pairs) = selector.as_object_mut() {
        let before = pairs.len();
        pairs.retain(|key, _| !CONTROLLER_LABELS.contains(&&**key));
        // One load balancer for all revisions of a workload, called after it.
        if pairs.len() < before
            && let Behind::Gateways(gateways) = &end.behind
            && let Some(gateway) = gateways.first()
        {
            base = gateway.key.name.to_string();
        }
    }
    let mut name = format!(
        "{}-nlb",
        base.get(..base.len().min(56)).unwrap_or("gateway")
    );
    let made = |name: &str| ObjectKey::new(Kind::Service, Arc::clone(&key.namespace), name);
    while draft.exists(&made(&name)) {
        name.push('2');
    }
    let made = made(&name);
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        selector = selector_of_pods(draft, end);
    }
    let is_balanced = text(old, &["spec", "type"]) == Some("LoadBalancer");
    let as_before = Facing {
        faces_internet: nlb::faces_internet(old),
        ranges: Vec::new(),
        annotations: Vec::new(),
        certificates: certificates(old, facing),
        ..facing.clone()
    };
    // It takes over from the load balancer that stands: whom that one admits is carried over, whatever the front did.
    let facing = if is_balanced { &as_before } else { facing };
    let mut service = nlb::beside(old, &name, &selector, &ports::copied(old), facing);
    set(&mut service, &["metadata", "namespace"], &*key.namespace);
    let said = ports::ensure(&mut service, facing);
    let document = DocumentKey::from(&made);
    draft.create(&document, service, Vec::new());
    describe(draft, &document, facing, said);
    if is_balanced {
        draft.explain(&document, format!("It stands beside {key}, whose load balancer cannot become another one in place. Move DNS to the new one; the old one goes last, after that."));
    }
    made
}

/// What selects the Pods of the first workload, where a Service has no selector of its own.
fn selector_of_pods(draft: &Draft<'_>, end: &Reach) -> Value {
    let Behind::Gateways(gateways) = &end.behind else {
        return json!({});
    };
    let workload = gateways.first().and_then(|gateway| {
        let object = draft.world.get(&gateway.key)?;
        object.facts.as_workload()
    });
    let labels = workload.map(|workload| workload.labels.without_controller_labels());
    let pairs = labels.iter().flat_map(Labels::iter);
    pairs
        .map(|(key, value)| (key.to_string(), Value::from(&**value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A Service that is not in sight: the gateway's own in another namespace, or a new one.
fn of_missing(draft: &mut Draft<'_>, key: &ObjectKey, facing: &Facing) -> Result<String, String> {
    let istio = &draft.configuration.istio;
    let mut named: Vec<ObjectKey> = Vec::new();
    let mut workloads: Vec<&crate::objects::Object> = Vec::new();
    let (world, scene) = (draft.world, draft.scene);
    for object in scene
        .named(world, &key.name)
        .iter()
        .filter_map(|key| world.get(key))
    {
        let service = (
            Arc::clone(&object.key.namespace),
            Arc::clone(&object.key.name),
        );
        if object.key.kind == Kind::Service
            && reach(draft.world, istio, &service).confidence().is_some()
        {
            named.push(object.key.clone());
        } else if object
            .facts
            .as_workload()
            .is_some_and(Workload::may_be_gateway)
        {
            workloads.push(object);
        }
    }
    if let [one] = &named[..] {
        let end = reach(
            draft.world,
            istio,
            &(Arc::clone(&one.namespace), Arc::clone(&one.name)),
        );
        return ensure(draft, &end, facing);
    }
    let workload = match workloads[..] {
        [workload] => draft
            .document(&(&workload.key).into())
            .map(|object| (workload.key.clone(), object)),
        _ => None,
    };
    let selector = workload
        .as_ref()
        .and_then(|(_, object)| at(object, &["spec", "selector", "matchLabels"]).cloned());
    let namespace = workload
        .as_ref()
        .filter(|_| selector.is_some())
        .map_or(&key.namespace, |(key, _)| &key.namespace);
    let made = ObjectKey::new(Kind::Service, Arc::clone(namespace), Arc::clone(&key.name));
    let document = DocumentKey::from(&made);
    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": *made.name, "namespace": *made.namespace},
        "spec": {"ports": []},
    });
    let placeholders = if selector.is_some() {
        Vec::new()
    } else {
        vec!["/spec/selector/app".to_owned()]
    };
    set(
        &mut service,
        &["spec", "selector"],
        selector.unwrap_or_else(|| json!({"app": "<label of the gateway's Pods>"})),
    );
    nlb::ask(&mut service, facing, Request::Class);
    let mut said = ports::ensure(&mut service, facing);
    said.retain(|sentence| !sentence.contains("is added"));
    if facing.listeners.is_empty() {
        unset(&mut service, &["spec", "ports"]);
        set(
            &mut service,
            &["spec", "ports"],
            json!([{"name": "http2", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443}]),
        );
    }
    let has_placeholder = !placeholders.is_empty();
    draft.create(&document, service, placeholders);
    describe(draft, &document, facing, said);
    if has_placeholder {
        draft.explain(&document, format!("{key} is not in sight: where it exists, change it in the same way in place of this one. Its selector is for you to write, as the gateway's Pods are not in sight."));
    }
    Ok(comes(&made))
}

/// Whether a Network Load Balancer leads to the same gateway, there or drafted.
pub(super) fn has_network(draft: &Draft<'_>, end: &Reach, key: &ObjectKey) -> bool {
    beside(draft, end, key)
        .iter()
        .filter(|other| *other != key)
        .any(|other| {
            draft.service(other).is_some_and(|service| {
                let request = service.load_balancer.as_deref();
                request.is_some_and(|request| request.built(&service.ports) == Built::Network)
            })
        })
}
