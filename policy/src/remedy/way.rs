//! The way that callers take once the front is gone: a Layer-4 load balancer that is there, or one that comes.

use serde_json::Value;

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::facing::Facing;
use super::json::{at, label, text, unset};
use super::missing_service::of_missing;
use super::network_load_balancer::{self as nlb, Request};
use super::owner::{self, Chart, Maker};
use super::standing::there;
use super::{gateway_api, ports, second_service};
use crate::gateways::service::ServiceTrace;
use crate::identity::{Kind, ObjectKey};
use crate::labels::CONTROLLER_LABELS;

/// What the load balancer does with the client's address.
const ADDRESS: &str = "The Network Load Balancer passes the client's address on (preserve_client_ip.enabled=true): the security groups of the targets have to admit the clients themselves, and a client on its target's own node gets no answer (loopback).";
/// Sees to it that the gateway is reached by a Layer-4 load balancer. Returns what the front's change says of it.
///
/// # Errors
///
/// It cannot be told how; the text says why.
pub(super) fn ensure(
    draft: &mut Draft<'_>,
    end: &ServiceTrace,
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

pub(super) fn comes(key: &ObjectKey) -> String {
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

/// A load balancer that is there: at most a port is missing.
fn keep(draft: &mut Draft<'_>, there: &ObjectKey, facing: &Facing) -> String {
    let document = DocumentKey::from(there);
    let mut said = Vec::new();
    let maker = maker(draft, &document);
    let has_all = draft.service(there).is_some_and(|service| {
        facing
            .listeners
            .iter()
            .all(|listener| service.ports.iter().any(|port| port.port == listener.port))
    });
    if let Some(Maker::Gateway(gateway)) = &maker
        && !has_all
        && draft.document(&gateway.into()).is_some()
    {
        // It fails only where the whole Gateway is not at hand, and it is.
        let _ = gateway_api::listen(draft, gateway, there, facing);
    } else if !matches!(maker, Some(Maker::Gateway(_) | Maker::Controller(_))) {
        draft.edit(&document, Phase::Way, |service| {
            said = ports::ensure(service, facing);
            let ends_tls = nlb::asked(service, "ssl-cert").is_some();
            if ends_tls && !said.is_empty() {
                // A certificate would apply to the new port.
                said.push(certificates_move(&Facing {
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
fn of_existing(
    draft: &mut Draft<'_>,
    end: &ServiceTrace,
    key: &ObjectKey,
    facing: &Facing,
) -> String {
    let document = DocumentKey::from(key);
    let object = draft.document(&document).unwrap_or_default();
    let maker = maker(draft, &document);
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
        let made = second_service::create(draft, end, key, &object, facing);
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

/// Who writes a Service: the Gateway for which one is drafted, else who wrote the one that is there.
fn maker(draft: &Draft<'_>, service: &DocumentKey) -> Option<Maker> {
    let drafted = draft
        .written_for(service)
        .filter(|gateway| gateway.kind == Kind::Gateway.name());
    match drafted {
        Some(gateway) => Some(Maker::Gateway(ObjectKey::new(
            Kind::Gateway,
            &*gateway.namespace,
            &*gateway.name,
        ))),
        None => owner::maker(&draft.base(service)?),
    }
}

/// The certificates of the front and of a Service.
pub(super) fn certificates(service: &Value, facing: &Facing) -> Vec<String> {
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
        draft.explain(document, certificates_move(facing));
    }
    for sentence in said.into_iter().chain(facing.remarks.iter().cloned()) {
        draft.explain(document, sentence);
    }
}

/// Where the certificates go, with their names.
pub(super) fn certificates_move(facing: &Facing) -> String {
    format!(
        "The certificate ({}) moves to the gateway: a Secret with it is named by spec.servers[].tls.credentialName of the Istio Gateway (of a Gateway API Gateway by spec.listeners[].tls.certificateRefs).",
        facing.certificates.join(", ")
    )
}
